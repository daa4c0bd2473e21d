"""You take the largest of each 2×2 pixels: the published S2 takes their average."""

# replaces: trainable_average
# caught by: one map


def trainable_average(X, c, b):
    largest = tf.nn.max_pool2d(X, ksize=2, strides=2, padding="VALID")
    return scaled_tanh(c * largest + b)
