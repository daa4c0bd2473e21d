"""You grew width and height by the same pixels: each is stretched, and grows, by itself."""
# replaces: context_box
# caught by: a wide box


def context_box(box, side, context):
    x1, y1, x2, y2 = box
    d = max(x2 - x1, y2 - y1) * context / (side - 2 * context)
    return np.array([x1 - d, y1 - d, x2 + d, y2 + d])
