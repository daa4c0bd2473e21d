"""An overlap of exactly 0.7 is an object as well: positive or more."""

# replaces: assign
# caught by: a box that nothing overlaps


def assign(overlap, positive=0.7, negative=0.3):
    if overlap.shape[1] == 0:
        return np.zeros(len(overlap), int)
    most, best = overlap.max(axis=1), overlap.max(axis=0)
    labels = np.where(most < negative, 0, -1)
    labels[(most > positive) | ((overlap == best) & (best > 0)).any(axis=1)] = 1
    return labels
