"""Numbers outside 0…255 wrap around: 300 becomes 44. Clip before the type is changed."""
# replaces: to_picture
# caught by: a picture


def to_picture(values):
    return np.round(values).astype(np.int64).astype(np.uint8)
