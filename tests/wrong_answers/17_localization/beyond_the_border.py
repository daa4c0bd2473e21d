"""Your box reaches beyond the picture: cut it off with np.clip, x at the width, y at the height."""

# replaces: decode
# caught by: beyond the border


def decode(t, height, width):
    size = np.float32([width, height])
    centre, sides = t[:, :2] * size, t[:, 2:] * size
    return np.concatenate([centre - sides / 2, centre + sides / 2], axis=1)
