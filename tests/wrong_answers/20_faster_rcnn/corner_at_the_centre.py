"""Your anchors begin at the cell's middle: they reach half a side to each side of it."""

# replaces: anchor_grid
# caught by: one square a cell


def anchor_grid(rows, columns, stride, sizes, ratios):
    shapes = np.array([(s / np.sqrt(r), s * np.sqrt(r)) for r in ratios for s in sizes])
    y, x = np.mgrid[:rows, :columns]
    centres = (np.stack([x, y], axis=-1).reshape(-1, 1, 2) + 0.5) * stride
    return np.concatenate([centres + 0 * shapes, centres + shapes], axis=-1).reshape(-1, 4)
