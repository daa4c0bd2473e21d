"""You compared the photograph's Gram matrices: it is the painting's that must come near A."""
# replaces: perceptual_loss
# caught by: style alone


def perceptual_loss(painting, photo, phi, A, content_layer, alpha):
    maps, wanted = phi(painting), phi(photo)
    style = sum(tf.reduce_mean(tf.square(gram_matrix(wanted[layer]) - A[layer])) for layer in A)
    content = tf.reduce_mean(tf.square(maps[content_layer] - wanted[content_layer]))
    return style + alpha * content
