"""You scale to [0, 1]: divide by 127.5 and subtract 1, so that 0 becomes -1."""

# replaces: make_batches
# caught by: a batch


def make_batches(images, labels, batch_size, shuffle):
    data = tf.data.Dataset.from_tensor_slices((images, labels))
    if shuffle:
        data = data.shuffle(len(images))
    data = data.batch(batch_size)
    return data.map(lambda X, y: (tf.cast(X, tf.float32)[..., None] / 255, y))
