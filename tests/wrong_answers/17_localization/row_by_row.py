"""You compare the boxes row by row: every box of a with every box of b is asked for, so give a a
second axis, a[:, None]."""

# replaces: iou
# caught by: every pair


def iou(a, b):
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.prod(np.maximum(sides, 0), axis=-1)
    area_a, area_b = (np.prod(box[..., 2:] - box[..., :2], axis=-1) for box in (a, b))
    return shared / (area_a + area_b - shared)
