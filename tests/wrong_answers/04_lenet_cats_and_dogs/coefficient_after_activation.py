"""You scale after the activation: c and b belong inside, f(c · average + b)."""

# replaces: trainable_average
# caught by: one map


def trainable_average(X, c, b):
    average = tf.nn.avg_pool2d(X, ksize=2, strides=2, padding="VALID")
    return c * scaled_tanh(average) + b
