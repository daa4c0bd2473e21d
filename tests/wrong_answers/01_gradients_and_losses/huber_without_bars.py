"""The bars are missing: a residual of -3 is as far away as +3, so compare |y - h| with δ."""
# replaces: huber
# caught by: Huber's loss


def huber(y, h, delta):
    r = y - h
    loss = np.where(r <= delta, r**2 / 2, delta * r - delta**2 / 2)
    return loss, np.where(r <= delta, -r, -delta)
