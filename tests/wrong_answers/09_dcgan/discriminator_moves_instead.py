"""The generator's step moves the weights of D: the gradient must be for G.trainable_variables."""

# replaces: generator_step
# caught by: G after a step


def generator_step(D, G, optimizer, z):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.softplus(-D(G(z))))
    weights = D.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)
    return loss
