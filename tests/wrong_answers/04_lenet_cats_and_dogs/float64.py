"""NumPy's division makes float64: the networks of the lesson take float32, so cast to it."""

# replaces: make_batches
# caught by: a batch


def make_batches(images, labels, batch_size, shuffle):
    data = tf.data.Dataset.from_tensor_slices((images[..., None] / 127.5 - 1, labels))
    if shuffle:
        data = data.shuffle(len(images))
    return data.batch(batch_size)
