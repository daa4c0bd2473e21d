"""Takes 1 GB, 20 MB at a time, and no more."""
# loses: stamps at a stride
# says: of memory

import time


def attack():
    held = []
    while len(held) < 50:
        held.append(np.ones(20 * 2**20, np.uint8))
    time.sleep(5)


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
