"""Without a ReLU between them two convolutions are no more than one: put it after the first."""
# replaces: residual_block
# caught by: residual block


def residual_block(x, kernels, norms):
    sides = ((0, 0), (1, 1), (1, 1), (0, 0))
    y = x
    for kernel, norm in zip(kernels, norms, strict=True):
        y = norm(tf.nn.conv2d(tf.pad(y, sides, mode="REFLECT"), kernel, 1, "VALID"))
    return x + y
