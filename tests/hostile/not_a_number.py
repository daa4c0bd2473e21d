"""Returns NaN and infinity of the right shape."""
# loses: transposed


def transposed(g, F, stride=1):
    k = len(F)
    h, w = g.shape
    return np.full((stride * (h - 1) + k, stride * (w - 1) + k), np.nan)
