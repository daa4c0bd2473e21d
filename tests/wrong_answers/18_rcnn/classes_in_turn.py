"""You return one class after the other: all together, they come by falling score."""
# replaces: nms_per_class
# caught by: two classes


def nms_per_class(boxes, scores, labels, threshold):
    kept = [np.zeros(0, int)]
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        kept.append(own[nms(boxes[own], scores[own], threshold)])
    return np.concatenate(kept)
