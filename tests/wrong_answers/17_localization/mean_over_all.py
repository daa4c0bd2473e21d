"""You divide by all numbers: the mean goes over the known ones alone, so divide by the sum of the
mask."""

# replaces: masked_loss
# caught by: masked loss


def masked_loss(p, p_hat):
    unknown = tf.math.is_nan(p)
    difference = tf.where(unknown, 0.0, p_hat - tf.where(unknown, 0.0, p))
    return tf.reduce_mean(difference**2)
