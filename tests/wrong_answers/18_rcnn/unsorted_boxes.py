"""You took the boxes as they came: begin with the highest score, then the best of the rest."""
# replaces: nms
# caught by: a row of boxes


def nms(boxes, scores, threshold):
    order, kept = np.arange(len(boxes)), []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[iou(boxes[[best]], boxes[order])[0] <= threshold]
    return np.array(kept, int)
