"""You draw all that are not ignored: the few objects drown, so draw count of them, half
objects."""

# replaces: draw
# caught by: many objects


def draw(labels, count, rng):
    objects = rng.permutation(np.flatnonzero(labels == 1))
    rest = rng.permutation(np.flatnonzero(labels == 0))
    return np.concatenate([objects, rest])
