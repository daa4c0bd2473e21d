"""Real and generated are exchanged: real pictures want softplus(-l), generated ones softplus(l)."""

# replaces: discriminator_step
# caught by: loss of D


def discriminator_step(D, G, optimizer, x, z):
    with tf.GradientTape() as tape:
        l_real, l_fake = D(x), D(G(z))
        loss = tf.reduce_mean(tf.nn.softplus(l_real)) + tf.reduce_mean(tf.nn.softplus(-l_fake))
    weights = D.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)
    return loss
