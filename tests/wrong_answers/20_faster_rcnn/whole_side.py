"""Your anchors are twice as wide and high as they should be: half a side on each side of the
middle."""

# replaces: anchor_grid
# caught by: one square a cell


def anchor_grid(rows, columns, stride, sizes, ratios):
    shapes = np.array([(s / np.sqrt(r), s * np.sqrt(r)) for r in ratios for s in sizes])
    y, x = np.mgrid[:rows, :columns]
    centres = (np.stack([x, y], axis=-1).reshape(-1, 1, 2) + 0.5) * stride
    return np.concatenate([centres - shapes, centres + shapes], axis=-1).reshape(-1, 4)
