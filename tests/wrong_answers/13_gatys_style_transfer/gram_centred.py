"""You took the mean away, which gives M times the covariance: a Gram matrix keeps it."""
# replaces: gram
# caught by: Gram matrix


def gram(F):
    rows = tf.reshape(F, (F.shape[0], -1, F.shape[-1]))
    rows = rows - tf.reduce_mean(rows, axis=1, keepdims=True)
    return tf.matmul(rows, rows, transpose_a=True)
