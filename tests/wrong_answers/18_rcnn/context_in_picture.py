"""You added pixels of the picture: the context counts in the warped crop, so scale it."""
# replaces: context_box
# caught by: a wide box


def context_box(box, side, context):
    x1, y1, x2, y2 = box
    return np.array([x1 - context, y1 - context, x2 + context, y2 + context])
