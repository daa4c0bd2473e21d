"""The largest number is sought from 0 upwards, so a window of negative numbers gives 0; start
from the window's own numbers.
"""

# replaces: max_pool
# caught by: pooling negative numbers


def max_pool(Y, size=2, stride=2):
    height = (Y.shape[0] - size) // stride + 1
    width = (Y.shape[1] - size) // stride + 1
    pooled = np.zeros((height, width, Y.shape[2]))
    for i in range(height):
        for j in range(width):
            for a in range(size):
                for b in range(size):
                    pooled[i, j] = np.maximum(pooled[i, j], Y[i * stride + a, j * stride + b])
    return pooled
