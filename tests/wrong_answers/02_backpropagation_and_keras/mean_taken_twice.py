"""You divide by the number of pictures once more: the mean is already in delta2, so biases take the
plain sum over the pictures.
"""
# replaces: backward
# caught by: outer layer


def backward(params, X, Z1, A1, delta2):
    W2 = params[2]
    _, slope = sigmoid_and_slope(Z1)
    delta1 = (delta2 @ W2.T) * slope
    return X.T @ delta1, delta1.mean(axis=0), A1.T @ delta2, delta2.mean(axis=0)
