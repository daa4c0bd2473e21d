"""Returns a hundred million numbers."""
# loses: transposed
# says: more than


def transposed(g, F, stride=1):
    return np.broadcast_to(np.zeros(1), (10_000, 10_000))
