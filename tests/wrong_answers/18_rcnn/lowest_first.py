"""You began with the lowest score: np.argsort sorts upwards, so sort the negative scores."""
# replaces: nms
# caught by: a row of boxes


def nms(boxes, scores, threshold):
    order, kept = np.argsort(scores), []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[iou(boxes[[best]], boxes[order])[0] <= threshold]
    return np.array(kept, int)
