"""Only the real pictures count: add the term for the generated ones, softplus(l)."""

# replaces: discriminator_step
# caught by: loss of D


def discriminator_step(D, G, optimizer, x, z):
    with tf.GradientTape() as tape:
        l_real = D(x)
        loss = tf.reduce_mean(tf.nn.softplus(-l_real))
    weights = D.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)
    return loss
