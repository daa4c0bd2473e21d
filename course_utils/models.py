"""Networks that several lessons need and none is about."""

from __future__ import annotations

import keras

from course_utils.layers import BatchNormalization


def small_classifier(input_shape: tuple[int, int, int], classes: int) -> keras.Sequential:
    """Return an untrained classifier that learns small pictures in seconds.

    Three 5×5 convolutions with stride 2, batch normalisation and ReLU (the all-convolutional plan
    of Springenberg et al., ICLR workshop 2015), the mean over all places, and a dense layer. The
    layer named ``features`` gives 64 numbers a picture: generated pictures are judged by them from
    lesson 09 on.

    Parameters
    ----------
    input_shape : (height, width, channels)
        Each side 8 at least.
    classes : int

    Returns
    -------
    Sequential
        Takes (N, height, width, channels) in [-1, 1], gives logits (N, classes) in float32.
    """
    layers = [keras.Input(input_shape)]
    for filters in (32, 64, 64):
        layers += [
            keras.layers.Conv2D(filters, 5, 2, "same", use_bias=False),
            BatchNormalization(momentum=0.9),
            keras.layers.ReLU(),
        ]
    layers += [
        keras.layers.GlobalAveragePooling2D(name="features", dtype="float32"),
        keras.layers.Dense(classes, name="logits", dtype="float32"),
    ]
    return keras.Sequential(layers)
