"""The offset is added last: gamma times the normalised map, and then beta."""
# replaces: instance_normalisation
# caught by: scaled and shifted


def instance_normalisation(x, gamma, beta, epsilon=1e-5):
    mean, variance = tf.nn.moments(x, axes=(1, 2), keepdims=True)
    return gamma * ((x - mean) / tf.sqrt(variance + epsilon) + beta)
