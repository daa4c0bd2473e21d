"""You helped the expert, with label 0: the forger wants products taken for data, label 1."""
# replaces: generator_loss
# caught by: forger's loss


def generator_loss(fake):
    return tf.reduce_mean(tf.nn.softplus(fake))
