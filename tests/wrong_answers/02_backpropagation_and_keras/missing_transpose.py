"""W2 carries the message backward, so it must be transposed: delta2 @ W2.T; without the transpose
the shapes do not fit.
"""
# replaces: backward
# caught by: gradient sizes


def backward(params, X, Z1, A1, delta2):
    W2 = params[2]
    _, slope = sigmoid_and_slope(Z1)
    delta1 = (delta2 @ W2) * slope
    return X.T @ delta1, delta1.sum(axis=0), A1.T @ delta2, delta2.sum(axis=0)
