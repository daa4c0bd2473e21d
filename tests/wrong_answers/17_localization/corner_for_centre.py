"""x and y are those of the upper left corner: the centre lies halfway between the two corners."""

# replaces: encode
# caught by: one target


def encode(boxes, height, width):
    sides = boxes[:, 2:] - boxes[:, :2]
    targets = np.concatenate([boxes[:, :2], sides], axis=1)
    return targets / np.float32([width, height, width, height])
