"""Your targets still are in pixels: divide x and the width by the picture's width, y and the
height by its height."""

# replaces: encode
# caught by: one target


def encode(boxes, height, width):
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([centre, boxes[:, 2:] - boxes[:, :2]], axis=1)
