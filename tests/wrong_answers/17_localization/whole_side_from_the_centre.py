"""Your box is twice as wide and high: from the centre it reaches half a side each way."""

# replaces: decode
# caught by: one box


def decode(t, height, width):
    size = np.float32([width, height])
    centre, sides = t[:, :2] * size, t[:, 2:] * size
    boxes = np.concatenate([centre - sides, centre + sides], axis=1)
    return np.clip(boxes, 0, np.float32([width, height, width, height]))
