"""The ReLU comes behind the normalisation: before it, half of each map would be gone."""
# replaces: residual_block
# caught by: residual block


def residual_block(x, kernels, norms):
    sides = ((0, 0), (1, 1), (1, 1), (0, 0))
    y = tf.nn.relu(tf.nn.conv2d(tf.pad(x, sides, mode="REFLECT"), kernels[0], 1, "VALID"))
    y = norms[0](y)
    y = norms[1](tf.nn.conv2d(tf.pad(y, sides, mode="REFLECT"), kernels[1], 1, "VALID"))
    return x + y
