"""Axis 0 is the batch: you compared one picture with the next. Height is axis 1, width axis 2."""
# replaces: total_variation
# caught by: variation of a ramp


def total_variation(y):
    right, below = y[:, 1:] - y[:, :-1], y[1:] - y[:-1]
    return sum(tf.reduce_sum(tf.square(d), axis=(1, 2, 3)) for d in (right, below))
