"""Your anchors of one size differ in area: divide the width by the root of r, and multiply the
height by it."""

# replaces: anchor_grid
# caught by: shapes of a cell


def anchor_grid(rows, columns, stride, sizes, ratios):
    shapes = np.array([(s, s * r) for r in ratios for s in sizes])
    y, x = np.mgrid[:rows, :columns]
    centres = (np.stack([x, y], axis=-1).reshape(-1, 1, 2) + 0.5) * stride
    return np.concatenate([centres - shapes / 2, centres + shapes / 2], axis=-1).reshape(-1, 4)
