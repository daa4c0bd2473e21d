"""The table of losses: what one answer costs, one number for each element, in TensorFlow.

Lesson 01 builds them in NumPy and shows that both agree. A cost is the mean of a loss over a set:
``tf.reduce_mean(losses.huber(y, h))``.

Every function takes the truth ``y`` and the answer ``h``: tensors, arrays or numbers of equal
shape (or one of them a single number), of any real dtype. The result has the shape of the larger
one and is float64 where ``h`` is float64, else float32: a loss in bfloat16 would stop falling long
before the network stops learning.
"""

from __future__ import annotations

import tensorflow as tf

# --- y is -1 or +1, h any number: only the margin y * h counts ---


def zero_one(y: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
    """1 where sign(h) is not y, else 0. Its derivative is 0 wherever it has one.

    h = 0 decides for neither label and counts as wrong, so that hinge, exponential and
    logistic / ln 2 lie nowhere below.
    """
    y, h = _pair(y, h)
    return tf.cast(y * h <= 0, h.dtype)


def logistic(y: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
    """log(1 + exp(-2 y h)): cross-entropy of the probability 1 / (1 + exp(-2 h)) for y = +1.

    The 2 makes h half of the log-odds (Friedman, Hastie and Tibshirani, Annals of Statistics
    2000, section 4); Keras's sigmoid cross-entropy takes the log-odds 2 h themselves.
    """
    y, h = _pair(y, h)
    return tf.nn.softplus(-2 * y * h)  # does not overflow, as log(1 + exp()) would


def exponential(y: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
    """exp(-y h), the loss of AdaBoost (Friedman, Hastie and Tibshirani 2000, section 4)."""
    y, h = _pair(y, h)
    return tf.exp(-y * h)


def hinge(y: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
    """max(0, 1 - y h), the loss of support vector machines (Cortes and Vapnik 1995)."""
    y, h = _pair(y, h)
    return tf.nn.relu(1 - y * h)


# --- y and h are any numbers: only the residual y - h counts ---


def squared(y: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
    """(y - h)² / 2, "L2"; the half makes its derivative by h plainly h - y."""
    y, h = _pair(y, h)
    return tf.square(y - h) / 2


def absolute(y: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
    """|y - h|, "L1"; its derivative is 0 at y = h."""
    y, h = _pair(y, h)
    return tf.abs(y - h)


def huber(y: tf.Tensor, h: tf.Tensor, delta: float = 1.0) -> tf.Tensor:
    """(y - h)² / 2 where |y - h| <= delta, else delta |y - h| - delta² / 2 (Huber 1964).

    Smooth L1 of the detection papers is ``huber(y, h, 1 / s**2) * s**2`` for their sigma s.

    Parameters
    ----------
    y, h : tensor
        Of equal shape.
    delta : float
        Above 0, in the unit of y: where the parabola gives way to straight lines.

    Raises
    ------
    ValueError
        delta is not above 0, or the shapes differ.
    """
    if delta <= 0:
        raise ValueError(f"Huber's delta is {delta}; it must be above 0, in the unit of y.")
    y, h = _pair(y, h)
    size = tf.abs(y - h)
    inside = tf.minimum(size, tf.cast(delta, size.dtype))
    return tf.square(inside) / 2 + delta * (size - inside)


def _pair(y: tf.Tensor, h: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    y, h = tf.convert_to_tensor(y), tf.convert_to_tensor(h)
    alike = y.shape.is_compatible_with(h.shape)
    if not alike and y.shape.rank != 0 and h.shape.rank != 0:
        # broadcasting (N,) with (N, 1) would compare every answer with every truth
        raise ValueError(
            f"y has the shape {y.shape} and h {h.shape}; a loss compares one with one: "
            "reshape the one or the other."
        )
    dtype = tf.float64 if h.dtype == tf.float64 else tf.float32
    return tf.cast(y, dtype), tf.cast(h, dtype)
