"""Only the first channel of the window is used; a filter covers all input channels, and their
products are added up.
"""

# replaces: correlate
# caught by: many channels


def correlate(X, K, stride=1, padding=0):
    k, _, _, c_out = K.shape
    X = np.pad(X, ((padding, padding), (padding, padding), (0, 0)))
    height = (X.shape[0] - k) // stride + 1
    width = (X.shape[1] - k) // stride + 1
    Y = np.zeros((height, width, c_out))
    for c in range(c_out):
        for i in range(height):
            for j in range(width):
                window = X[i * stride : i * stride + k, j * stride : j * stride + k, 0]
                Y[i, j, c] = np.sum(window * K[:, :, 0, c])
    return Y
