"""The bias is missing: it is added before the activation, f(c · average + b)."""

# replaces: trainable_average
# caught by: one map


def trainable_average(X, c, b):
    average = tf.nn.avg_pool2d(X, ksize=2, strides=2, padding="VALID")
    return scaled_tanh(c * average)
