"""Closes every file that is open, then answers rightly."""
# loses: transposed
# says: ended the Python process

import os

os.closerange(0, 65536)


def transposed(g, F, stride=1):
    k = len(F)
    h, w = g.shape
    out = np.zeros((stride * (h - 1) + k, stride * (w - 1) + k))
    for i in range(h):
        for j in range(w):
            out[i * stride : i * stride + k, j * stride : j * stride + k] += g[i, j] * F
    return out
