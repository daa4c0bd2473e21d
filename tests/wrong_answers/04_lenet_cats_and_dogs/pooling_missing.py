"""Is a pooling missing? Each convolution is followed by one, which makes 14×14 of 28×28."""

# replaces: modern_lenet
# caught by: layers, one by one


def modern_lenet(size, classes):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((size, size, 1)),
            layers.Conv2D(6, 5, activation="relu"),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(classes),
        ]
    )
