"""The border is padded with the edge's own values; a convolution layer pads with zeros
(np.pad's default).
"""

# replaces: correlate
# caught by: padding


def correlate(X, K, stride=1, padding=0):
    k, _, _, c_out = K.shape
    X = np.pad(X, ((padding, padding), (padding, padding), (0, 0)), mode="edge")
    height = (X.shape[0] - k) // stride + 1
    width = (X.shape[1] - k) // stride + 1
    Y = np.zeros((height, width, c_out))
    for i in range(height):
        for j in range(width):
            window = X[i * stride : i * stride + k, j * stride : j * stride + k]
            Y[i, j] = np.tensordot(window, K, axes=3)
    return Y
