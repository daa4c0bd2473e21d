"""The sigmoid is applied twice: with from_logits=True the loss takes the logits as they are."""
# replaces: discriminator_loss
# caught by: expert's loss


def discriminator_loss(real, fake):
    crossed = keras.losses.BinaryCrossentropy(from_logits=True)
    real, fake = tf.sigmoid(real), tf.sigmoid(fake)
    return crossed(tf.ones_like(real), real) + crossed(tf.zeros_like(fake), fake)
