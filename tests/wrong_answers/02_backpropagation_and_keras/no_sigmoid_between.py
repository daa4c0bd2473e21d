"""The second layer gets the sums Z1 instead of the activations A1: without the sigmoid in between,
two layers are no more than one linear model.
"""
# replaces: forward
# caught by: logits


def forward(params, X):
    W1, b1, W2, b2 = params
    Z1 = X @ W1 + b1
    A1, _ = sigmoid_and_slope(Z1)
    return Z1, A1, Z1 @ W2 + b2
