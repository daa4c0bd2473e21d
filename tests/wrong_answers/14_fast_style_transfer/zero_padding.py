"""SAME pads with zeros, which paints a frame: pad by reflection, then convolve with VALID."""
# replaces: residual_block
# caught by: residual block


def residual_block(x, kernels, norms):
    y = tf.nn.relu(norms[0](tf.nn.conv2d(x, kernels[0], 1, "SAME")))
    return x + norms[1](tf.nn.conv2d(y, kernels[1], 1, "SAME"))
