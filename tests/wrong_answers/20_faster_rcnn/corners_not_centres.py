"""You compare the upper left corners: tx and ty are the shift of the centre."""

# replaces: encode
# caught by: one box


def encode(boxes, anchors):
    sides, sides_a = boxes[:, 2:] - boxes[:, :2], anchors[:, 2:] - anchors[:, :2]
    shift = boxes[:, :2] - anchors[:, :2]
    return np.concatenate([shift / sides_a, np.log(sides / sides_a)], axis=1)
