"""You took the mean: the content loss is half the sum over all channels and places."""
# replaces: content_loss
# caught by: content loss


def content_loss(F, P):
    return 0.5 * tf.reduce_mean((F - P) ** 2, axis=(1, 2, 3))
