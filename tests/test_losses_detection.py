"""The multi-task loss of detection beside plain loops, Keras and worked numbers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_utils import losses, runtime

CLASSES = 3


def rows(count=12, seed=0, classes=CLASSES):
    """Labels (ignored ones, background and every class), targets, logits, deltas."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % (classes + 2) - 1
    targets = rng.normal(0, 1.5, (count, 4))
    logits = rng.normal(0, 2, (count, classes + 1))
    deltas = rng.normal(0, 1.5, (count, classes, 4))
    return labels.astype(np.int32), *(np.float32(x) for x in (targets, logits, deltas))


def plain(labels, targets, logits, deltas, sigma):
    """Girshick 2015, equations 1 to 3, row by row, in float64."""
    class_cost = box_cost = count = 0
    for u, v, row, answers in zip(labels, targets, logits, deltas, strict=True):
        if u < 0:
            continue
        count += 1
        row = row.astype(np.float64)
        class_cost += np.log(np.exp(row).sum()) - row[u]
        if u >= 1:
            for x in np.float64(v) - answers[u - 1]:
                small = abs(x) < 1 / sigma**2
                box_cost += 0.5 * (sigma * x) ** 2 if small else abs(x) - 0.5 / sigma**2
    return class_cost / max(count, 1), box_cost / max(count, 1)


@pytest.mark.parametrize("sigma", [1.0, 3.0])
@pytest.mark.parametrize("classes", [1, 3])
def test_it_is_the_papers_sum(sigma, classes):
    data = rows(23, seed=4, classes=classes)
    found = losses.multitask_loss(*data, sigma=sigma)
    np.testing.assert_allclose(found, plain(*data, sigma), rtol=1e-5)


def test_the_class_cost_is_keras_cross_entropy():
    labels, targets, logits, deltas = rows()
    part = labels >= 0
    expected = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    found, _ = losses.multitask_loss(labels, targets, logits, deltas)
    assert found.numpy() == pytest.approx(float(expected(labels[part], logits[part])), rel=1e-6)


def test_smooth_l1_by_hand():
    # four parts of a box: 0, 1/2 (a parabola), 1 (where both meet) and -3 (a straight line)
    targets, deltas = [[0.0, 0.5, 1, -3]], np.zeros((1, 1, 4))
    _, cost = losses.multitask_loss([1], targets, [[0.0, 0]], deltas)
    assert cost.numpy() == pytest.approx(0 + 0.125 + 0.5 + 2.5)
    _, steep = losses.multitask_loss([1], targets, [[0.0, 0]], deltas, sigma=3)
    assert steep.numpy() == pytest.approx(0 + (0.5 + 1 + 3) - 3 / 18)


def test_background_has_no_box_to_learn():
    labels, targets, logits, deltas = rows()
    background = labels <= 0
    _, cost = losses.multitask_loss(labels, targets, logits, deltas)
    deltas[background] += 100
    targets[background] = np.nan  # nobody encodes them
    _, again = losses.multitask_loss(labels, targets, logits, deltas)
    assert again.numpy() == cost.numpy()
    _, none = losses.multitask_loss(np.minimum(labels, 0), targets, logits, deltas)
    assert none.numpy() == 0


def test_gradients_reach_the_object_s_own_class_only():
    labels, targets, logits, deltas = rows()
    targets[labels <= 0] = np.nan
    answers = tf.constant(deltas)
    with tf.GradientTape() as tape:
        tape.watch(answers)
        _, cost = losses.multitask_loss(labels, targets, logits, answers)
    gradient = tape.gradient(cost, answers).numpy()
    reached = np.zeros((len(labels), CLASSES), bool)
    reached[labels > 0, labels[labels > 0] - 1] = True
    np.testing.assert_array_equal((gradient != 0).any(axis=2), reached)
    # smooth L1's slope is at most 1, shared by all rows that take part
    assert np.abs(gradient).max() == pytest.approx(1 / (labels >= 0).sum())


def test_ignored_rows_cost_nothing_and_are_not_counted():
    labels, targets, logits, deltas = rows()
    part = labels >= 0
    expected = losses.multitask_loss(labels[part], targets[part], logits[part], deltas[part])
    np.testing.assert_allclose(
        losses.multitask_loss(labels, targets, logits, deltas), expected, rtol=1e-6
    )
    answers = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(answers)
        cost, _ = losses.multitask_loss(labels, targets, answers, deltas)
    gradient = tape.gradient(cost, answers).numpy()
    np.testing.assert_array_equal((gradient != 0).any(axis=1), part)


def test_one_object_among_much_background_does_not_pull_harder():
    # averaged over the objects alone, the cost would stay as it is
    labels, targets, logits, deltas = rows()
    one = np.flatnonzero(labels > 0)[:1]
    alone = losses.multitask_loss(labels[one], targets[one], logits[one], deltas[one])[1]
    chosen = np.concatenate([one, np.flatnonzero(labels == 0)[:1].repeat(3)])
    among = losses.multitask_loss(labels[chosen], targets[chosen], logits[chosen], deltas[chosen])[
        1
    ]
    assert among.numpy() == pytest.approx(alone.numpy() / 4)


@pytest.mark.parametrize("labels", [[], [-1, -1, -1]])
def test_no_row_takes_part(labels):
    count = len(labels)
    logits, deltas = tf.zeros((count, 3)), tf.zeros((count, 2, 4))
    with tf.GradientTape() as tape:
        tape.watch([logits, deltas])
        found = losses.multitask_loss(
            tf.constant(labels, tf.int32), tf.zeros((count, 4)), logits, deltas
        )
        total = tf.add_n(found)
    assert [cost.numpy() for cost in found] == [0, 0]
    for gradient in tape.gradient(total, [logits, deltas]):
        np.testing.assert_array_equal(gradient, np.zeros(gradient.shape))


@pytest.mark.skipif(not runtime.has_bfloat16_units(), reason="this processor has no bfloat16 units")
def test_costs_stay_float32():
    labels, *others = rows()
    rounded = [tf.cast(x, tf.bfloat16) for x in others]
    found = losses.multitask_loss(labels, *rounded)
    assert {cost.dtype for cost in found} == {tf.float32}
    expected = losses.multitask_loss(labels, *(tf.cast(x, tf.float32) for x in rounded))
    np.testing.assert_array_equal(found, expected)
