"""The rule of the best anchor is missing: a box that no anchor fits by 0.7 has no object then."""

# replaces: assign
# caught by: seven anchors


def assign(overlap, positive=0.7, negative=0.3):
    if overlap.shape[1] == 0:
        return np.zeros(len(overlap), int)
    most = overlap.max(axis=1)
    labels = np.where(most < negative, 0, -1)
    labels[most >= positive] = 1
    return labels
