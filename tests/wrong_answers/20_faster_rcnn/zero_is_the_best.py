"""A box that nothing overlaps makes all anchors objects: its best overlap is 0, and every anchor
has that. Ask for best > 0 too."""

# replaces: assign
# caught by: a box that nothing overlaps


def assign(overlap, positive=0.7, negative=0.3):
    if overlap.shape[1] == 0:
        return np.zeros(len(overlap), int)
    most, best = overlap.max(axis=1), overlap.max(axis=0)
    labels = np.where(most < negative, 0, -1)
    labels[(most >= positive) | (overlap == best).any(axis=1)] = 1
    return labels
