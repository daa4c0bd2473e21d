"""Of two equally good anchors you take only the first (argmax): both are the best of the box."""

# replaces: assign
# caught by: seven anchors


def assign(overlap, positive=0.7, negative=0.3):
    if overlap.shape[1] == 0:
        return np.zeros(len(overlap), int)
    most, best = overlap.max(axis=1), overlap.max(axis=0)
    labels = np.where(most < negative, 0, -1)
    labels[
        (most >= positive) | np.isin(np.arange(len(overlap)), overlap.argmax(axis=0)[best > 0])
    ] = 1
    return labels
