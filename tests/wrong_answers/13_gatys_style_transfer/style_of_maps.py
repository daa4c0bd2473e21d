"""You compared A with the maps' own mean square: take the Gram matrix of F first."""
# replaces: layer_style_loss
# caught by: style loss


def layer_style_loss(F, A):
    N, M = F.shape[-1], F.shape[1] * F.shape[2]
    own = tf.reduce_mean(F**2, axis=(1, 2))[:, None]
    return tf.reduce_sum((own - A) ** 2, axis=(1, 2)) / (4 * N**2 * M**2)
