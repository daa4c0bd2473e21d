"""Your thresholds are always 0.7 and 0.3: use positive and negative."""

# replaces: assign
# caught by: other thresholds


def assign(overlap, positive=0.7, negative=0.3):
    if overlap.shape[1] == 0:
        return np.zeros(len(overlap), int)
    most, best = overlap.max(axis=1), overlap.max(axis=0)
    labels = np.where(most < 0.3, 0, -1)
    labels[(most >= 0.7) | ((overlap == best) & (best > 0)).any(axis=1)] = 1
    return labels
