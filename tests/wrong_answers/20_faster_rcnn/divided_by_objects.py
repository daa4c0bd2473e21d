"""You divide the boxes' cost by the number of objects: both are divided by n, objects and
background."""

# replaces: rpn_loss
# caught by: object and background


def rpn_loss(labels, targets, logits, deltas):
    taken, is_object = labels >= 0, labels == 1
    n = tf.reduce_sum(tf.cast(taken, tf.float32))
    truth = tf.cast(is_object, tf.float32)
    crossed = tf.nn.sigmoid_cross_entropy_with_logits(labels=truth, logits=logits)
    moved = tf.reduce_sum(smooth_l1(deltas - targets), axis=1)
    classes = tf.reduce_sum(tf.where(taken, crossed, 0))
    boxes = tf.reduce_sum(tf.where(is_object, moved, 0)) / tf.reduce_sum(truth)
    return tf.stack([classes / n, boxes])
