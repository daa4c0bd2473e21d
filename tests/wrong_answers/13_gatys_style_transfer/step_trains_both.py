"""Your step moves the network along with the picture: give the optimiser the picture alone."""
# replaces: step
# caught by: one step


def step(picture, network, loss, optimizer):
    everything = [picture, *network.trainable_variables]
    with tf.GradientTape() as tape:
        values = loss(network(picture))
    optimizer.apply_gradients(zip(tape.gradient(values, everything), everything, strict=True))
    picture.assign(tf.clip_by_value(picture, 0.0, 255.0))
    return values
