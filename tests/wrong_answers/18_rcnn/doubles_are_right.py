"""You count every box on an object: once a better one has claimed it, the next is wrong."""
# replaces: claims
# caught by: who is right


def claims(boxes, scores, truth, least):
    return (iou(boxes, truth) >= least).any(axis=1)
