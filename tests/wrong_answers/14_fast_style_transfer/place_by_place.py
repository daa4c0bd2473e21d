"""You normalised each place over its channels: take the mean over the places, axes 1 and 2."""
# replaces: instance_normalisation
# caught by: normalised


def instance_normalisation(x, gamma, beta, epsilon=1e-5):
    mean, variance = tf.nn.moments(x, axes=(-1,), keepdims=True)
    return gamma * (x - mean) / tf.sqrt(variance + epsilon) + beta
