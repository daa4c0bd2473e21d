"""That is the minimax loss, which hardly pulls on a product found out: take the mean of -log D."""
# replaces: generator_loss
# caught by: forger's loss


def generator_loss(fake):
    return -tf.reduce_mean(tf.nn.softplus(fake))
