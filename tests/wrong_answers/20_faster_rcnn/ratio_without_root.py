"""Your shapes are too stretched: height / width is r² with s / r and s · r, so take the root of
r."""

# replaces: anchor_grid
# caught by: shapes of a cell


def anchor_grid(rows, columns, stride, sizes, ratios):
    shapes = np.array([(s / r, s * r) for r in ratios for s in sizes])
    y, x = np.mgrid[:rows, :columns]
    centres = (np.stack([x, y], axis=-1).reshape(-1, 1, 2) + 0.5) * stride
    return np.concatenate([centres - shapes / 2, centres + shapes / 2], axis=-1).reshape(-1, 4)
