"""The window moves by its own size; it moves by stride, and windows larger than the stride
overlap.
"""

# replaces: max_pool
# caught by: pooling, windows that overlap


def max_pool(Y, size=2, stride=2):
    height, width = Y.shape[0] // size, Y.shape[1] // size
    blocks = Y[: height * size, : width * size].reshape(height, size, width, size, -1)
    return blocks.max(axis=(1, 3))
