"""Divided by the variance, a channel of high contrast becomes a faint one: take its square root."""
# replaces: instance_normalisation
# caught by: normalised


def instance_normalisation(x, gamma, beta, epsilon=1e-5):
    mean, variance = tf.nn.moments(x, axes=(1, 2), keepdims=True)
    return gamma * (x - mean) / (variance + epsilon) + beta
