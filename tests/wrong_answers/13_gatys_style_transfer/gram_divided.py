"""You divided by M already, and E would do it twice: here the Gram matrix is the plain sum."""
# replaces: gram
# caught by: Gram matrix


def gram(F):
    rows = tf.reshape(F, (F.shape[0], -1, F.shape[-1]))
    return tf.matmul(rows, rows, transpose_a=True) / rows.shape[1]
