"""You take the squared difference: use smooth_l1, which is a line for large ones."""

# replaces: rpn_loss
# caught by: one object


def rpn_loss(labels, targets, logits, deltas):
    taken, is_object = labels >= 0, labels == 1
    n = tf.reduce_sum(tf.cast(taken, tf.float32))
    truth = tf.cast(is_object, tf.float32)
    crossed = tf.nn.sigmoid_cross_entropy_with_logits(labels=truth, logits=logits)
    moved = tf.reduce_sum((deltas - targets) ** 2, axis=1)
    classes = tf.reduce_sum(tf.where(taken, crossed, 0))
    return tf.stack([classes, tf.reduce_sum(tf.where(is_object, moved, 0))]) / n
