"""You shuffle pictures and labels apart, so they no longer belong together: shuffle the pairs."""

# replaces: make_batches
# caught by: shuffled


def make_batches(images, labels, batch_size, shuffle):
    X = tf.data.Dataset.from_tensor_slices(images)
    y = tf.data.Dataset.from_tensor_slices(labels)
    if shuffle:
        X, y = X.shuffle(len(images)), y.shuffle(len(labels))
    X = X.map(lambda image: tf.cast(image, tf.float32)[..., None] / 127.5 - 1)
    return tf.data.Dataset.zip((X, y)).batch(batch_size)
