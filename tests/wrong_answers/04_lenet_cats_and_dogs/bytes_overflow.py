"""Your arithmetic overflows: a byte ends at 255 and begins again at 0, so cast to float32 first."""

# replaces: make_batches
# caught by: a batch


def make_batches(images, labels, batch_size, shuffle):
    X = (2 * images / 255 - 1).astype(np.float32)[..., None]
    data = tf.data.Dataset.from_tensor_slices((X, labels))
    if shuffle:
        data = data.shuffle(len(images))
    return data.batch(batch_size)
