"""Boxes on TensorFlow's graph: coding and overlap of `boxes`, for any number of pictures at once.

What a detector needs inside its compiled training step. Boxes are (x1, y1, x2, y2) in pixels, as
in `boxes`, along the last axis of a float tensor; the axes before it are free.
"""

from __future__ import annotations

import tensorflow as tf

from course_utils.boxes import LARGEST_GROWTH


def encode(boxes: tf.Tensor, anchors: tf.Tensor) -> tf.Tensor:
    """Where each box lies, told from its anchor: `boxes.encode`, equation 2 of Ren et al. 2015.

    Parameters
    ----------
    boxes, anchors : tensor (..., 4)
        Row by row. A row without area gives no finite answer: leave it out by `tf.where` before a
        loss, for a gradient of infinity times zero is no number.

    Returns
    -------
    tensor (..., 4)
        (tx, ty, tw, th).
    """
    middle, sides = _middle_and_sides(boxes)
    anchor_middle, anchor_sides = _middle_and_sides(anchors)
    shift = (middle - anchor_middle) / anchor_sides
    return tf.concat([shift, tf.math.log(sides / anchor_sides)], axis=-1)


def decode(deltas: tf.Tensor, anchors: tf.Tensor) -> tf.Tensor:
    """The inverse of `encode`; growth is limited as in `boxes.decode`.

    Parameters
    ----------
    deltas, anchors : tensor (..., 4)
        Of equal shapes, or such that broadcast.

    Returns
    -------
    tensor (..., 4)
        Not clipped to any picture.
    """
    middle, sides = _middle_and_sides(anchors)
    middle += deltas[..., :2] * sides
    half = tf.exp(tf.minimum(deltas[..., 2:], LARGEST_GROWTH)) * sides / 2
    return tf.concat([middle - half, middle + half], axis=-1)


def iou(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Intersection over union of all boxes of a picture with all others of the same picture.

    Parameters
    ----------
    a : tensor (..., N, 4)
    b : tensor (..., M, 4)

    Returns
    -------
    tensor (..., N, M)
        From 0 to 1; 0 wherever a box has no area.
    """
    a, b = a[..., :, None, :], b[..., None, :, :]
    shared = _area(tf.maximum(a[..., :2], b[..., :2]), tf.minimum(a[..., 2:], b[..., 2:]))
    area_a, area_b = _area(a[..., :2], a[..., 2:]), _area(b[..., :2], b[..., 2:])
    overlap = tf.math.divide_no_nan(shared, area_a + area_b - shared)
    return tf.where((area_a > 0) & (area_b > 0), overlap, 0)


def _area(low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
    return tf.reduce_prod(tf.maximum(high - low, 0), axis=-1)


def _middle_and_sides(boxes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    sides = boxes[..., 2:] - boxes[..., :2]
    return boxes[..., :2] + sides / 2, sides
