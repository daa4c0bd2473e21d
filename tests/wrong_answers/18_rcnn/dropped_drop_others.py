"""A box that you dropped still drops others: compare with the kept ones only."""
# replaces: nms
# caught by: a dropped box drops no other


def nms(boxes, scores, threshold):
    order = np.argsort(-scores)
    table = iou(boxes[order], boxes[order])
    better = np.tril(np.ones(table.shape, bool), -1)
    return order[~(better & (table > threshold)).any(axis=1)]
