"""A reshape to N × M mixes channels and places: reshape to M × N and transpose in the product."""
# replaces: gram
# caught by: Gram matrix


def gram(F):
    rows = tf.reshape(F, (F.shape[0], F.shape[-1], -1))
    return tf.matmul(rows, rows, transpose_b=True)
