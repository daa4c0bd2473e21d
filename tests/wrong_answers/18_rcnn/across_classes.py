"""Your suppression works across classes: call nms once for the boxes of each class."""
# replaces: nms_per_class
# caught by: two classes


def nms_per_class(boxes, scores, labels, threshold):
    return nms(boxes, scores, threshold)
