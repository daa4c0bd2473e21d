"""phi takes pixels in 0…255: divided by 255 every picture is black to it."""
# replaces: perceptual_loss
# caught by: style alone


def perceptual_loss(painting, photo, phi, A, content_layer, alpha):
    maps, wanted = phi(painting / 255), phi(photo / 255)
    style = sum(tf.reduce_mean(tf.square(gram_matrix(maps[layer]) - A[layer])) for layer in A)
    content = tf.reduce_mean(tf.square(maps[content_layer] - wanted[content_layer]))
    return style + alpha * content
