"""A later stamp overwrites the earlier one; where stamps overlap they add up: += instead of =."""

# replaces: transposed
# caught by: stamps that overlap


def transposed(g, F, stride=1):
    k = len(F)
    h, w = g.shape
    out = np.zeros((stride * (h - 1) + k, stride * (w - 1) + k))
    for i in range(h):
        for j in range(w):
            out[i * stride : i * stride + k, j * stride : j * stride + k] = g[i, j] * F
    return out
