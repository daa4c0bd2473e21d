"""You added the pictures of the batch up: leave axis 0 alone, one number for each picture."""
# replaces: content_loss
# caught by: content loss of two pictures


def content_loss(F, P):
    return 0.5 * tf.reduce_sum((F - P) ** 2)
