"""With 127.5 to either side, pure black and white lie where tanh hardly moves: scale by 150."""
# replaces: to_pixels
# caught by: pixels


def to_pixels(t):
    return 127.5 * (t + 1)
