"""Half of tanh's values are negative, and no pixel is: 0 must become the middle, 127.5."""
# replaces: to_pixels
# caught by: pixels


def to_pixels(t):
    return 255 * t
