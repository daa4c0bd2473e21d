"""Starts 64 threads and more."""
# loses: stamps at a stride

import threading
import time


def attack():
    for _ in range(80):
        threading.Thread(target=time.sleep, args=(5,), daemon=True).start()


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
