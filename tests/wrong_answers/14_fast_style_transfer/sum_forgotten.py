"""Your block forgets x: what the two convolutions make is added to it."""
# replaces: residual_block
# caught by: a block of zeros


def residual_block(x, kernels, norms):
    sides = ((0, 0), (1, 1), (1, 1), (0, 0))
    y = norms[0](tf.nn.conv2d(tf.pad(x, sides, mode="REFLECT"), kernels[0], 1, "VALID"))
    y = tf.nn.relu(y)
    return norms[1](tf.nn.conv2d(tf.pad(y, sides, mode="REFLECT"), kernels[1], 1, "VALID"))
