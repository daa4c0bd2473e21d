"""This is average pooling; max pooling keeps the largest number of the window: max instead of
mean.
"""

# replaces: max_pool
# caught by: pooling


def max_pool(Y, size=2, stride=2):
    height = (Y.shape[0] - size) // stride + 1
    width = (Y.shape[1] - size) // stride + 1
    pooled = np.zeros((height, width, Y.shape[2]))
    for i in range(height):
        for j in range(width):
            window = Y[i * stride : i * stride + size, j * stride : j * stride + size]
            pooled[i, j] = window.mean(axis=(0, 1))
    return pooled
