"""The output has the right size but the window still moves by 1: it starts at i·stride and
j·stride.
"""

# replaces: correlate
# caught by: stride


def correlate(X, K, stride=1, padding=0):
    k, _, _, c_out = K.shape
    X = np.pad(X, ((padding, padding), (padding, padding), (0, 0)))
    height = (X.shape[0] - k) // stride + 1
    width = (X.shape[1] - k) // stride + 1
    Y = np.zeros((height, width, c_out))
    for i in range(height):
        for j in range(width):
            Y[i, j] = np.tensordot(X[i : i + k, j : j + k], K, axes=3)
    return Y
