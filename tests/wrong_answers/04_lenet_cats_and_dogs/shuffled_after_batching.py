"""You shuffle whole batches, with neighbours still together: shuffle first, then batch."""

# replaces: make_batches
# caught by: shuffled


def make_batches(images, labels, batch_size, shuffle):
    data = tf.data.Dataset.from_tensor_slices((images, labels))
    data = data.batch(batch_size)
    if shuffle:
        data = data.shuffle(len(images))
    return data.map(lambda X, y: (tf.cast(X, tf.float32)[..., None] / 127.5 - 1, y))
