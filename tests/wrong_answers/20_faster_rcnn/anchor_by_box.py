"""tw and th have the wrong sign: divide the box's sides by the anchor's, not the anchor's by the
box's."""

# replaces: encode
# caught by: one box


def encode(boxes, anchors):
    sides, sides_a = boxes[:, 2:] - boxes[:, :2], anchors[:, 2:] - anchors[:, :2]
    shift = (boxes[:, :2] + boxes[:, 2:] - anchors[:, :2] - anchors[:, 2:]) / 2
    return np.concatenate([shift / sides_a, np.log(sides_a / sides)], axis=1)
