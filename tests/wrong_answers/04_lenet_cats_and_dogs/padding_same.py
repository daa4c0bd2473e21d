"""You pad: without padding="same" a 5×5 kernel takes 4 pixels off each side, 32 becomes 28."""

# replaces: modern_lenet
# caught by: layers, one by one


def modern_lenet(size, classes):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((size, size, 1)),
            layers.Conv2D(6, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(classes),
        ]
    )
