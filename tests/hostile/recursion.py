"""Calls itself without end, and takes the limit away."""
# loses: stamps at a stride

import sys

sys.setrecursionlimit(10**9)


def attack():
    attack()


def transposed(g, F, stride=1):
    if stride == 2:
        attack()
    k = len(F)
    h, w = g.shape
    out = np.zeros((stride * (h - 1) + k, stride * (w - 1) + k))
    for i in range(h):
        for j in range(w):
            out[i * stride : i * stride + k, j * stride : j * stride + k] += g[i, j] * F
    return out
