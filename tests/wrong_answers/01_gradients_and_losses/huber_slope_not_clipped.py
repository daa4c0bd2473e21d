"""Your slope grows without limit, like L2's: beyond δ it stays at ±δ."""
# replaces: huber
# caught by: Huber's slope


def huber(y, h, delta):
    r = y - h
    loss = np.where(np.abs(r) <= delta, r**2 / 2, delta * np.abs(r) - delta**2 / 2)
    return loss, -r
