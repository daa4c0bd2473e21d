"""A batch in two halves, side by side: the same answers, and the statistics of each half."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_utils.layers import BatchNormalization
from course_utils.parallel import in_halves


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 6, 3))
    x = BatchNormalization(momentum=0.5)(keras.layers.Conv2D(4, 3)(inputs))
    flat = keras.layers.Flatten()(keras.layers.ReLU()(x))
    return keras.Model(inputs, {"maps": x, "logits": keras.layers.Dense(2)(flat)})


def pictures(count):
    return np.random.default_rng(count).normal(size=(count, 6, 6, 3)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_the_answers_are_the_model_s_own_whatever_the_number_of_pictures(model, count):
    X = pictures(count)
    for name, whole in model(X, training=False).items():
        halves = in_halves(model, X)[name]
        assert halves.shape == whole.shape
        np.testing.assert_allclose(halves, whole, atol=1e-5)


def test_a_list_and_a_single_answer_keep_their_form(model):
    X = pictures(4)
    answers = list(model.output.values())
    as_list = in_halves(keras.Model(model.inputs, answers), X)
    alone = in_halves(keras.Model(model.inputs, answers[0]), X)
    assert isinstance(as_list, list)
    np.testing.assert_allclose(alone, as_list[0], atol=1e-6)


def test_in_training_each_half_is_normalised_by_its_own_statistics(model):
    X = pictures(8)
    X[4:] = 3 * X[4:] + 7  # so that shared statistics would tell
    maps = in_halves(model, X, training=True)["maps"].numpy()
    for half in (maps[:4], maps[4:]):
        np.testing.assert_allclose(half.mean(axis=(0, 1, 2)), 0, atol=1e-4)
        np.testing.assert_allclose(half.std(axis=(0, 1, 2)), 1, atol=0.02)


def test_the_gradient_is_that_of_the_whole_batch_where_nothing_is_shared_within_it():
    keras.utils.set_random_seed(1)
    inputs = keras.Input((6, 6, 3))
    model = keras.Sequential([inputs, keras.layers.Flatten(), keras.layers.Dense(2)])
    X = tf.constant(pictures(7))
    gradients = []
    for answer in (lambda: model(X, training=True), lambda: in_halves(model, X, training=True)):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(answer() ** 2)
        gradients.append(tape.gradient(loss, model.trainable_variables))
    for whole, halves in zip(*gradients, strict=True):
        np.testing.assert_allclose(halves, whole, atol=1e-5)
