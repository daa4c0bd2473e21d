"""Your cells are not clipped: those before the map become 0, those after it the last of the
map."""

# replaces: cells_of
# caught by: a box that reaches beyond


def cells_of(box, stride, rows, columns):
    return np.floor(box / stride + 0.5).astype(int)
