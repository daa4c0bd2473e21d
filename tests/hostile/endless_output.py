"""Prints without end."""
# loses: stamps at a stride
# says: printed more than


def attack():
    while True:
        print("x" * 10_000)


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
