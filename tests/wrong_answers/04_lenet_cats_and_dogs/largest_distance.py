"""You read the digit whose bitmap is farthest away: the smallest distance wins, argmin."""

# replaces: read_bitmaps
# caught by: digits read


def read_bitmaps(F6, bitmaps):
    difference = F6[:, None, :] - bitmaps
    r = np.sum(difference**2, axis=-1)
    return r, r.argmax(axis=1)
