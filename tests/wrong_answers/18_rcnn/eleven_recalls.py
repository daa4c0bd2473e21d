"""You average over 11 recalls, as Pascal VOC once did: here they are 101, 0.01 apart."""
# replaces: average_precision
# caught by: some missed


def average_precision(scores, right, objects):
    found = np.cumsum(right[np.argsort(-scores)])
    precision, recall = found / np.arange(1, len(found) + 1), found / objects
    return np.mean([precision[recall >= r].max(initial=0) for r in np.linspace(0, 1, 11)])
