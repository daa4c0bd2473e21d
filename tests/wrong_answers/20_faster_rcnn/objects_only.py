"""Only objects pay for their class: background has to learn to be background, so it pays as
well."""

# replaces: rpn_loss
# caught by: object and background


def rpn_loss(labels, targets, logits, deltas):
    taken, is_object = labels >= 0, labels == 1
    n = tf.reduce_sum(tf.cast(taken, tf.float32))
    truth = tf.cast(is_object, tf.float32)
    crossed = tf.nn.sigmoid_cross_entropy_with_logits(labels=truth, logits=logits)
    moved = tf.reduce_sum(smooth_l1(deltas - targets), axis=1)
    classes = tf.reduce_sum(tf.where(is_object, crossed, 0))
    return tf.stack([classes, tf.reduce_sum(tf.where(is_object, moved, 0))]) / n
