"""Ignored anchors (-1) are drawn as background: take labels == 0 only."""

# replaces: draw
# caught by: many objects


def draw(labels, count, rng):
    objects = rng.permutation(np.flatnonzero(labels == 1))[: count // 2]
    rest = rng.permutation(np.flatnonzero(labels < 0))[: count - len(objects)]
    return np.concatenate([objects, rest])
