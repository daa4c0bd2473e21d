"""The stamp is turned by 180°; the transposed convolution stamps the filter as it is, F and not
F[::-1, ::-1].
"""

# replaces: transposed
# caught by: one stamp


def transposed(g, F, stride=1):
    k = len(F)
    h, w = g.shape
    out = np.zeros((stride * (h - 1) + k, stride * (w - 1) + k))
    for i in range(h):
        for j in range(w):
            out[i * stride : i * stride + k, j * stride : j * stride + k] += g[i, j] * F[::-1, ::-1]
    return out
