"""Some anchors are drawn more than once: rng.permutation gives each one once, rng.choice does
not."""

# replaces: draw
# caught by: few objects


def draw(labels, count, rng):
    objects = np.flatnonzero(labels == 1)[: count // 2]
    rest = rng.choice(np.flatnonzero(labels == 0), count - len(objects))
    return np.concatenate([objects, rest])
