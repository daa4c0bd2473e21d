"""The differences are squared here, so that large ones cost most; yours are absolute values."""
# replaces: total_variation
# caught by: variation of a ramp


def total_variation(y):
    right, below = y[:, :, 1:] - y[:, :, :-1], y[:, 1:] - y[:, :-1]
    return sum(tf.reduce_sum(tf.abs(d), axis=(1, 2, 3)) for d in (right, below))
