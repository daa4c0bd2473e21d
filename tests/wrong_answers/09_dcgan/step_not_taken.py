"""The gradient is computed and not applied: optimizer.apply(gradients, weights) moves D."""

# replaces: discriminator_step
# caught by: D after a step


def discriminator_step(D, G, optimizer, x, z):
    with tf.GradientTape() as tape:
        l_real, l_fake = D(x), D(G(z))
        loss = tf.reduce_mean(tf.nn.softplus(-l_real)) + tf.reduce_mean(tf.nn.softplus(l_fake))
    tape.gradient(loss, D.trainable_variables)
    return loss
