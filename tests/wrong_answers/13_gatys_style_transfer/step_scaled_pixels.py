"""The network does its own preprocessing, from 0…255: don't divide the picture by 255."""
# replaces: step
# caught by: one step


def step(picture, network, loss, optimizer):
    with tf.GradientTape() as tape:
        values = loss(network(picture / 255.0))
    optimizer.apply_gradients([(tape.gradient(values, picture), picture)])
    picture.assign(tf.clip_by_value(picture, 0.0, 255.0))
    return values
