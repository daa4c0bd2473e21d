"""Input and output are exchanged: the shape is (h, w, C_in, C_out), a link stands at [i, o]."""

# replaces: place_kernels
# caught by: kernels in place


def place_kernels(k, table):
    K = np.zeros((*k.shape[:2], *table.T.shape), np.float32)
    for number, (i, o) in enumerate(np.argwhere(table)):
        K[:, :, o, i] = k[:, :, number]
    return K
