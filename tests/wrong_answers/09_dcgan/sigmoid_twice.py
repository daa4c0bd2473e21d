"""The logits go through a sigmoid before softplus, which has the sigmoid in it already: give
softplus the logits as D returns them.
"""

# replaces: discriminator_step
# caught by: loss of D


def discriminator_step(D, G, optimizer, x, z):
    with tf.GradientTape() as tape:
        l_real, l_fake = D(x), D(G(z))
        l_real, l_fake = tf.sigmoid(l_real), tf.sigmoid(l_fake)
        loss = tf.reduce_mean(tf.nn.softplus(-l_real)) + tf.reduce_mean(tf.nn.softplus(l_fake))
    weights = D.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)
    return loss
