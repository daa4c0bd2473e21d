"""Between convolution and pooling the Activation("tanh") is missing: without it the rounds are
linear but for the maximum.
"""

# replaces: discriminator
# caught by: layers


def discriminator(d_n_layers, d_n_filters, side):
    D = keras.Sequential([keras.Input((side, side, 1))])
    for i in range(d_n_layers):
        D.add(Conv2D(filters=d_n_filters[i], kernel_size=(5, 5), padding="same"))
        D.add(MaxPooling2D(pool_size=(2, 2), strides=(2, 2)))
    D.add(Flatten())
    D.add(Dense(64))
    D.add(Activation("tanh"))
    D.add(Dense(1))
    return D
