"""sigmoid_and_slope returns two arrays, and you took the second, the slope: the activations are the
first.
"""
# replaces: forward
# caught by: hidden activations


def forward(params, X):
    W1, b1, W2, b2 = params
    Z1 = X @ W1 + b1
    _, A1 = sigmoid_and_slope(Z1)
    return Z1, A1, A1 @ W2 + b2
