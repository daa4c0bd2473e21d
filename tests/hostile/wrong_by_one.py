"""Leaves the last row out."""
# loses: transposed


def transposed(g, F, stride=1):
    k = len(F)
    h, w = g.shape
    out = np.zeros((stride * (h - 1) + k - 1, stride * (w - 1) + k))
    return out
