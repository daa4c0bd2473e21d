"""The width is off by one: the last column and row that you answer belong to the box, so nothing
is taken off."""

# replaces: cells_of
# caught by: a box inside


def cells_of(box, stride, rows, columns):
    cells = np.floor(box / stride + 0.5).astype(int)
    cells = cells - np.array([0, 0, 1, 1])
    return np.clip(cells, 0, np.array([columns, rows, columns, rows]) - 1)
