"""The sum of both areas counts the shared part twice: take it off once."""

# replaces: iou
# caught by: overlap by hand


def iou(a, b):
    a, b = a[:, None], b[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.prod(np.maximum(sides, 0), axis=-1)
    area_a, area_b = (np.prod(box[..., 2:] - box[..., :2], axis=-1) for box in (a, b))
    return shared / (area_a + area_b)
