"""The maps keep their size: each round ends in MaxPooling2D with a pool and strides of (2, 2)."""

# replaces: discriminator
# caught by: layers


def discriminator(d_n_layers, d_n_filters, side):
    D = keras.Sequential([keras.Input((side, side, 1))])
    for i in range(d_n_layers):
        D.add(Conv2D(filters=d_n_filters[i], kernel_size=(5, 5), padding="same"))
        D.add(Activation("tanh"))
    D.add(Flatten())
    D.add(Dense(64))
    D.add(Activation("tanh"))
    D.add(Dense(1))
    return D
