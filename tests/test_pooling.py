"""RoI and pyramid pooling beside plain loops, in values and in gradients."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import runtime
from course_utils.pooling import RoIPooling, SpatialPyramidPooling

needs_units = pytest.mark.skipif(
    not runtime.has_bfloat16_units(), reason="this processor has no bfloat16 units"
)


def first_maximum(features, gradient, place, push):
    """The largest value of a part of a map; its gradient goes to the first cell that has it."""
    picture, rows, columns, channel = place
    cells = [(y, x) for y in rows for x in columns]
    if not cells:
        return 0.0
    best = cells[0]
    for cell in cells:
        if features[picture, *cell, channel] > features[picture, *best, channel]:
            best = cell
    gradient[picture, *best, channel] += push
    return features[picture, *best, channel]


def bins(count, n, start=0, cells=math.inf):
    """The cells of each of n bins over `count` of them, those on the map."""
    edges = [(math.floor(i * count / n), math.ceil((i + 1) * count / n)) for i in range(n)]
    return [[k + start for k in range(*edge) if 0 <= k + start < cells] for edge in edges]


def half_away(number):
    return int(math.copysign(math.floor(abs(number) + 0.5), number))


def plain_roi_pooling(features, rois, batch_index, size, stride, push):
    """Fast R-CNN's roi_pooling_layer, cell by cell."""
    _, height, width, channels = features.shape
    pooled, gradient = np.zeros((len(rois), size, size, channels)), np.zeros(features.shape)
    for r, (roi, picture) in enumerate(zip(rois, batch_index, strict=True)):
        x1, y1, x2, y2 = (half_away(float(corner) / stride) for corner in roi)
        rows = bins(max(y2 - y1 + 1, 1), size, y1, height)
        columns = bins(max(x2 - x1 + 1, 1), size, x1, width)
        for i in range(size):
            for j in range(size):
                for c in range(channels):
                    place = (picture, rows[i], columns[j], c)
                    pooled[r, i, j, c] = first_maximum(features, gradient, place, push[r, i, j, c])
    return pooled, gradient


def plain_pyramid(features, levels, push):
    pictures, height, width, channels = features.shape
    pooled, gradient = np.zeros(push.shape), np.zeros(features.shape)
    for b in range(pictures):
        k = 0
        for n in levels:
            for rows in bins(height, n):
                for columns in bins(width, n):
                    for c in range(channels):
                        place = (b, rows, columns, c)
                        pooled[b, k] = first_maximum(features, gradient, place, push[b, k])
                        k += 1
    return pooled, gradient


def pool(size, stride, features, rois, batch_index=None):
    """RoI pooling of lists and arrays; of the first picture where none is named."""
    rois = tf.constant(rois, tf.float32)
    where = tf.zeros(len(rois), tf.int32) if batch_index is None else tf.constant(batch_index)
    return RoIPooling(size, stride)(tf.constant(features, tf.float32), rois, where)


def one(roi):
    """A region of the first picture."""
    return tf.constant([roi], tf.float32), tf.zeros(1, tf.int32)


def values_and_gradient(layer, push, features, *others):
    with tf.GradientTape() as tape:
        tape.watch(features)
        pooled = layer(features, *others)
        cost = tf.reduce_sum(tf.cast(pooled, tf.float32) * push)
    return pooled, tape.gradient(cost, features)


def check_roi_pooling(features, rois, batch_index, size, stride, step=values_and_gradient):
    features, rois = np.float32(features), np.reshape(np.float32(rois), (-1, 4))
    push = np.random.default_rng(9).normal(size=(len(rois), size, size, features.shape[-1]))
    push = np.float32(push)
    expected = plain_roi_pooling(features, rois, batch_index, size, stride, push)
    found = step(
        RoIPooling(size, stride),
        tf.constant(push),
        *(tf.constant(features), tf.constant(rois), tf.constant(batch_index, tf.int32)),
    )
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-5, atol=1e-5)


def noise(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


# --- RoI pooling ---

PLACES = {
    "inside": [8, 16, 60, 40],
    "the whole map": [0, 0, 79, 55],
    "across the left border": [-30, 8, 30, 40],
    "across the lower right corner": [50, 30, 140, 120],
    "around the map": [-100, -100, 300, 300],
    "one cell": [17, 17, 18, 18],
    "smaller than the grid": [16, 16, 24, 40],
    "long": [0, 24, 79, 26],
    "without area": [20, 20, 20, 20],
    "turned round": [60, 40, 8, 16],
    "outside": [200, 200, 260, 240],
    "outside, to the left": [-90, 10, -40, 50],
}


@pytest.mark.parametrize("roi", PLACES.values(), ids=PLACES)
def test_roi_pooling_is_the_plain_loop(roi):
    # all values are negative: a 0 can only be a bin without cells
    for size in (3, 7):
        check_roi_pooling(-np.abs(noise((1, 7, 10, 2))), [roi], [0], size, 8)


def test_an_empty_bin_answers_nothing_and_learns_nothing():
    layer, features = RoIPooling(2, 8), tf.constant(noise((1, 4, 4, 3)) - 9)
    push = tf.ones((1, 2, 2, 3))
    pooled, gradient = values_and_gradient(layer, push, features, *one([32, 0, 60, 24]))
    np.testing.assert_array_equal(pooled, np.zeros((1, 2, 2, 3)))
    np.testing.assert_array_equal(gradient, np.zeros((1, 4, 4, 3)))


coordinates = st.integers(-10, 30).map(lambda number: 4.0 * number)  # halves of cells are common


@given(
    st.lists(st.tuples(*[coordinates] * 4), max_size=6),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 5),
    st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_roi_pooling_is_the_plain_loop_wherever_boxes_lie(rois, height, width, size, seed):
    rng = np.random.default_rng(seed)
    # few different values: most bins have ties
    features = rng.integers(-1, 2, (2, height, width, 2))
    check_roi_pooling(features, rois, rng.integers(0, 2, len(rois)), size, 8)


def test_many_regions_at_once_in_a_graph():
    rng = np.random.default_rng(4)
    starts = rng.uniform(-20, 110, (60, 2))
    rois = np.concatenate([starts, starts + rng.uniform(0, 90, (60, 2))], axis=1)
    features = np.maximum(noise((3, 12, 14, 4)), 0)  # ties at 0 everywhere, as after a ReLU
    step = tf.function(values_and_gradient)
    check_roi_pooling(features, rois, rng.integers(0, 3, 60), 5, 8, step)


@pytest.mark.parametrize(
    ("corner", "cell"), [(0.5, 1), (2.5, 3), (4.5, 5), (2.4999998, 2), (-0.5, -1), (-0.4, 0)]
)
def test_halves_are_rounded_away_from_zero(corner, cell):
    # tf.round and np.round give 0, 2, 4 and 0
    features = np.arange(1.0, 9).reshape(1, 1, 8, 1)
    pooled = pool(1, 16, features, [[corner * 16, 0, corner * 16, 0]])
    assert pooled.numpy().item() == (cell + 1 if cell >= 0 else 0)


def test_both_end_cells_belong_to_the_region():
    features = np.arange(64.0).reshape(1, 8, 8, 1)
    pooled = pool(2, 1, features, [[2, 1, 5, 4]])
    np.testing.assert_array_equal(pooled[0, :, :, 0], [[19, 21], [35, 37]])


def test_bins_are_counted_in_whole_numbers():
    # in float32, n times (count / n) can exceed count, and a ceil would reach one row too far
    reaches = [
        (n, count)
        for n in range(1, 15)
        for count in range(1, 41)
        if np.ceil(np.float32(n) * (np.float32(count) / np.float32(n))) > count
    ]
    assert reaches, "no such sizes: this test tests nothing"
    for n, count in reaches[:3]:
        features = np.arange(count + 1.0).reshape(1, 1, -1, 1)
        pooled = pool(n, 1, features, [[0, 0, count - 1, 0]])
        assert tf.reduce_max(pooled) == count - 1


def test_equal_cells_send_their_gradient_to_the_first():
    features = tf.constant([[0.0, 2, 1], [2, 1, 2], [0, 2, 2]])[None, :, :, None]
    push = tf.ones((1, 1, 1, 1))
    _, gradient = values_and_gradient(RoIPooling(1, 1), push, features, *one([0, 0, 2, 2]))
    np.testing.assert_array_equal(gradient[0, :, :, 0], [[0, 1, 0], [0, 0, 0], [0, 0, 0]])
    with tf.GradientTape() as tape:  # the popular way divides it among all five
        tape.watch(features)
        largest = tf.reduce_max(features)
    shared = tape.gradient(largest, features)
    assert shared.numpy().max() == pytest.approx(1 / 5)


def test_minus_zero_is_zero():
    features = tf.constant([-0.0, 0.0, -0.0, 0.0])[None, None, :, None]
    push = tf.ones((1, 1, 1, 1))
    _, gradient = values_and_gradient(RoIPooling(1, 1), push, features, *one([0, 0, 3, 0]))
    np.testing.assert_array_equal(gradient[0, 0, :, 0], [1, 0, 0, 0])


def test_infinite_values_pool_like_others():
    features = np.float32([-np.inf, -np.inf, 3, np.inf]).reshape(1, 1, 4, 1)
    pooled = pool(1, 1, features, [[0, 0, 1, 0], [0, 0, 2, 0], [0, 0, 3, 0]])
    assert pooled.numpy().ravel().tolist() == [-np.inf, 3, np.inf]


def test_regions_lie_on_their_own_picture():
    features = np.stack([np.full((4, 4, 1), value) for value in (1.0, 2, 3)])
    pooled = pool(1, 8, features, np.zeros((4, 4)), [2, 0, 1, 2])
    assert pooled.numpy().ravel().tolist() == [3, 1, 2, 3]
    with pytest.raises(tf.errors.InvalidArgumentError, match="picture that features does not have"):
        pool(1, 8, features, np.zeros((1, 4)), [3])


def test_no_regions():
    features = tf.constant(noise((2, 5, 6, 3)))
    none = (tf.zeros((0, 4)), tf.zeros((0,), tf.int32))
    push = tf.zeros((0, 4, 4, 3))
    pooled, gradient = values_and_gradient(RoIPooling(4, 8), push, features, *none)
    assert pooled.shape == (0, 4, 4, 3)
    np.testing.assert_array_equal(gradient, np.zeros((2, 5, 6, 3)))


def test_one_graph_serves_all_sizes():
    traces = []
    layer = RoIPooling(3, 8)

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, None, None, 2)),
            tf.TensorSpec((None, 4)),
            tf.TensorSpec((None,), tf.int32),
        ]
    )
    def step(features, rois, batch_index):
        traces.append(1)
        pooled = layer(features, rois, batch_index)
        return pooled, tf.gradients(tf.reduce_sum(pooled), features)[0]

    for height, width in ((1, 1), (1, 40), (37, 2), (9, 12)):
        features = noise((1, height, width, 2), height)
        rois = np.float32([[0, 0, 8 * width, 8 * height], [-9, -9, 20, 20]])
        expected = plain_roi_pooling(features, rois, [0, 0], 3, 8, np.ones((2, 3, 3, 2)))
        found = step(features, rois, [0, 0])
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])
    assert len(traces) == 1


@needs_units
def test_bfloat16_maps_keep_exact_boxes_and_exact_sums():
    layer = RoIPooling(1, 1, dtype="mixed_bfloat16")
    ramp = tf.range(300.0)[None, None, :, None]
    rois = tf.constant([[259.0, 0, 259, 0]] * 300)  # as a bfloat16 it would be 260
    push = tf.ones((300, 1, 1, 1))
    pooled, gradient = values_and_gradient(layer, push, ramp, rois, tf.zeros(300, tf.int32))
    assert pooled.dtype == tf.bfloat16
    assert pooled[0] == tf.cast(259.0, tf.bfloat16)
    assert gradient[0, 0, 259, 0] == 300  # added up in bfloat16 it would stop at 256


@needs_units
def test_bfloat16_pools_what_bfloat16_holds():
    features = tf.cast(noise((1, 7, 10, 3)), tf.bfloat16)
    rois = tf.constant(list(PLACES.values()), tf.float32)
    where = tf.zeros(len(rois), tf.int32)
    pooled = RoIPooling(5, 8, dtype="mixed_bfloat16")(features, rois, where)
    expected = RoIPooling(5, 8)(tf.cast(features, tf.float32), rois, where)
    np.testing.assert_array_equal(tf.cast(pooled, tf.float32), expected)


def test_no_gradient_reaches_the_boxes():
    features, rois = tf.constant(noise((1, 5, 5, 1))), tf.constant([[0.0, 0, 30, 30]])
    with tf.GradientTape() as tape:
        tape.watch(rois)
        cost = tf.reduce_sum(RoIPooling(2, 8)(features, rois, tf.zeros(1, tf.int32)))
    assert tape.gradient(cost, rois) is None


def test_training_repeats_bit_for_bit_under_op_determinism():
    tf.config.experimental.enable_op_determinism()
    features = tf.constant(np.maximum(noise((2, 12, 12, 16)), 0))
    rois = np.random.default_rng(1).uniform(0, 96, (64, 4)).astype(np.float32)
    push, where = tf.constant(noise((64, 5, 5, 16))), tf.constant([0, 1] * 32)
    step = tf.function(values_and_gradient)
    layer = RoIPooling(5, 8)
    first = step(layer, push, features, rois, where)
    for _ in range(3):
        again = step(layer, push, features, rois, where)
        np.testing.assert_array_equal(first[1], again[1])


def test_the_layer_in_a_keras_model_and_from_its_settings():
    maps, rois = keras.Input((None, None, 3)), keras.Input((4,))
    where = keras.Input((), dtype="int32")
    layer = RoIPooling(4, 8, name="pool")
    model = keras.Model([maps, rois, where], layer(maps, rois, where))
    assert model.output_shape == (None, 4, 4, 3)
    inputs = [tf.constant(noise((1, 6, 6, 3))), *one([4, 4, 40, 40])]
    twin = RoIPooling.from_config(layer.get_config())
    np.testing.assert_array_equal(model(inputs), twin(*inputs))


@pytest.mark.parametrize(("size", "stride"), [(0, 8), (3, 0), (3, -1)])
def test_sizes_that_make_no_sense(size, stride):
    with pytest.raises(ValueError, match="must be > 0"):
        RoIPooling(size, stride)


# --- spatial pyramid pooling ---


@pytest.fixture(scope="module")
def pyramid():
    """Values and gradient of 21 bins from one graph for every size, and how often it was traced."""
    traces = []
    layer = SpatialPyramidPooling()

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 2)), tf.TensorSpec((None, 42))])
    def step(features, push):
        traces.append(1)
        return values_and_gradient(layer, push, features)

    return step, traces


@pytest.mark.parametrize("height", [1, 2, 3, 5, 6, 7, 8, 10, 11, 14])
def test_twenty_one_numbers_a_channel_for_any_size(pyramid, height):
    step, traces = pyramid
    for width in (1, 3, 4, 6, 9, 15):
        features = np.round(noise((2, height, width, 2), width) * 2)  # ties
        push = noise((2, 42), height)
        expected = plain_pyramid(features, (4, 2, 1), push)
        found = step(features, push)
        assert found[0].shape == (2, 21 * 2)
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-5, atol=1e-5)
    assert len(traces) == 1


def papers_bins(cells, n):
    """He et al. 2014, section 2.3: pooling with window ceil(a / n) and stride floor(a / n)."""
    window, stride = math.ceil(cells / n), cells // n
    return [range(k, k + window) for k in range(0, cells - window + 1, stride)]


@pytest.mark.parametrize(("n", "cells"), [(4, 6), (4, 7), (4, 11), (3, 5)])
def test_sizes_for_which_the_papers_formula_makes_another_number_of_bins(n, cells):
    assert len(papers_bins(cells, n)) != n
    pooled = SpatialPyramidPooling((n,))(noise((1, cells, cells, 1)))
    assert pooled.shape == (1, n * n)


@pytest.mark.parametrize(("n", "cells"), [(4, 10), (4, 14), (4, 15), (4, 18), (3, 8), (3, 11)])
def test_sizes_for_which_the_papers_formula_leaves_rows_unseen(n, cells):
    unseen = set(range(cells)) - {row for window in papers_bins(cells, n)[:n] for row in window}
    assert unseen
    for row in unseen:
        features = np.zeros((1, cells, cells, 1), np.float32)
        features[0, row, row] = 1
        assert tf.reduce_max(SpatialPyramidPooling((n,))(features)) == 1


def test_bins_come_level_by_level_row_by_row_channels_last():
    features = noise((1, 4, 4, 3))
    pooled = SpatialPyramidPooling((4, 1))(features)[0]
    np.testing.assert_array_equal(pooled[:48], features.ravel())  # n bins on an n × n map
    np.testing.assert_array_equal(pooled[48:], features[0].max(axis=(0, 1)))


def test_one_level_is_roi_pooling_of_the_whole_map():
    features = noise((2, 9, 13, 2))
    pooled = pool(4, 1, features, [[0, 0, 12, 8]] * 2, [0, 1])
    one_level = SpatialPyramidPooling((4,))(features)
    np.testing.assert_array_equal(one_level, tf.reshape(pooled, (2, -1)))


def test_the_pyramid_in_a_keras_model_of_any_size():
    maps = keras.Input((None, None, 5))
    model = keras.Model(maps, SpatialPyramidPooling((3, 1))(maps))
    assert model.output_shape == (None, 50)
    twin = SpatialPyramidPooling.from_config(model.layers[-1].get_config())
    for shape in ((2, 1, 1, 5), (3, 4, 17, 5)):
        np.testing.assert_array_equal(model(noise(shape)), twin(noise(shape)))


@needs_units
def test_the_pyramid_in_bfloat16():
    features = noise((2, 6, 7, 3))
    pooled = SpatialPyramidPooling(dtype="mixed_bfloat16")(features)
    exact = SpatialPyramidPooling()(features)  # rounding keeps the order
    assert pooled.dtype == tf.bfloat16
    np.testing.assert_array_equal(pooled, tf.cast(exact, tf.bfloat16))


@pytest.mark.parametrize("levels", [(), (4, 0)])
def test_levels_that_make_no_sense(levels):
    with pytest.raises(ValueError, match="at least 1"):
        SpatialPyramidPooling(levels)
