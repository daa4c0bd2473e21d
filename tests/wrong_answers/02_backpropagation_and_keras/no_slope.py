"""The message went past the sigmoid unchanged: multiply delta2 @ W2.T by the slope s'(Z1) of the
hidden layer.
"""
# replaces: backward
# caught by: hidden layer


def backward(params, X, Z1, A1, delta2):
    W2 = params[2]
    delta1 = delta2 @ W2.T
    return X.T @ delta1, delta1.sum(axis=0), A1.T @ delta2, delta2.sum(axis=0)
