"""All channels share one mean here: leave the channel axis out of the mean and the variance."""
# replaces: instance_normalisation
# caught by: normalised


def instance_normalisation(x, gamma, beta, epsilon=1e-5):
    mean, variance = tf.nn.moments(x, axes=(1, 2, 3), keepdims=True)
    return gamma * (x - mean) / tf.sqrt(variance + epsilon) + beta
