"""You always ask for the box of class 1: each object has the box of its own class, u - 1."""

# replaces: multitask_loss
# caught by: three classes


def multitask_loss(u, t, logits, deltas):
    of_class = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=u, logits=logits)
    own = deltas[:, 0]
    of_box = tf.where(u > 0, tf.reduce_sum(smooth_l1(own - t), axis=1), 0)
    return tf.stack([tf.reduce_mean(of_class), tf.reduce_mean(of_box)])
