"""This is the minimax loss log(1 - D), whose slope vanishes where the fake is found out; the
non-saturating one is the mean of softplus(-l).
"""

# replaces: generator_step
# caught by: loss of G


def generator_step(D, G, optimizer, z):
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(tf.nn.softplus(D(G(z))))
    weights = G.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)
    return loss
