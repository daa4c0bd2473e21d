"""Ignored anchors pay as if they were background: leave out the rows with -1."""

# replaces: rpn_loss
# caught by: ignored as well


def rpn_loss(labels, targets, logits, deltas):
    taken, is_object = labels >= -1, labels == 1
    n = tf.reduce_sum(tf.cast(taken, tf.float32))
    truth = tf.cast(is_object, tf.float32)
    crossed = tf.nn.sigmoid_cross_entropy_with_logits(labels=truth, logits=logits)
    moved = tf.reduce_sum(smooth_l1(deltas - targets), axis=1)
    classes = tf.reduce_sum(tf.where(taken, crossed, 0))
    return tf.stack([classes, tf.reduce_sum(tf.where(is_object, moved, 0))]) / n
