"""Your picture climbs: an optimiser subtracts the gradient itself, so don't turn its sign."""
# replaces: step
# caught by: one step


def step(picture, network, loss, optimizer):
    with tf.GradientTape() as tape:
        values = loss(network(picture))
    optimizer.apply_gradients([(-tape.gradient(values, picture), picture)])
    picture.assign(tf.clip_by_value(picture, 0.0, 255.0))
    return values
