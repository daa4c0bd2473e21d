"""Losses in TensorFlow: the table of lesson 01, and those of adversarial training.

Every result is float64 where the answer is float64, else float32: a loss in bfloat16 would stop
falling long before the network stops learning.

The table (lesson 01 builds it in NumPy and shows that both agree) gives one number for each
element, what one answer costs. Each of its functions takes the truth ``y`` and the answer ``h``:
tensors, arrays or numbers of equal shape (or one of them a single number), of any real dtype. The
result has the shape of the larger one. A cost is the mean of a loss over a set:
``tf.reduce_mean(losses.huber(y, h))``.

The losses of adversarial training (lesson 08 builds them) are costs: one number for a batch of
logits.
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


# --- adversarial training: the logits l of a discriminator D = sigmoid(l), real = 1, fake = 0 ---


def gan_discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """-V = -E[log D(x)] - E[log(1 - D(G(z)))] (Goodfellow et al., NeurIPS 2014, equation 1).

    The sum of two means, so log 4 = 1.386 where D is 1/2 everywhere; the two batches may differ in
    size.

    Parameters
    ----------
    real_logits, fake_logits : tensor
        The discriminator's answers before its sigmoid, of any shape: for data, and for what the
        generator made. For the discriminator's step the latter should not lead back into the
        generator (`tf.stop_gradient`, or a tape's gradients for D's weights alone).

    Returns
    -------
    tensor ()
    """
    real_logits, fake_logits = _wide(real_logits), _wide(fake_logits)
    return tf.reduce_mean(tf.nn.softplus(-real_logits)) + tf.reduce_mean(
        tf.nn.softplus(fake_logits)
    )


def gan_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """-E[log D(G(z))], the "non-saturating" loss (Goodfellow et al. 2014, section 3).

    Its derivative by a logit, -(1 - D) for a batch of one, is nearly -1 where the fake is found
    out. Takes logits of any shape; returns one number.
    """
    return tf.reduce_mean(tf.nn.softplus(-_wide(fake_logits)))


def gan_generator_minimax_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """E[log(1 - D(G(z)))], what G minimises in the minimax game (Goodfellow et al. 2014, eq. 1).

    Its derivative by a logit, -D for a batch of one, is nearly 0 where the fake is found out:
    lesson 08 shows G stand still. Takes logits of any shape; returns one number.
    """
    return -tf.reduce_mean(tf.nn.softplus(_wide(fake_logits)))


def _wide(logits: tf.Tensor) -> tf.Tensor:
    logits = tf.convert_to_tensor(logits)
    return tf.cast(logits, tf.float64 if logits.dtype == tf.float64 else tf.float32)


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
