"""Never ends, and takes every exception and signal that would end it."""
# loses: stamps at a stride
# says: ran for more than

import signal


def attack():
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


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
