"""Where nothing is known you divide 0 by 0: tf.math.divide_no_nan gives 0 there."""

# replaces: masked_loss
# caught by: nothing known


def masked_loss(p, p_hat):
    unknown = tf.math.is_nan(p)
    seen = tf.cast(~unknown, tf.float32)
    difference = p_hat - tf.where(unknown, 0.0, p)
    return tf.reduce_sum(seen * difference**2) / tf.reduce_sum(seen)
