"""alpha weighs the content, and style has the weight 1: yours are exchanged."""
# replaces: perceptual_loss
# caught by: style alone


def perceptual_loss(painting, photo, phi, A, content_layer, alpha):
    maps, wanted = phi(painting), phi(photo)
    style = sum(tf.reduce_mean(tf.square(gram_matrix(maps[layer]) - A[layer])) for layer in A)
    content = tf.reduce_mean(tf.square(maps[content_layer] - wanted[content_layer]))
    return alpha * style + content
