"""You go through the table column by column: np.argwhere(table) goes row by row."""

# replaces: place_kernels
# caught by: kernels in place


def place_kernels(k, table):
    K = np.zeros((*k.shape[:2], *table.shape), np.float32)
    for number, (o, i) in enumerate(np.argwhere(table.T)):
        K[:, :, i, o] = k[:, :, number]
    return K
