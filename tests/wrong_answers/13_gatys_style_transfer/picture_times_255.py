"""You multiplied by 255, as for values in 0…1: these are in 0…255 already."""
# replaces: to_picture
# caught by: a picture


def to_picture(values):
    return np.clip(np.round(255 * values), 0, 255).astype(np.uint8)
