"""Ignored anchors pay for their boxes: labels != 0 is true for -1 too, so ask for labels == 1."""

# replaces: rpn_loss
# caught by: ignored as well


def rpn_loss(labels, targets, logits, deltas):
    taken, is_object = labels >= 0, labels == 1
    n = tf.reduce_sum(tf.cast(taken, tf.float32))
    truth = tf.cast(is_object, tf.float32)
    crossed = tf.nn.sigmoid_cross_entropy_with_logits(labels=truth, logits=logits)
    moved = tf.reduce_sum(smooth_l1(deltas - targets), axis=1)
    classes = tf.reduce_sum(tf.where(taken, crossed, 0))
    return tf.stack([classes, tf.reduce_sum(tf.where(labels != 0, moved, 0))]) / n
