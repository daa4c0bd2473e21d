"""SYMMETRIC repeats the border row; REFLECT begins with the row behind it."""
# replaces: residual_block
# caught by: residual block


def residual_block(x, kernels, norms):
    sides = ((0, 0), (1, 1), (1, 1), (0, 0))
    y = norms[0](tf.nn.conv2d(tf.pad(x, sides, mode="SYMMETRIC"), kernels[0], 1, "VALID"))
    y = tf.nn.relu(y)
    y = norms[1](tf.nn.conv2d(tf.pad(y, sides, mode="SYMMETRIC"), kernels[1], 1, "VALID"))
    return x + y
