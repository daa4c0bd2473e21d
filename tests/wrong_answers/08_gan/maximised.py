"""The sign is turned: log D is what the forger wants high; a loss is minimised, so it is -log D."""
# replaces: generator_loss
# caught by: forger's loss


def generator_loss(fake):
    return tf.reduce_mean(tf.math.log_sigmoid(fake))
