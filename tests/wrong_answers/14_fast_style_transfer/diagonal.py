"""You took the neighbour across the corner: one difference goes to the right, one goes down."""
# replaces: total_variation
# caught by: variation of a ramp


def total_variation(y):
    return tf.reduce_sum(tf.square(y[:, 1:, 1:] - y[:, :-1, :-1]), axis=(1, 2, 3))
