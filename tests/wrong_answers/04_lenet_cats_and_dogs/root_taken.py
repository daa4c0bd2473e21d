"""You took the square root: the output is the squared distance, the sum itself."""

# replaces: read_bitmaps
# caught by: distances


def read_bitmaps(F6, bitmaps):
    difference = F6[:, None, :] - bitmaps
    r = np.sqrt(np.sum(difference**2, axis=-1))
    return r, r.argmin(axis=1)
