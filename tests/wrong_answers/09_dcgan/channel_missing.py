"""The axis for the channel is missing: a convolution takes (N, H, W, 1); images[..., None] adds
it.
"""

# replaces: scaled
# caught by: range


def scaled(images):
    return images.astype(np.float32) / 127.5 - 1
