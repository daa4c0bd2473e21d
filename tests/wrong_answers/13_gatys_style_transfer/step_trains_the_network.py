"""You trained the loss network: the judge must stand still, ask for the picture's gradient."""
# replaces: step
# caught by: one step


def step(picture, network, loss, optimizer):
    with tf.GradientTape() as tape:
        values = loss(network(picture))
    gradients = tape.gradient(values, network.trainable_variables)
    optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
    picture.assign(tf.clip_by_value(picture, 0.0, 255.0))
    return values
