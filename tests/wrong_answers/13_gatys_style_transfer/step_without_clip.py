"""A long step leaves the range of pixels: clip the picture to 0…255 after it moved."""
# replaces: step
# caught by: a long step stays in range


def step(picture, network, loss, optimizer):
    with tf.GradientTape() as tape:
        values = loss(network(picture))
    optimizer.apply_gradients([(tape.gradient(values, picture), picture)])
    return values
