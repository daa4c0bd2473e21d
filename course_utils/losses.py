"""Losses in TensorFlow: a table, adversarial training, detection, style.

Every result is float64 where the answer is float64, else float32: a loss in bfloat16 would stop
falling long before the network stops learning.

The table (lesson 01 builds it in NumPy and shows that both agree) gives one number for each
element, what one answer costs. Each of its functions takes the truth ``y`` and the answer ``h``:
tensors, arrays or numbers of equal shape (or one of them a single number), of any real dtype. The
result has the shape of the larger one. A cost is the mean of a loss over a set:
``tf.reduce_mean(losses.huber(y, h))``.

The losses of adversarial training (lesson 08 builds them) and of detection (lesson 19) are costs:
one number for a batch. Those of style transfer (lesson 13) are one number for each picture.
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


# --- detection: rows are regions or anchors, label 0 is background, -1 takes no part ---


def multitask_loss(
    labels: tf.Tensor,
    targets: tf.Tensor,
    logits: tf.Tensor,
    deltas: tf.Tensor,
    sigma: float = 1.0,
) -> tuple[tf.Tensor, tf.Tensor]:
    """What a detector pays for wrong classes, and for where it puts the boxes of objects.

    The class costs its cross-entropy. The box costs smooth L1, summed over (tx, ty, tw, th) and
    taken for objects only: background has no box to learn. Both sums are divided by the number of
    rows that take part, background included, so that a picture with one object does not pull
    harder at its box than one with ten (Girshick, "Fast R-CNN", ICCV 2015, section 2.3; with two
    classes and ``sigma=3`` it is the loss of a region proposal network, Ren et al., NeurIPS 2015,
    equation 1, where the paper's λ = 10 makes up for another divisor).

    Parameters
    ----------
    labels : tensor (N,) int
        1 to K object of that class, 0 background, below 0 ignored. N may be 0.
    targets : tensor (N, 4)
        `boxes.encode` of each object, normalised as the network's answers are; other rows are not
        looked at.
    logits : tensor (N, K + 1)
        Background first.
    deltas : tensor (N, K, 4)
        A box for each class; K = 1 for a proposal network.
    sigma : float
        Above 0: smooth L1 is a parabola below 1 / sigma².

    Returns
    -------
    tuple of tensors ()
        The cost of the classes and that of the boxes.
    """
    logits = _wide(logits)
    deltas, targets = tf.cast(deltas, logits.dtype), tf.cast(targets, logits.dtype)
    labels = tf.cast(labels, tf.int32)
    is_object = labels > 0
    count = tf.cast(tf.maximum(tf.reduce_sum(tf.cast(labels >= 0, tf.int32)), 1), logits.dtype)

    class_costs = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(labels, 0), logits)
    class_cost = tf.reduce_sum(tf.where(labels >= 0, class_costs, 0)) / count

    own = tf.gather(deltas, tf.maximum(labels - 1, 0), axis=1, batch_dims=1)
    own = tf.where(is_object[:, None], own, 0)
    targets = tf.where(is_object[:, None], targets, 0)
    box_cost = tf.reduce_sum(huber(targets, own, 1 / sigma**2)) * sigma**2 / count
    return class_cost, box_cost


# --- style transfer: one number for each picture of a batch; N channels, M places ---


def gram_matrix(maps: tf.Tensor) -> tf.Tensor:
    """G = F Fᵀ / M: how strongly each two channels answer at the same places, on the mean.

    Gatys, Ecker and Bethge, "Image style transfer using convolutional neural networks", CVPR 2016,
    equation 3, where the division by M is part of equation 4: done here, it also compares pictures
    of different sizes. Lesson 13 builds it.

    Parameters
    ----------
    maps : tensor (B, H, W, N)
        Feature maps, M = H · W.

    Returns
    -------
    tensor (B, N, N)
    """
    maps = _wide(maps)
    shape = tf.shape(maps)
    rows = tf.reshape(maps, (shape[0], -1, maps.shape[-1]))
    return tf.matmul(rows, rows, transpose_a=True) / tf.cast(shape[1] * shape[2], maps.dtype)


def content_loss(maps: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Half the sum of the squared differences of feature maps (Gatys et al. 2016, equation 1).

    Takes maps (B, H, W, N) of the picture and of the content, whose B may be 1; returns (B,).
    """
    difference = _wide(maps) - _wide(target)
    return tf.reduce_sum(tf.square(difference), axis=(1, 2, 3)) / 2


def style_loss(gram: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """E = Σ (G - A)² / (4 N²) of one layer (Gatys et al. 2016, equation 4).

    Takes the results of `gram_matrix`, (B, N, N), for the picture and for the style, whose B may
    be 1; returns (B,). With G = F Fᵀ not yet divided by M, the factor is the paper's 1 / (4 N² M²).
    """
    gram, target = _wide(gram), _wide(target)
    channels = tf.cast(tf.shape(gram)[-1], gram.dtype)
    return tf.reduce_sum(tf.square(gram - target), axis=(1, 2)) / (4 * channels**2)


def total_variation(pictures: tf.Tensor) -> tf.Tensor:
    """Sum of the squared differences of neighbouring pixels: small for a smooth picture.

    Johnson, Alahi and Li (2016), section 3.2, after Mahendran and Vedaldi (CVPR 2015) with their
    β = 2. Takes (B, H, W, C); returns (B,), in the square of the unit of a pixel.
    """
    pictures = _wide(pictures)
    down = tf.square(pictures[:, 1:] - pictures[:, :-1])
    right = tf.square(pictures[:, :, 1:] - pictures[:, :, :-1])
    return tf.reduce_sum(down, axis=(1, 2, 3)) + tf.reduce_sum(right, axis=(1, 2, 3))


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
