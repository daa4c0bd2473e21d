"""You always draw the first ones: the others never teach anything. Take them in a random
order."""

# replaces: draw
# caught by: any may be drawn


def draw(labels, count, rng):
    objects = np.flatnonzero(labels == 1)[: count // 2]
    rest = np.flatnonzero(labels == 0)[: count - len(objects)]
    return np.concatenate([objects, rest])
