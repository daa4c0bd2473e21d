"""You return the answers by falling score: put each back in its box's place."""
# replaces: claims
# caught by: who is right


def claims(boxes, scores, truth, least):
    table = iou(boxes, truth)
    right = []
    for k in np.argsort(-scores):
        right.append(bool((table[k] >= least).any()))
        if right[-1]:
            table[:, table[k].argmax()] = 0
    return np.array(right, bool)
