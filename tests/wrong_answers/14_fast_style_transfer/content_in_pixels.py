"""Content is compared in phi's maps: pixel by pixel no stroke could ever be allowed."""
# replaces: perceptual_loss
# caught by: content alone


def perceptual_loss(painting, photo, phi, A, content_layer, alpha):
    maps = phi(painting)
    style = sum(tf.reduce_mean(tf.square(gram_matrix(maps[layer]) - A[layer])) for layer in A)
    return style + alpha * tf.reduce_mean(tf.square(painting - photo))
