"""NaN times 0 still is NaN: replace what is not known first, with tf.where, and then multiply by
the mask."""

# replaces: masked_loss
# caught by: masked loss


def masked_loss(p, p_hat):
    seen = tf.cast(~tf.math.is_nan(p), tf.float32)
    total = tf.reduce_sum(seen * (p_hat - p) ** 2)
    return tf.math.divide_no_nan(total, tf.reduce_sum(seen))
