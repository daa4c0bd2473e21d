"""You call an anchor background that is far from one of the boxes: it must be far from every one,
so take the maximum of its row."""

# replaces: assign
# caught by: seven anchors


def assign(overlap, positive=0.7, negative=0.3):
    if overlap.shape[1] == 0:
        return np.zeros(len(overlap), int)
    most, best = overlap.max(axis=1), overlap.max(axis=0)
    labels = np.where(overlap.min(axis=1) < negative, 0, -1)
    labels[(most >= positive) | ((overlap == best) & (best > 0)).any(axis=1)] = 1
    return labels
