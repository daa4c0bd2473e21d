"""Boxes that don't touch have a negative width and height, and their product is positive: set
sides below 0 to 0 with np.maximum before you multiply."""

# replaces: iou
# caught by: boxes apart


def iou(a, b):
    a, b = a[:, None], b[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.prod(sides, axis=-1)
    area_a, area_b = (np.prod(box[..., 2:] - box[..., :2], axis=-1) for box in (a, b))
    return shared / (area_a + area_b - shared)
