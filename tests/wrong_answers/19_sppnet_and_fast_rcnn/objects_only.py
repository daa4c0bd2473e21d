"""Only objects pay for their class: background has to learn to be background, so it pays as
well."""

# replaces: multitask_loss
# caught by: object and background


def multitask_loss(u, t, logits, deltas):
    of_class = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=u, logits=logits)
    own = tf.gather(deltas, tf.maximum(u - 1, 0), axis=1, batch_dims=1)
    of_box = tf.where(u > 0, tf.reduce_sum(smooth_l1(own - t), axis=1), 0)
    return tf.stack([tf.reduce_mean(tf.where(u > 0, of_class, 0)), tf.reduce_mean(of_box)])
