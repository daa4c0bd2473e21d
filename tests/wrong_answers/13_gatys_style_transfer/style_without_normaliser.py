"""The normaliser 1 / (4 N² M²) is missing: large layers and pictures would rule the sum."""
# replaces: layer_style_loss
# caught by: style loss


def layer_style_loss(F, A):
    return tf.reduce_sum((gram(F) - A) ** 2, axis=(1, 2))
