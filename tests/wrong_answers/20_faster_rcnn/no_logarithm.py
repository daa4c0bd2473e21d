"""The logarithm is missing in tw and th."""

# replaces: encode
# caught by: one box


def encode(boxes, anchors):
    sides, sides_a = boxes[:, 2:] - boxes[:, :2], anchors[:, 2:] - anchors[:, :2]
    shift = (boxes[:, :2] + boxes[:, 2:] - anchors[:, :2] - anchors[:, 2:]) / 2
    return np.concatenate([shift / sides_a, sides / sides_a], axis=1)
