"""The discriminator's step moves the generator as well, to help its adversary lose: take the
gradient for D.trainable_variables alone.
"""

# replaces: discriminator_step
# caught by: G after a step of D


def discriminator_step(D, G, optimizer, x, z):
    with tf.GradientTape() as tape:
        l_real, l_fake = D(x), D(G(z))
        loss = tf.reduce_mean(tf.nn.softplus(-l_real)) + tf.reduce_mean(tf.nn.softplus(l_fake))
    weights = D.trainable_variables + G.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)
    return loss
