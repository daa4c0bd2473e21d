"""The biases are missing: each layer's sums are A @ W + b."""
# replaces: forward
# caught by: hidden activations


def forward(params, X):
    W1, _, W2, _ = params
    Z1 = X @ W1
    A1, _ = sigmoid_and_slope(Z1)
    return Z1, A1, A1 @ W2
