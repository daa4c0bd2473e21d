"""Rows and columns are exchanged: the map is flattened row by row, so the height comes first."""

# replaces: as_kernel
# caught by: kernel in place


def as_kernel(weights, height, width):
    kernel = np.reshape(weights, (width, height, -1, weights.shape[-1]))
    return np.transpose(kernel, (1, 0, 2, 3))
