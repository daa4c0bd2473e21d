"""N and M are squared in the normaliser, 1 / (4 N² M²), as the Gram matrix is in the sum."""
# replaces: layer_style_loss
# caught by: style loss


def layer_style_loss(F, A):
    N, M = F.shape[-1], F.shape[1] * F.shape[2]
    return tf.reduce_sum((gram(F) - A) ** 2, axis=(1, 2)) / (4 * N * M)
