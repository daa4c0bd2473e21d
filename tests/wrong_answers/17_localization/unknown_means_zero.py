"""Here unknown points count as points at 0, and the network is pulled into the corner: multiply
their error by 0 too."""

# replaces: masked_loss
# caught by: masked loss


def masked_loss(p, p_hat):
    p = tf.where(tf.math.is_nan(p), 0.0, p)
    return tf.reduce_mean((p_hat - p) ** 2)
