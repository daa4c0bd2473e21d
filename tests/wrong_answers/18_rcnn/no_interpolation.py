"""At each recall take the highest precision at that recall or a higher one, not the next one."""
# replaces: average_precision
# caught by: some missed


def average_precision(scores, right, objects):
    found = np.cumsum(right[np.argsort(-scores)])
    precision, recall = found / np.arange(1, len(found) + 1), found / objects
    at = np.searchsorted(recall, np.linspace(0, 1, 101))
    return np.append(precision, 0.0)[at].mean()
