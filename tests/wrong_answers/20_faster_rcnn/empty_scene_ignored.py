"""Without boxes you ignore every anchor: all of them are background."""

# replaces: assign
# caught by: an empty scene


def assign(overlap, positive=0.7, negative=0.3):
    if overlap.shape[1] == 0:
        return np.full(len(overlap), -1)
    most, best = overlap.max(axis=1), overlap.max(axis=0)
    labels = np.where(most < negative, 0, -1)
    labels[(most >= positive) | ((overlap == best) & (best > 0)).any(axis=1)] = 1
    return labels
