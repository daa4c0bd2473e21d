"""You go through the map column by column: x runs fastest, so np.mgrid[:rows, :columns] gives y
first, and the last axis of the grid is the columns."""

# replaces: anchor_grid
# caught by: one square a cell


def anchor_grid(rows, columns, stride, sizes, ratios):
    shapes = np.array([(s / np.sqrt(r), s * np.sqrt(r)) for r in ratios for s in sizes])
    x, y = np.mgrid[:columns, :rows]
    centres = (np.stack([x, y], axis=-1).reshape(-1, 1, 2) + 0.5) * stride
    return np.concatenate([centres - shapes / 2, centres + shapes / 2], axis=-1).reshape(-1, 4)
