"""The weights' gradients came out transposed: with pictures as rows dW is A.T @ delta, of W's own
shape.
"""
# replaces: backward
# caught by: gradient sizes


def backward(params, X, Z1, A1, delta2):
    W2 = params[2]
    _, slope = sigmoid_and_slope(Z1)
    delta1 = (delta2 @ W2.T) * slope
    return delta1.T @ X, delta1.sum(axis=0), delta2.T @ A1, delta2.sum(axis=0)
