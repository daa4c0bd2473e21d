"""You take the channels apart first: in the flattened map they run fastest, so reshape to
(height, width, C, U) at once, and transpose nothing."""

# replaces: as_kernel
# caught by: kernel in place


def as_kernel(weights, height, width):
    kernel = np.reshape(weights, (-1, height, width, weights.shape[-1]))
    return np.transpose(kernel, (1, 2, 0, 3))
