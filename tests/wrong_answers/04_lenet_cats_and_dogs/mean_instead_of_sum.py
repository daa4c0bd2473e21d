"""You took the mean over the pixels: r is the sum of the squared differences."""

# replaces: read_bitmaps
# caught by: distances


def read_bitmaps(F6, bitmaps):
    difference = F6[:, None, :] - bitmaps
    r = np.mean(difference**2, axis=-1)
    return r, r.argmin(axis=1)
