"""Your labels are swapped: data have label 1, so -log D belongs to real, -log(1 - D) to fake."""
# replaces: discriminator_loss
# caught by: expert's loss


def discriminator_loss(real, fake):
    return tf.reduce_mean(tf.nn.softplus(real)) + tf.reduce_mean(tf.nn.softplus(-fake))
