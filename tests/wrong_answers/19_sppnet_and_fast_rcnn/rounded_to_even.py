"""np.round takes 2.5 down to 2, the nearest even number: halves go up here, so take np.floor of
the number plus one half."""

# replaces: cells_of
# caught by: a box inside


def cells_of(box, stride, rows, columns):
    cells = np.round(box / stride).astype(int)
    return np.clip(cells, 0, np.array([columns, rows, columns, rows]) - 1)
