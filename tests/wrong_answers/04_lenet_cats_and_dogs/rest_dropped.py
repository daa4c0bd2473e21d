"""drop_remainder loses the pictures of the last, smaller batch: leave it out."""

# replaces: make_batches
# caught by: each picture once


def make_batches(images, labels, batch_size, shuffle):
    data = tf.data.Dataset.from_tensor_slices((images, labels))
    if shuffle:
        data = data.shuffle(len(images))
    data = data.batch(batch_size, drop_remainder=True)
    return data.map(lambda X, y: (tf.cast(X, tf.float32)[..., None] / 127.5 - 1, y))
