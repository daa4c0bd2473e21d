"""That is batch normalisation: leave the batch axis out, or a picture depends on the others."""
# replaces: instance_normalisation
# caught by: scaled and shifted


def instance_normalisation(x, gamma, beta, epsilon=1e-5):
    mean, variance = tf.nn.moments(x, axes=(0, 1, 2))
    return gamma * (x - mean) / tf.sqrt(variance + epsilon) + beta
