"""You return places within a class: turn them back into indices of all boxes."""
# replaces: nms_per_class
# caught by: two classes


def nms_per_class(boxes, scores, labels, threshold):
    kept = [np.zeros(0, int)]
    for label in np.unique(labels):
        own = labels == label
        kept.append(nms(boxes[own], scores[own], threshold))
    kept = np.concatenate(kept)
    return kept[np.argsort(-scores[kept])]
