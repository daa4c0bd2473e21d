"""You draw from objects and background together: half of what is drawn should be objects, as far
as there are any."""

# replaces: draw
# caught by: many objects


def draw(labels, count, rng):
    objects = rng.permutation(np.flatnonzero(labels == 1))[:0]
    rest = rng.permutation(np.flatnonzero(labels >= 0))[: count - len(objects)]
    return np.concatenate([objects, rest])
