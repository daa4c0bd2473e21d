"""Your ratio is width / height: it is height / width, so a ratio of 4 makes an anchor high."""

# replaces: anchor_grid
# caught by: shapes of a cell


def anchor_grid(rows, columns, stride, sizes, ratios):
    shapes = np.array([(s * np.sqrt(r), s / np.sqrt(r)) for r in ratios for s in sizes])
    y, x = np.mgrid[:rows, :columns]
    centres = (np.stack([x, y], axis=-1).reshape(-1, 1, 2) + 0.5) * stride
    return np.concatenate([centres - shapes / 2, centres + shapes / 2], axis=-1).reshape(-1, 4)
