"""The filter is turned by 180°: that is the convolution of mathematics; here (and in Keras) it
stays as it is.
"""

# replaces: correlate
# caught by: one channel


def correlate(X, K, stride=1, padding=0):
    k, _, _, c_out = K.shape
    X = np.pad(X, ((padding, padding), (padding, padding), (0, 0)))
    height = (X.shape[0] - k) // stride + 1
    width = (X.shape[1] - k) // stride + 1
    Y = np.zeros((height, width, c_out))
    K = K[::-1, ::-1]
    for i in range(height):
        for j in range(width):
            window = X[i * stride : i * stride + k, j * stride : j * stride + k]
            Y[i, j] = np.tensordot(window, K, axes=3)
    return Y
