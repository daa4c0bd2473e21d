"""Boxes on the graph: equal to those in NumPy, for one picture and for many."""

import numpy as np
import tensorflow as tf

from course_utils import box_tensors, boxes


def some_boxes(seed, *shape):
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 90, (*shape, 2))
    return np.concatenate([low, low + rng.uniform(1, 60, (*shape, 2))], axis=-1).astype("float32")


def test_coding_is_that_of_numpy():
    truth, anchors = some_boxes(0, 3, 40), some_boxes(1, 3, 40)
    t = box_tensors.encode(tf.constant(truth), tf.constant(anchors))
    for got, own, seen in zip(t.numpy(), truth, anchors, strict=True):
        np.testing.assert_allclose(got, boxes.encode(own, seen), atol=1e-5)


def test_decoding_undoes_it_and_broadcasts():
    truth, anchors = some_boxes(2, 3, 40), some_boxes(3, 40)
    t = box_tensors.encode(truth, anchors)
    np.testing.assert_allclose(box_tensors.decode(t, anchors), truth, atol=1e-3)


def test_a_wild_answer_grows_no_further_than_numpys():
    t = np.array([[0, 0, 900, -900], [3, -2, 50, 4]], np.float32)
    anchors = some_boxes(4, 2)
    got = box_tensors.decode(tf.constant(t), tf.constant(anchors)).numpy()
    assert np.isfinite(got).all()
    np.testing.assert_allclose(got, boxes.decode(t, anchors), rtol=1e-5)


def test_overlap_is_that_of_numpy_also_without_area_or_rows():
    a, b = some_boxes(5, 2, 30), some_boxes(6, 2, 7)
    a[0, 3] = 0
    a[1, 4] = [50, 50, 20, 20]  # turned inside out
    a[1, 5] = [50, 20, 20, 50]
    b[0, 2, 2] = b[0, 2, 0]
    got = box_tensors.iou(tf.constant(a), tf.constant(b)).numpy()
    for one, first, second in zip(got, a, b, strict=True):
        np.testing.assert_allclose(one, boxes.iou(first, second), atol=1e-6)
    assert box_tensors.iou(a, tf.zeros((2, 0, 4))).shape == (2, 30, 0)
    assert box_tensors.iou(a[0], b[0]).shape == (30, 7)
