"""You divide by the objects that were found: recall is a share of all objects."""
# replaces: average_precision
# caught by: some missed


def average_precision(scores, right, objects):
    found = np.cumsum(right[np.argsort(-scores)])
    precision, recall = found / np.arange(1, len(found) + 1), found / max(right.sum(), 1)
    return np.mean([precision[recall >= r].max(initial=0) for r in np.linspace(0, 1, 101)])
