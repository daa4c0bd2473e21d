"""You divided by 4 N² only: without 1 / M² a larger picture has a larger loss."""
# replaces: layer_style_loss
# caught by: style loss


def layer_style_loss(F, A):
    N = F.shape[-1]
    return tf.reduce_sum((gram(F) - A) ** 2, axis=(1, 2)) / (4 * N**2)
