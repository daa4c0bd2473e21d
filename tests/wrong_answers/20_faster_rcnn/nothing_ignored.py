"""You ignore nothing: an anchor between negative and positive is neither, -1."""

# replaces: assign
# caught by: seven anchors


def assign(overlap, positive=0.7, negative=0.3):
    if overlap.shape[1] == 0:
        return np.zeros(len(overlap), int)
    most, best = overlap.max(axis=1), overlap.max(axis=0)
    labels = np.zeros(len(overlap), int)
    labels[(most >= positive) | ((overlap == best) & (best > 0)).any(axis=1)] = 1
    return labels
