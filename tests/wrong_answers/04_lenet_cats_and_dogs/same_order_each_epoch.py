"""You shuffle once, all epochs have the same order: shuffle inside the pipeline, by shuffle(N)."""

# replaces: make_batches
# caught by: shuffled


def make_batches(images, labels, batch_size, shuffle):
    data = tf.data.Dataset.from_tensor_slices((images, labels))
    if shuffle:
        data = data.shuffle(len(images), reshuffle_each_iteration=False)
    data = data.batch(batch_size)
    return data.map(lambda X, y: (tf.cast(X, tf.float32)[..., None] / 127.5 - 1, y))
