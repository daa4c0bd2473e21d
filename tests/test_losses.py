"""The table of losses against Keras, scikit-learn, SciPy and finite differences."""

import math

import keras
import numpy as np
import pytest
import scipy.special
import sklearn.metrics
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import losses

DISCRETE = ("zero_one", "logistic", "exponential", "hinge")
CONTINUOUS = ("squared", "absolute", "huber")

numbers = st.floats(-50, 50, allow_subnormal=False)
labels = st.sampled_from([-1.0, 1.0])
deltas = st.floats(0.05, 10)


def value(name, y, h, **options):
    return getattr(losses, name)(tf.constant(y, tf.float64), tf.constant(h, tf.float64), **options)


@pytest.fixture
def answers():
    generator = np.random.default_rng(1)
    return generator.choice([-1.0, 1.0], 200), generator.normal(0, 2, 200)


@pytest.fixture
def residuals():
    generator = np.random.default_rng(2)
    return generator.normal(0, 3, 200), generator.normal(0, 3, 200)


def test_zero_one_is_the_share_of_errors(answers):
    y, h = answers
    expected = sklearn.metrics.zero_one_loss(y, np.where(h > 0, 1.0, -1.0))
    assert np.mean(value("zero_one", y, h)) == pytest.approx(expected)


@pytest.mark.parametrize("y", [-1.0, 1.0])
def test_an_undecided_answer_is_wrong(y):
    assert value("zero_one", y, 0.0).numpy() == 1


def test_logistic_is_cross_entropy_of_the_log_odds_2h(answers):
    y, h = answers
    probability = scipy.special.expit(2 * h)
    assert np.mean(value("logistic", y, h)) == pytest.approx(
        sklearn.metrics.log_loss((y + 1) / 2, probability), rel=1e-9
    )
    crossed = keras.losses.BinaryCrossentropy(from_logits=True, reduction=None)
    np.testing.assert_allclose(
        value("logistic", y, h), crossed((y[:, None] + 1) / 2, 2 * h[:, None]), rtol=2e-5, atol=1e-6
    )


def test_exponential(answers):
    y, h = answers
    expected = np.where(y > 0, np.power(math.e, -h), np.power(math.e, h))
    np.testing.assert_allclose(value("exponential", y, h), expected, rtol=1e-12)


def test_hinge(answers):
    y, h = answers
    assert np.mean(value("hinge", y, h)) == pytest.approx(sklearn.metrics.hinge_loss(y, h))
    assert np.mean(value("hinge", y, h)) == pytest.approx(float(keras.losses.Hinge()(y, h)))


def test_squared_and_absolute(residuals):
    y, h = residuals
    assert 2 * np.mean(value("squared", y, h)) == pytest.approx(
        sklearn.metrics.mean_squared_error(y, h)
    )
    assert np.mean(value("absolute", y, h)) == pytest.approx(
        sklearn.metrics.mean_absolute_error(y, h)
    )


@pytest.mark.parametrize("delta", [1 / 9, 1.0, 2.5])
def test_huber(residuals, delta):
    y, h = residuals
    np.testing.assert_allclose(
        value("huber", y, h, delta=delta), scipy.special.huber(delta, y - h), rtol=1e-12
    )
    assert np.mean(value("huber", y, h, delta=delta)) == pytest.approx(
        float(keras.losses.Huber(delta=delta)(y, h)), rel=1e-5
    )


def test_huber_at_a_ninth_is_smooth_l1_with_sigma_3(residuals):
    y, h = residuals
    size = np.abs(y - h)
    smooth = np.where(size < 1 / 9, 4.5 * size**2, size - 1 / 18)
    np.testing.assert_allclose(9 * value("huber", y, h, delta=1 / 9), smooth, rtol=1e-12)


@pytest.mark.parametrize("name", DISCRETE + CONTINUOUS)
def test_derivative_equals_finite_differences(name, answers):
    y, h = map(tf.constant, answers)
    with tf.GradientTape() as tape:
        tape.watch(h)
        loss = getattr(losses, name)(y, h)
    got = tape.gradient(loss, h, unconnected_gradients="zero")
    step = 1e-6
    numeric = (value(name, y, h + step) - value(name, y, h - step)) / (2 * step)
    np.testing.assert_allclose(got, numeric, atol=1e-4, rtol=1e-7)


@settings(deadline=None)  # a first call on a busy machine is slow
@given(labels, numbers)
def test_three_losses_bound_the_share_of_errors_from_above(y, h):
    wrong = float(value("zero_one", y, h))
    assert float(value("hinge", y, h)) >= wrong
    assert float(value("exponential", y, h)) >= wrong
    assert float(value("logistic", y, h)) / math.log(2) >= wrong


def test_logistic_alone_is_no_bound():
    assert float(value("logistic", 1.0, -0.1)) < float(value("zero_one", 1.0, -0.1))


@settings(deadline=None)
@given(numbers, deltas, st.sampled_from([-1, 1]))
def test_huber_and_its_derivative_are_continuous_at_delta(y, delta, side):
    def at(residual):
        h = tf.constant(y - residual, tf.float64)
        with tf.GradientTape() as tape:
            tape.watch(h)
            loss = losses.huber(tf.constant(y, tf.float64), h, delta)
        return float(loss), float(tape.gradient(loss, h))

    below, above = at(side * delta * (1 - 1e-7)), at(side * delta * (1 + 1e-7))
    assert below[0] == pytest.approx(above[0], rel=1e-5)
    assert below[1] == pytest.approx(above[1], rel=1e-5)
    assert below[0] == pytest.approx(delta**2 / 2, rel=1e-5)
    assert below[1] == pytest.approx(-side * delta, rel=1e-5)


@settings(deadline=None)
@given(numbers, numbers, deltas)
def test_huber_lies_below_both_of_its_pieces_and_is_even(y, h, delta):
    loss = float(value("huber", y, h, delta=delta))
    slack = 1e-9 * (1 + delta**2)
    assert 0 <= loss <= float(value("squared", y, h)) + slack
    assert loss <= delta * float(value("absolute", y, h)) + slack
    assert loss == pytest.approx(float(value("huber", -y, -h, delta=delta)))


@pytest.mark.parametrize("name", ["logistic", "hinge"])
def test_a_large_wrong_margin_is_finite_with_a_finite_slope(name):
    h = tf.constant([-1000.0, 1000.0])
    with tf.GradientTape() as tape:
        tape.watch(h)
        loss = getattr(losses, name)(1.0, h)
    expected = {"logistic": [2000, 0], "hinge": [1001, 0]}[name]
    np.testing.assert_allclose(loss, expected)
    np.testing.assert_allclose(tape.gradient(loss, h), [-2 if name == "logistic" else -1, 0])


@pytest.mark.parametrize("name", ["absolute", "huber", "squared"])
def test_a_perfect_answer_has_no_loss_and_no_slope(name):
    h = tf.constant([1.5, 1.5])
    with tf.GradientTape() as tape:
        tape.watch(h)
        loss = getattr(losses, name)([1.5, 1.5], h)
    assert loss.numpy().tolist() == [0, 0]
    assert tape.gradient(loss, h).numpy().tolist() == [0, 0]


@pytest.mark.parametrize("name", DISCRETE + CONTINUOUS)
def test_low_precision_and_whole_numbers_give_float32(name):
    h = tf.constant([0.5, -0.25, 3.0], tf.bfloat16)
    loss = getattr(losses, name)(np.array([1, -1, 1]), h)
    assert loss.dtype == tf.float32
    np.testing.assert_allclose(loss, value(name, [1.0, -1.0, 1.0], [0.5, -0.25, 3.0]), rtol=1e-6)
    assert getattr(losses, name)([1, -1], [2, 2]).dtype == tf.float32


@pytest.mark.parametrize("name", DISCRETE + CONTINUOUS)
def test_shapes_that_would_broadcast_are_refused(name):
    with pytest.raises(ValueError, match=r"y has the shape \(5,\) and h \(5, 1\)"):
        getattr(losses, name)(np.ones(5), np.ones((5, 1)))


@pytest.mark.parametrize("delta", [0, -1.0])
def test_huber_refuses_a_delta_that_is_not_above_zero(delta):
    with pytest.raises(ValueError, match="above 0"):
        losses.huber(1.0, 2.0, delta)


# --- adversarial training ---

PLAYERS = ("gan_generator_loss", "gan_generator_minimax_loss")


@pytest.fixture
def logits():
    generator = np.random.default_rng(3)
    return generator.normal(1, 2, (40, 1)), generator.normal(-1, 2, (25, 1))


def test_gan_losses_are_the_formulas_of_the_paper(logits):
    real, fake = logits
    log_d, log_rest = np.log(scipy.special.expit(fake)), np.log(scipy.special.expit(-fake))
    value = np.mean(np.log(scipy.special.expit(real))) + np.mean(log_rest)
    assert float(losses.gan_discriminator_loss(real, fake)) == pytest.approx(-value, rel=1e-12)
    assert float(losses.gan_generator_loss(fake)) == pytest.approx(-np.mean(log_d), rel=1e-12)
    assert float(losses.gan_generator_minimax_loss(fake)) == pytest.approx(
        np.mean(log_rest), rel=1e-12
    )


def test_gan_losses_are_keras_cross_entropy_with_real_1_and_fake_0(logits):
    real, fake = logits
    crossed = keras.losses.BinaryCrossentropy(from_logits=True)
    assert float(losses.gan_discriminator_loss(real, fake)) == pytest.approx(
        float(crossed(np.ones_like(real), real) + crossed(np.zeros_like(fake), fake)), rel=1e-5
    )
    assert float(losses.gan_generator_loss(fake)) == pytest.approx(
        float(crossed(np.ones_like(fake), fake)), rel=1e-5
    )


def test_a_discriminator_of_one_half_has_the_value_minus_log_4():
    even = np.zeros((7, 1))
    assert float(losses.gan_discriminator_loss(even, even)) == pytest.approx(math.log(4))
    assert float(losses.gan_generator_loss(even)) == pytest.approx(math.log(2))
    assert float(losses.gan_generator_minimax_loss(even)) == pytest.approx(-math.log(2))


def test_a_rejected_fake_pulls_on_the_generator_by_the_non_saturating_loss_alone():
    rejected = tf.constant([-30.0])
    slopes = []
    for name in PLAYERS:
        with tf.GradientTape() as tape:
            tape.watch(rejected)
            loss = getattr(losses, name)(rejected)
        slopes.append(float(tape.gradient(loss, rejected)[0]))
    assert slopes[0] == pytest.approx(-1)
    assert slopes[1] == pytest.approx(-math.exp(-30), rel=1e-5)


def test_gan_losses_of_certain_logits_are_finite():
    far = np.float32([1000])
    assert float(losses.gan_discriminator_loss(-far, far)) == 2000
    assert float(losses.gan_generator_loss(-far)) == 1000
    assert float(losses.gan_generator_minimax_loss(far)) == -1000


@pytest.mark.parametrize("name", PLAYERS)
def test_gan_losses_of_bfloat16_logits_are_float32(name):
    low = tf.constant([0.5, -0.25, 3.0], tf.bfloat16)
    loss = getattr(losses, name)(low)
    assert loss.dtype == tf.float32
    assert float(loss) == pytest.approx(float(getattr(losses, name)([0.5, -0.25, 3.0])))
    assert losses.gan_discriminator_loss(low, low).dtype == tf.float32
