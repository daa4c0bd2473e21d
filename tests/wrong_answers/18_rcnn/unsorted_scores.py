"""You went down the list as it came: sort the detections by falling score first."""
# replaces: average_precision
# caught by: all found


def average_precision(scores, right, objects):
    found = np.cumsum(right)
    precision, recall = found / np.arange(1, len(found) + 1), found / objects
    return np.mean([precision[recall >= r].max(initial=0) for r in np.linspace(0, 1, 101)])
