"""x and y are swapped: x comes from the column, y from the row."""

# replaces: anchor_grid
# caught by: one square a cell


def anchor_grid(rows, columns, stride, sizes, ratios):
    shapes = np.array([(s / np.sqrt(r), s * np.sqrt(r)) for r in ratios for s in sizes])
    y, x = np.mgrid[:rows, :columns]
    centres = (np.stack([y, x], axis=-1).reshape(-1, 1, 2) + 0.5) * stride
    return np.concatenate([centres - shapes / 2, centres + shapes / 2], axis=-1).reshape(-1, 4)
