"""M is height times width, the number of places: you took the height alone."""
# replaces: layer_style_loss
# caught by: style loss


def layer_style_loss(F, A):
    N, M = F.shape[-1], F.shape[1]
    return tf.reduce_sum((gram(F) - A) ** 2, axis=(1, 2)) / (4 * N**2 * M**2)
