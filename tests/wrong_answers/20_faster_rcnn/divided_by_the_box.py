"""You divide the shifts by the box's sides: the network knows only the anchor, so divide by the
anchor's."""

# replaces: encode
# caught by: one box


def encode(boxes, anchors):
    sides, sides_a = boxes[:, 2:] - boxes[:, :2], anchors[:, 2:] - anchors[:, :2]
    shift = (boxes[:, :2] + boxes[:, 2:] - anchors[:, :2] - anchors[:, 2:]) / 2
    return np.concatenate([shift / sides, np.log(sides / sides_a)], axis=1)
