"""The value is right, but its gradient is NaN: tf.where comes after the square, so the slope of
the branch that was not taken is NaN, times 0. Replace p first."""

# replaces: masked_loss
# caught by: its gradient


def masked_loss(p, p_hat):
    unknown = tf.math.is_nan(p)
    squares = tf.where(unknown, 0.0, (p_hat - p) ** 2)
    return tf.math.divide_no_nan(
        tf.reduce_sum(squares), tf.reduce_sum(tf.cast(~unknown, tf.float32))
    )
