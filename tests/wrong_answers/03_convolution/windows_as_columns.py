"""The windows stand as columns; here each window is a row, so that im2col(X) @ K works:
transpose it.
"""

# replaces: im2col
# caught by: rows of windows


def im2col(X, k):
    height, width = X.shape[0] - k + 1, X.shape[1] - k + 1
    rows = [X[i : i + k, j : j + k].ravel() for i in range(height) for j in range(width)]
    return np.stack(rows, axis=1)


def convolve(X, K):
    k, _, _, c_out = K.shape
    Y = im2col(X, k) @ K.reshape(-1, c_out)
    return Y.reshape(output_size(X.shape[0], k), output_size(X.shape[1], k), c_out)
