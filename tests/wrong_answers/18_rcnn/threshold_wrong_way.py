"""You keep the boxes that overlap the best one: its doubles have to go, the others stay."""
# replaces: nms
# caught by: a row of boxes


def nms(boxes, scores, threshold):
    order, kept = np.argsort(-scores), []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[iou(boxes[[best]], boxes[order])[0] > threshold]
    return np.array(kept, int)
