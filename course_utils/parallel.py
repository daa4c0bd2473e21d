"""Puts two cores to work on one batch."""

from __future__ import annotations

import keras
import tensorflow as tf


def in_halves(model: keras.Model, X: tf.Tensor, training: bool = False) -> tf.Tensor | dict | list:
    """Return `model(X)`, computed as two batches of half the size that do not wait for each other.

    For `runtime.start(branches=2)`: on two cores each takes a half, which is quicker than to share
    out every small operation. In training, batch normalisation takes its statistics from a half
    (ghost batch normalisation: Hoffer, Hubara and Soudry, NeurIPS 2017).

    Parameters
    ----------
    model : Model
        Gives a tensor, or a list or dictionary of tensors, with one row a picture.
    X : tensor (N, …)
        One picture at least.
    training : bool

    Returns
    -------
    tensor, list or dict
        What `model(X)` gives, N rows each.
    """
    count = tf.shape(X)[0]
    half = (count + 1) // 2  # the halves share an odd one's middle picture: none is ever empty
    first, second = (model(own, training=training) for own in (X[:half], X[count - half :]))
    return tf.nest.map_structure(lambda a, b: tf.concat([a, b[count % 2 :]], axis=0), first, second)
