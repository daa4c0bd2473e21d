"""The last two axes are exchanged: channels come third, the units last."""

# replaces: as_kernel
# caught by: kernel in place


def as_kernel(weights, height, width):
    kernel = np.reshape(weights, (height, width, -1, weights.shape[-1]))
    return np.transpose(kernel, (0, 1, 3, 2))
