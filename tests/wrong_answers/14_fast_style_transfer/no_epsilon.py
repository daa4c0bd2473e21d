"""A flat channel has variance 0, and 0 / 0 is no number: add epsilon under the root."""
# replaces: instance_normalisation
# caught by: a flat channel


def instance_normalisation(x, gamma, beta, epsilon=1e-5):
    mean, variance = tf.nn.moments(x, axes=(1, 2), keepdims=True)
    return gamma * (x - mean) / tf.sqrt(variance) + beta
