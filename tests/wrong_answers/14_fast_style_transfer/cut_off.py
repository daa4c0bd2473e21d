"""Cut off at 0 and 255 a value has no gradient and can never come back: leave it as it is."""
# replaces: to_pixels
# caught by: pixels


def to_pixels(t):
    return np.clip(127.5 + 150 * t, 0, 255)
