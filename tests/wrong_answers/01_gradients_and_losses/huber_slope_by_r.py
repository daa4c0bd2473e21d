"""The sign is turned: this is the derivative by the residual y - h; by h it is h - y, clipped."""
# replaces: huber
# caught by: Huber's slope


def huber(y, h, delta):
    r = y - h
    loss = np.where(np.abs(r) <= delta, r**2 / 2, delta * np.abs(r) - delta**2 / 2)
    return loss, np.clip(r, -delta, delta)
