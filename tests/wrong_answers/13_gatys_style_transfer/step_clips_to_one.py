"""You clip to 0…1, and the picture goes black: here pixels lie in 0…255."""
# replaces: step
# caught by: one step


def step(picture, network, loss, optimizer):
    with tf.GradientTape() as tape:
        values = loss(network(picture))
    optimizer.apply_gradients([(tape.gradient(values, picture), picture)])
    picture.assign(tf.clip_by_value(picture, 0.0, 1.0))
    return values
