"""The box itself keeps only side - 2 * context pixels of the crop: divide by that, not by side."""
# replaces: context_box
# caught by: a wide box


def context_box(box, side, context):
    x1, y1, x2, y2 = box
    dx, dy = (x2 - x1) * context / side, (y2 - y1) * context / side
    return np.array([x1 - dx, y1 - dy, x2 + dx, y2 + dy])
