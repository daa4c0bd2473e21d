"""Your straight lines lie too high, the loss jumps at δ: subtract δ²/2 from them."""
# replaces: huber
# caught by: Huber's loss


def huber(y, h, delta):
    r = y - h
    loss = np.where(np.abs(r) <= delta, r**2 / 2, delta * np.abs(r))
    return loss, -np.clip(r, -delta, delta)
