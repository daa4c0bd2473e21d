"""x and y are both cut off at the picture's width: y ends at its height."""

# replaces: decode
# caught by: beyond the border


def decode(t, height, width):
    size = np.float32([width, height])
    centre, sides = t[:, :2] * size, t[:, 2:] * size
    boxes = np.concatenate([centre - sides / 2, centre + sides / 2], axis=1)
    return np.clip(boxes, 0, width)
