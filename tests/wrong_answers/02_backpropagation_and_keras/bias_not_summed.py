"""A bias serves every picture of the batch, so its gradient is the sum of delta over the pictures:
delta.sum(axis=0), of shape (H,).
"""
# replaces: backward
# caught by: gradient sizes


def backward(params, X, Z1, A1, delta2):
    W2 = params[2]
    _, slope = sigmoid_and_slope(Z1)
    delta1 = (delta2 @ W2.T) * slope
    return X.T @ delta1, delta1, A1.T @ delta2, delta2
