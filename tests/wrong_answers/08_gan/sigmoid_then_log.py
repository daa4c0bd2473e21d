"""The sigmoid of a large logit is rounded to 0 or 1, and log 0 is infinite: use softplus."""
# replaces: discriminator_loss
# caught by: very sure, very wrong


def discriminator_loss(real, fake):
    real, fake = tf.sigmoid(real), tf.sigmoid(fake)
    return -tf.reduce_mean(tf.math.log(real)) - tf.reduce_mean(tf.math.log(1 - fake))
