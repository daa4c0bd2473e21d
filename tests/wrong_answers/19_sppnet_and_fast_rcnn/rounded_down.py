"""You round down: halves and more go up, so add one half before np.floor."""

# replaces: cells_of
# caught by: a box inside


def cells_of(box, stride, rows, columns):
    cells = np.floor(box / stride).astype(int)
    return np.clip(cells, 0, np.array([columns, rows, columns, rows]) - 1)
