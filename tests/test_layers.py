"""The layers beside Keras's own and beside NumPy in float64."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_utils import runtime
from course_utils.layers import (
    BatchNormalization,
    InstanceNormalization,
    ReflectionPadding,
    StripConv2D,
    residual_block,
)

needs_units = pytest.mark.skipif(
    not runtime.has_bfloat16_units(), reason="this processor has no bfloat16 units"
)
KerasLayer = keras.layers.BatchNormalization
BFLOAT16 = pytest.param("mixed_bfloat16", marks=needs_units)
SHAPES = [(8, 6, 5, 3), (2, 16, 16, 32), (1, 4, 4, 1), (64, 10), (7, 9, 4), (2, 3, 4, 5, 6)]


@pytest.fixture(autouse=True)
def _no_leftovers():
    keras.utils.set_random_seed(5)
    yield
    keras.config.set_dtype_policy("float32")
    keras.backend.clear_session()


def pair(shape, **arguments):
    """Both layers, built, with the same weights that no initialiser would give."""
    layers = [KerasLayer(**arguments), BatchNormalization(**arguments)]
    rng = np.random.default_rng(3)
    channels = shape[arguments.get("axis", -1)]
    for layer in layers:
        layer.build((None, *shape[1:]))
    weights = [rng.uniform(0.5, 2.0, channels).astype("float32") for _ in layers[0].weights]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def batch(shape, dtype="float32"):
    values = np.random.default_rng(7).normal(1.0, 3.0, shape).astype("float32")
    return tf.cast(values, dtype)


def everything(layer, inputs, training, wrap):
    """Output, gradients by the input and by each weight, and the moving statistics after."""
    push = tf.cast(np.random.default_rng(11).normal(size=inputs.shape), tf.float32)

    def step(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=training)
            loss = tf.reduce_sum(tf.cast(outputs, tf.float32) * push)
        sources = [inputs, *[v.value for v in layer.trainable_variables]]
        return outputs, tape.gradient(loss, sources)

    outputs, gradients = tf.function(step, jit_compile=False)(inputs) if wrap else step(inputs)
    statistics = [layer.moving_mean.numpy(), layer.moving_variance.numpy()]
    return [outputs.dtype.name, outputs, *gradients, *statistics]


def assert_same(ours, theirs, tolerance):
    assert ours[0] == theirs[0]
    assert len(ours) == len(theirs)
    for mine, other in zip(ours[1:], theirs[1:], strict=True):
        mine, other = (np.asarray(tf.cast(a, tf.float32)) for a in (mine, other))
        assert mine.shape == other.shape
        bound = tolerance * max(1.0, float(np.abs(other).max()))
        np.testing.assert_allclose(mine, other, rtol=0, atol=bound)


@pytest.mark.parametrize("wrap", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize("training", [True, False, None])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_keras_in_float32(shape, training, wrap):
    theirs, ours = pair(shape)
    inputs = batch(shape)
    expected = everything(theirs, inputs, training, wrap)
    assert_same(everything(ours, inputs, training, wrap), expected, 1e-5)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@needs_units
def test_equals_keras_in_mixed_bfloat16(shape, training):
    # the values are stored in eight bits of mantissa; the statistics are float32 in both
    theirs, ours = pair(shape, dtype="mixed_bfloat16")
    inputs = batch(shape, "bfloat16")
    expected = everything(theirs, inputs, training, True)
    got = everything(ours, inputs, training, True)
    assert got[0] == "bfloat16"
    assert_same(got[:3], expected[:3], 2**-7)
    assert_same(["", *got[3:]], ["", *expected[3:]], 2e-3)
    assert_same(["", *got[-2:]], ["", *expected[-2:]], 1e-5)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize(("momentum", "epsilon"), [(0.9, 1e-5), (0.5, 0.1), (0.99, 0.0)])
def test_equals_keras_for_its_arguments(center, scale, momentum, epsilon):
    arguments = {"center": center, "scale": scale, "momentum": momentum, "epsilon": epsilon}
    theirs, ours = pair((4, 6, 6, 5), **arguments)
    inputs = batch((4, 6, 6, 5))
    expected = everything(theirs, inputs, True, True)
    assert_same(everything(ours, inputs, True, True), expected, 1e-5)
    assert [v.name for v in ours.weights] == [v.name for v in theirs.weights]


def test_defaults_and_configuration_are_those_of_keras():
    ours, theirs = BatchNormalization(name="b").get_config(), KerasLayer(name="b").get_config()
    assert ours == theirs


@pytest.mark.parametrize(
    "arguments", [{"axis": 1}, {"renorm": True}, {"dtype": "float64"}], ids=lambda a: next(iter(a))
)
def test_what_the_kernel_lacks_runs_in_keras(arguments):
    theirs, ours = pair((4, 3, 5, 3), **arguments)
    inputs = batch((4, 3, 5, 3), arguments.get("dtype", "float32"))
    expected = everything(theirs, inputs, True, True)
    assert_same(everything(ours, inputs, True, True), expected, 1e-6)


def test_a_mask_is_honoured():
    theirs, ours = pair((4, 6, 5))
    mask = tf.constant(np.random.default_rng(0).random((4, 6)) < 0.5)
    inputs = batch((4, 6, 5))
    wanted = theirs(inputs, training=True, mask=mask)
    np.testing.assert_allclose(ours(inputs, training=True, mask=mask), wanted, atol=1e-6)
    np.testing.assert_allclose(
        ours.moving_variance.numpy(), theirs.moving_variance.numpy(), atol=1e-6
    )


def test_trainable_false_means_inference_mode():
    _, ours = pair((8, 6, 5, 3))
    before = [w.copy() for w in ours.get_weights()]
    inputs = batch((8, 6, 5, 3))
    inference = ours(inputs, training=False)
    ours.trainable = False
    np.testing.assert_array_equal(ours(inputs, training=True), inference)
    for now, then in zip(ours.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("dtype", ["float32", BFLOAT16])
def test_a_single_value_per_channel_has_variance_zero(dtype):
    layer = BatchNormalization(momentum=0.0, dtype=dtype)
    outputs = layer(tf.constant([[[[2.0, -3.0]]]]), training=True)
    np.testing.assert_array_equal(tf.cast(outputs, tf.float32), np.zeros((1, 1, 1, 2)))
    np.testing.assert_array_equal(layer.moving_mean.numpy(), [2.0, -3.0])
    np.testing.assert_array_equal(layer.moving_variance.numpy(), [0.0, 0.0])


@pytest.mark.parametrize("dtype", ["float32", BFLOAT16])
def test_statistics_equal_numpy_in_float64(dtype):
    layer = BatchNormalization(momentum=0.0, dtype=dtype)
    inputs = batch((16, 24, 24, 8), layer.compute_dtype)
    layer(inputs, training=True)
    exact = np.asarray(tf.cast(inputs, tf.float64))
    np.testing.assert_allclose(layer.moving_mean.numpy(), exact.mean((0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), exact.var((0, 1, 2)), rtol=1e-5)


def test_unknown_batch_and_size_are_counted_when_they_come():
    # the Bessel correction needs the count, which a graph of unknown shape learns at run time
    ours = BatchNormalization(momentum=0.0)
    ours.build((None, None, None, 2))
    spec = tf.TensorSpec((None, None, None, 2))
    step = tf.function(lambda x: ours(x, training=True), input_signature=[spec], jit_compile=False)
    for shape in ((2, 1, 1, 2), (3, 4, 5, 2)):
        step(batch(shape))
        np.testing.assert_allclose(
            ours.moving_variance.numpy(), np.var(batch(shape), axis=(0, 1, 2)), rtol=1e-5
        )


@pytest.mark.parametrize("training", [True, False])
def test_gradient_of_a_gradient_equals_keras(training):
    # a gradient penalty differentiates the layer twice
    results = []
    for layer in pair((4, 5, 5, 3)):
        inputs = batch((4, 5, 5, 3))
        with tf.GradientTape() as outer:
            outer.watch(inputs)
            with tf.GradientTape() as inner:
                inner.watch(inputs)
                loss = tf.reduce_sum(tf.tanh(layer(inputs, training=training)))
            penalty = tf.reduce_sum(inner.gradient(loss, inputs) ** 2)
        results.append(outer.gradient(penalty, inputs))
    np.testing.assert_allclose(results[1], results[0], atol=1e-5)


def network(layer, dtype):
    keras.config.set_dtype_policy(dtype)
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            keras.layers.Conv2D(8, 3, use_bias=False),
            layer(momentum=0.9),
            keras.layers.ReLU(),
            keras.layers.Conv2D(8, 3, strides=2, use_bias=False),
            layer(momentum=0.9),
            keras.layers.Flatten(),
            keras.layers.Dense(6),
            layer(momentum=0.9),
            keras.layers.Dense(2, dtype="float32"),
        ]
    )


def trained(layer, dtype, steps=8):
    keras.utils.set_random_seed(1)
    model = network(layer, dtype)
    model.compile(
        keras.optimizers.SGD(0.02, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    images = batch((16 * steps, 12, 12, 3))
    labels = (tf.reduce_mean(images, axis=(1, 2, 3)) > 1.0).numpy().astype(int)
    history = model.fit(images, labels, batch_size=16, epochs=1, shuffle=False, verbose=0)
    return model, history.history["loss"][0]


@pytest.mark.parametrize("dtype", ["float32", BFLOAT16])
def test_a_network_trains_the_same_with_either_layer(dtype):
    tolerance = 1e-4 if dtype == "float32" else 0.05
    theirs, their_loss = trained(KerasLayer, dtype)
    ours, our_loss = trained(BatchNormalization, dtype)
    assert our_loss == pytest.approx(their_loss, rel=tolerance)
    start = network(KerasLayer, dtype).get_weights()
    moved = max(np.abs(a - b).max() for a, b in zip(start, theirs.get_weights(), strict=True))
    assert moved > 0.1
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=tolerance)


def test_training_repeats_bit_for_bit_under_op_determinism():
    tf.config.experimental.enable_op_determinism()
    dtype = "mixed_bfloat16" if runtime.has_bfloat16_units() else "float32"
    first, _ = trained(BatchNormalization, dtype, steps=3)
    second, _ = trained(BatchNormalization, dtype, steps=3)
    for mine, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
@pytest.mark.parametrize(
    ("saving", "loading"), [(KerasLayer, BatchNormalization), (BatchNormalization, KerasLayer)]
)
def test_either_layer_loads_the_other_s_weights(saving, loading, suffix, tmp_path):
    saved, _ = trained(saving, "float32", steps=2)
    path = str(tmp_path / f"network{suffix}")
    saved.save(path) if suffix == ".keras" else saved.save_weights(path)
    keras.utils.set_random_seed(99)
    loaded = network(loading, "float32")
    loaded.load_weights(path)
    images = batch((4, 12, 12, 3))
    np.testing.assert_allclose(loaded(images), saved(images), atol=1e-5)
    for mine, other in zip(loaded.get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_a_saved_model_comes_back_with_the_layer(tmp_path):
    saved, _ = trained(BatchNormalization, "float32", steps=2)
    saved.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    kinds = [type(layer) for layer in loaded.layers if isinstance(layer, KerasLayer)]
    assert kinds == [BatchNormalization] * 3
    images = batch((4, 12, 12, 3))
    np.testing.assert_array_equal(loaded.predict(images), saved.predict(images))


# --- instance normalisation, reflection padding, the residual block ---

PICTURES = [(3, 7, 5, 4), (1, 16, 16, 32), (4, 9, 9, 1)]


def by_numpy(inputs, gamma, beta, epsilon=1e-5):
    """Ulyanov, Vedaldi and Lempitsky's equation 3, in float64."""
    inputs = np.asarray(tf.cast(inputs, tf.float32), np.float64)
    mean = inputs.mean(axis=(1, 2), keepdims=True)
    variance = ((inputs - mean) ** 2).mean(axis=(1, 2), keepdims=True)
    return gamma * (inputs - mean) / np.sqrt(variance + epsilon) + beta


def normaliser(channels, **arguments):
    layer = InstanceNormalization(**arguments)
    layer.build((None, None, None, channels))
    rng = np.random.default_rng(3)
    weights = [rng.uniform(0.5, 2.0, channels), rng.normal(size=channels)]
    layer.set_weights([w.astype("float32") for w in weights])
    return layer, weights


def wrapped(layer, known):
    """The layer in a graph that knows how many pictures there are, or does not."""

    def step(inputs, push):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
            loss = tf.reduce_sum(tf.cast(outputs, tf.float32) * push)
        return outputs, tape.gradient(loss, [inputs, *[w.value for w in layer.weights]])

    def call(inputs, push):
        shapes = [tf.TensorSpec((None, *x.shape[1:]), x.dtype) for x in (inputs, push)]
        compiled = tf.function(step, input_signature=None if known else shapes, jit_compile=False)
        return compiled(inputs, push)

    return call


@pytest.mark.parametrize("known", [True, False], ids=["fused", "separate"])
@pytest.mark.parametrize("dtype", ["float32", BFLOAT16])
@pytest.mark.parametrize("shape", PICTURES, ids=str)
def test_instance_normalisation_is_its_formula_and_has_its_gradients(shape, dtype, known):
    layer, weights = normaliser(shape[-1], dtype=dtype)
    theirs = keras.layers.GroupNormalization(groups=-1, epsilon=1e-5, dtype="float32")
    theirs.build(shape)
    theirs.set_weights(layer.get_weights())
    inputs = batch(shape, layer.compute_dtype)
    push = tf.cast(np.random.default_rng(11).normal(size=shape), tf.float32)
    outputs, gradients = wrapped(layer, known)(inputs, push)
    assert outputs.dtype == layer.compute_dtype
    _, expected = wrapped(theirs, True)(tf.cast(inputs, tf.float32), push)
    tolerance = 2e-5 if dtype == "float32" else 0.02
    wanted = [by_numpy(inputs, *weights), *expected]
    for mine, other in zip([outputs, *gradients], wanted, strict=True):
        mine, other = (np.asarray(tf.cast(a, tf.float32)) for a in (mine, other))
        bound = tolerance * max(1.0, float(np.abs(other).max()))
        np.testing.assert_allclose(mine, other, rtol=0, atol=bound)


def test_a_picture_s_result_does_not_depend_on_its_batch():
    layer, _ = normaliser(6, dtype="float32")
    inputs = batch((4, 8, 8, 6))
    others = tf.concat([inputs[:1], 50 - 9 * inputs[1:]], axis=0)
    np.testing.assert_array_equal(layer(inputs)[0], layer(others)[0])
    np.testing.assert_array_equal(layer(inputs)[0], layer(inputs[:1])[0])
    np.testing.assert_array_equal(layer(inputs, training=True), layer(inputs, training=False))


def test_every_channel_of_every_picture_has_mean_0_and_variance_1():
    layer = InstanceNormalization(dtype="float32")
    outputs = layer(batch((5, 12, 10, 3)) * [1.0, 20.0, 0.5]).numpy()
    np.testing.assert_allclose(outputs.mean(axis=(1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(outputs.var(axis=(1, 2)), 1, atol=1e-3)


def test_a_faint_channel_is_held_back_by_epsilon_and_a_flat_one_gives_beta():
    layer, weights = normaliser(2, dtype="float32")
    inputs = batch((2, 6, 6, 2)) * [1e-3, 0.0]
    np.testing.assert_allclose(layer(inputs), by_numpy(inputs, *weights), atol=1e-4)
    np.testing.assert_allclose(layer(inputs)[..., 1], weights[1][1], atol=1e-6)


@pytest.mark.parametrize("known", [True, False], ids=["fused", "separate"])
def test_rounding_in_a_flat_map_is_not_blown_up(known):
    layer, weights = normaliser(2, dtype="float32")
    rounding = batch((2, 6, 6, 2)) * [1e-6, 1e-4]
    push = tf.ones_like(rounding)
    outputs, _ = wrapped(layer, known)(tf.constant(1 + rounding, tf.float32), push)
    np.testing.assert_array_equal(outputs[..., 0], np.full((2, 6, 6), weights[1][0], "float32"))
    assert np.ptp(outputs[..., 1]) > 0.01


@needs_units
def test_statistics_of_bfloat16_pictures_are_not_rounded():
    layer = InstanceNormalization(dtype="mixed_bfloat16")
    inputs = tf.cast(batch((1, 64, 64, 1)) + 100.0, tf.bfloat16)
    outputs = np.asarray(tf.cast(layer(inputs), tf.float32))
    # 4,096 values round their mean away where it is summed in 8 bits
    np.testing.assert_allclose(outputs, by_numpy(inputs, 1.0, 0.0), atol=0.02)


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_reflection_padding_is_numpy_s(size, dtype):
    inputs = batch((2, 5, 6, 3), dtype)
    ours = ReflectionPadding(size, dtype=dtype)(inputs)
    sides = (size, size)
    plain = np.asarray(tf.cast(inputs, tf.float32))
    expected = np.pad(plain, ((0, 0), sides, sides, (0, 0)), mode="reflect")
    np.testing.assert_array_equal(np.asarray(tf.cast(ours, tf.float32)), expected)


def test_reflection_padding_says_when_a_map_is_too_small():
    with pytest.raises(ValueError, match="A map of 9 × 4 places can't be padded by 4"):
        ReflectionPadding(4)(tf.zeros((1, 9, 4, 1)))


def test_unknown_sides_stay_unknown():
    padded = ReflectionPadding(3)(keras.Input((None, 8, 2)))
    assert padded.shape == (None, None, 14, 2)


def strips(**arguments):
    """A convolution in strips and Keras's, with the same weights."""
    both = [kind(4, 5, **arguments) for kind in (StripConv2D, keras.layers.Conv2D)]
    for layer in both:
        layer.build((None, None, None, 3))
    both[0].bias.assign([1.0, -2.0, 0.5, 3.0])
    both[1].set_weights(both[0].get_weights())
    return both


@pytest.mark.parametrize("shape", [(1, 12, 9, 3), (1, 13, 9, 3), (1, 6, 5, 3), (1, 5, 5, 3)])
@pytest.mark.parametrize("pictures", [1, 3])
def test_a_convolution_in_strips_is_keras_s_with_its_gradients(shape, pictures):
    inputs = tf.constant(batch((pictures, *shape[1:])), tf.float32)
    push = tf.constant(batch((pictures, shape[1] - 4, shape[2] - 4, 4)), tf.float32)
    found = []
    for layer in strips():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
            loss = tf.reduce_sum(push * outputs)
        found.append([outputs, *tape.gradient(loss, [inputs, *[w.value for w in layer.weights]])])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "arguments", [{"padding": "same"}, {"strides": 2}, {"dilation_rate": 2}], ids=str
)
def test_other_convolutions_are_not_cut(arguments):
    inputs = tf.constant(batch((1, 13, 11, 3)), tf.float32)
    ours, theirs = (layer(inputs) for layer in strips(**arguments))
    np.testing.assert_array_equal(ours, theirs)


def test_a_convolution_in_strips_takes_pictures_of_unknown_number_and_size():
    ours, theirs = strips(activation="relu")
    assert ours(keras.Input((None, 8, 3))).shape == (None, None, 4, 4)
    compiled = tf.function(ours, input_signature=[tf.TensorSpec((None, None, None, 3))])
    inputs = tf.constant(batch((1, 11, 7, 3)), tf.float32)
    np.testing.assert_allclose(compiled(inputs), theirs(inputs), atol=1e-5)


def block(channels=3, **arguments):
    inputs = keras.Input((None, None, channels))
    return keras.Model(inputs, residual_block(inputs, **arguments))


def test_a_residual_block_step_by_step():
    model = block()
    rng = np.random.default_rng(4)
    weights = [rng.normal(0.3, 0.5, w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    kernels = [w for w in weights if w.ndim == 4]
    scales = [w for w in weights if w.ndim == 1]
    inputs = batch((2, 6, 7, 3)).numpy()
    y = inputs
    for i, kernel in enumerate(kernels):
        padded = np.pad(y, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
        y = np.zeros_like(y)
        for (row, column), taps in zip(np.ndindex(3, 3), kernel.reshape(9, 3, 3), strict=True):
            y += padded[:, row : row + 6, column : column + 7] @ taps
        y = by_numpy(y, *scales[2 * i : 2 * i + 2])
        y = np.maximum(y, 0) if i == 0 else y
    np.testing.assert_allclose(model(inputs), inputs + y, atol=1e-4)


def test_a_residual_block_of_zeros_passes_everything_on():
    model = block()
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    inputs = -np.abs(batch((2, 5, 5, 3)).numpy())  # a ReLU behind the sum would take all of it
    np.testing.assert_array_equal(model(inputs), inputs)


def test_a_block_takes_other_layers():
    kinds = {"normalisation": BatchNormalization, "padding": keras.layers.ZeroPadding2D}
    made = {type(layer) for layer in block(**kinds).layers}
    assert made >= set(kinds.values())
    assert not made & {InstanceNormalization, ReflectionPadding}


def test_a_saved_style_network_comes_back(tmp_path):
    model = block()
    model.save(tmp_path / "block.keras")
    loaded = keras.models.load_model(tmp_path / "block.keras")
    inputs = batch((2, 6, 6, 3))
    np.testing.assert_array_equal(loaded(inputs), model(inputs))
    epsilons = [x.epsilon for x in loaded.layers if isinstance(x, InstanceNormalization)]
    assert epsilons == [1e-5, 1e-5]
