"""An IoU of exactly the threshold may stay: drop a box only for more than that."""
# replaces: nms
# caught by: exactly the threshold


def nms(boxes, scores, threshold):
    order, kept = np.argsort(-scores), []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[iou(boxes[[best]], boxes[order])[0] < threshold]
    return np.array(kept, int)
