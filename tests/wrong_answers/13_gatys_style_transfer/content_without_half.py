"""The half is missing: with it the derivative by F is plainly F - P."""
# replaces: content_loss
# caught by: content loss


def content_loss(F, P):
    return tf.reduce_sum((F - P) ** 2, axis=(1, 2, 3))
