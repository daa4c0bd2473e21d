"""The table is transposed: that is M × M, place by place; a Gram matrix is N × N, by channels."""
# replaces: gram
# caught by: Gram matrix


def gram(F):
    rows = tf.reshape(F, (F.shape[0], -1, F.shape[-1]))
    return tf.matmul(rows, rows, transpose_b=True)
