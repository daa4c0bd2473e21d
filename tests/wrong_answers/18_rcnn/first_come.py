"""Your boxes claim in the order in which they came: the highest score chooses first."""
# replaces: claims
# caught by: who is right


def claims(boxes, scores, truth, least):
    table = iou(boxes, truth)
    right = np.zeros(len(boxes), bool)
    for k in range(len(boxes)):
        if (table[k] >= least).any():
            table[:, table[k].argmax()] = 0
            right[k] = True
    return right
