"""Your buffer is too small, the last pictures never come early: it must hold all of them."""

# replaces: make_batches
# caught by: shuffled


def make_batches(images, labels, batch_size, shuffle):
    data = tf.data.Dataset.from_tensor_slices((images, labels))
    if shuffle:
        data = data.shuffle(batch_size)
    data = data.batch(batch_size)
    return data.map(lambda X, y: (tf.cast(X, tf.float32)[..., None] / 127.5 - 1, y))
