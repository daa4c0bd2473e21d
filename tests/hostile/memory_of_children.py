"""Takes 1 GB in four children, and no more."""
# loses: stamps at a stride
# says: of memory

import os
import time


def attack():
    for _ in range(4):
        if os.fork() == 0:
            held = [np.ones(20 * 2**20, np.uint8) for _ in range(12)]
            time.sleep(5)
            os._exit(len(held))
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
