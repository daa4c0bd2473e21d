"""Your shifts are in pixels, not normalised: divide them by the anchor's width and height."""

# replaces: encode
# caught by: one box


def encode(boxes, anchors):
    sides, sides_a = boxes[:, 2:] - boxes[:, :2], anchors[:, 2:] - anchors[:, :2]
    shift = (boxes[:, :2] + boxes[:, 2:] - anchors[:, :2] - anchors[:, 2:]) / 2
    return np.concatenate([shift, np.log(sides / sides_a)], axis=1)
