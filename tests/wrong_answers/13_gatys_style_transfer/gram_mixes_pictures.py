"""You put all pictures of the batch into one table: each has a Gram matrix of its own."""
# replaces: gram
# caught by: Gram matrices of two pictures


def gram(F):
    rows = tf.reshape(F, (-1, F.shape[-1]))
    return tf.matmul(rows, rows, transpose_a=True)[None]
