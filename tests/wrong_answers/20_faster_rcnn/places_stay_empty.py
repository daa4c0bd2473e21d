"""Where objects are few, places stay empty: background takes them, up to count in all."""

# replaces: draw
# caught by: few objects


def draw(labels, count, rng):
    objects = rng.permutation(np.flatnonzero(labels == 1))[: count // 2]
    rest = rng.permutation(np.flatnonzero(labels == 0))[: count // 2]
    return np.concatenate([objects, rest])
