"""Background pays for a box as well: it has none to learn, so count the boxes where u is 1 or
more only."""

# replaces: multitask_loss
# caught by: object and background


def multitask_loss(u, t, logits, deltas):
    of_class = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=u, logits=logits)
    own = tf.gather(deltas, tf.maximum(u - 1, 0), axis=1, batch_dims=1)
    of_box = tf.reduce_sum(smooth_l1(own - t), axis=1)
    return tf.stack([tf.reduce_mean(of_class), tf.reduce_mean(of_box)])
