"""The course's Adam beside Keras's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_utils.optimizers import Adam


def model_and_data():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(3, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    rng = np.random.default_rng(0)
    return model, rng.normal(size=(40, 6, 6, 2)), rng.normal(size=(40, 2))


def trained(kind, steps, eagerly=False, **settings):
    model, X, y = model_and_data()
    model.compile(kind(**settings), "mse", run_eagerly=eagerly)
    for first in range(steps):
        model.train_on_batch(X[first % 4 :: 4], y[first % 4 :: 4])
    return model


FALLING = keras.optimizers.schedules.CosineDecay(0.0, 20, warmup_target=0.01, warmup_steps=5)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"learning_rate": FALLING},
        {"learning_rate": 0.02, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
        {"learning_rate": 0.01, "clipnorm": 0.1, "weight_decay": 0.05},
        {"learning_rate": 0.01, "amsgrad": True},
    ],
)
def test_the_steps_are_those_of_keras(settings):
    ours, theirs = (trained(kind, 25, **settings) for kind in (Adam, keras.optimizers.Adam))
    start, *_ = model_and_data()
    for a, b, begun in zip(ours.weights, theirs.weights, start.weights, strict=True):
        a, b, begun = map(keras.ops.convert_to_numpy, (a, b, begun))
        assert np.abs(b - begun).max() > 1e-3
        np.testing.assert_allclose(a, b, atol=2e-5)
    for a, b in zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True):
        np.testing.assert_allclose(*map(keras.ops.convert_to_numpy, (a, b)), rtol=1e-3, atol=1e-6)


def test_eager_steps_are_the_compiled_ones():
    ours, theirs = (trained(Adam, 10, eagerly=eagerly) for eagerly in (True, False))
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_an_embedding_learns_as_with_keras():
    def table(kind):
        keras.utils.set_random_seed(1)
        layer = keras.layers.Embedding(5, 3)
        layer.build(())
        optimizer = kind(0.01)
        for _ in range(3):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(layer(np.array([1, 3, 3])) ** 2)
            optimizer.apply(tape.gradient(loss, layer.trainable_weights), layer.trainable_weights)
        return layer.get_weights()[0]

    np.testing.assert_allclose(table(Adam), table(keras.optimizers.Adam), atol=1e-6)


def test_a_model_trained_with_it_is_saved_and_goes_on(tmp_path):
    model, X, y = model_and_data()
    model.compile(Adam(0.01, beta_1=0.8), "mse")
    model.fit(X, y, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again.optimizer) is Adam
    assert again.optimizer.beta_1 == 0.8
    for one in (model, again):
        one.fit(X, y, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_one_operation_for_each_variable():
    model, X, y = model_and_data()
    optimizer = Adam()
    optimizer.build(model.trainable_variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(X) - y) ** 2)
        optimizer.apply(tape.gradient(loss, model.trainable_variables))

    kinds = [op.type for op in step.get_concrete_function().graph.get_operations()]
    assert kinds.count("ResourceApplyAdam") == len(model.trainable_variables)
