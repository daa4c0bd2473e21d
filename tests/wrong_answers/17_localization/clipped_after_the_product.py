"""You clip the area, not the sides: two negative sides make a positive area, so np.maximum
belongs before the product."""

# replaces: iou
# caught by: boxes apart


def iou(a, b):
    a, b = a[:, None], b[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.maximum(np.prod(sides, axis=-1), 0)
    area_a, area_b = (np.prod(box[..., 2:] - box[..., :2], axis=-1) for box in (a, b))
    return shared / (area_a + area_b - shared)
