"""The loss network: the shipped file, VGG19's own numbers, and the losses of style."""

import cv2
import keras
import numpy as np
import pytest
import style_pictures
import tensorflow as tf
from helpers_data import real

from course_utils import loss_network as networks
from course_utils import losses
from course_utils.data.photos import load_photo
from course_utils.data.styles import load_style
from course_utils.errors import DataError
from course_utils.loss_network import loss_network

THREE_BLOCKS = "vgg19_blocks1-3_tf_dim_ordering_tf_kernels_notop.h5"


@pytest.fixture(scope="module")
def net():
    return loss_network("built-in", precision="float32")


@pytest.fixture
def photograph():
    return load_photo("chelsea", 96)[None].astype("float32")


def test_the_shipped_file_is_what_the_architecture_loads():
    variables = networks.build(networks.PLAN).variables
    with np.load(networks.FILE) as file:
        assert set(file.files) == {v.path for v in variables}
        for v in variables:
            assert file[v.path].shape == tuple(v.shape)
            assert np.isfinite(file[v.path]).all()
    assert networks.FILE.stat().st_size <= 5e6


def test_saved_weights_come_back(tmp_path):
    first, second = networks.build(((4,), (5, 6))), networks.build(((4,), (5, 6)))
    networks.save(first, tmp_path / "w.npz")
    networks.load(second, tmp_path / "w.npz")
    for one, other in zip(first.variables, second.variables, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)


def test_maps_of_any_size_by_name(net):
    for height, width in ((32, 32), (33, 70)):
        maps = net(np.zeros((2, height, width, 3), "float32"))
        assert set(net.style_layers) | {net.content_layer} <= set(maps)
        for name, values in maps.items():
            if name.startswith("strokes"):  # 7 × 7 at every second place, without a border
                sides = [((n >> int(name[-1]) - 1) - 7) // 2 + 1 for n in (height, width)]
            else:
                shift = 0 if name == "colours" else int(name[5]) - 1
                sides = [height >> shift, width >> shift]
            assert values.shape[:3] == (2, *sides)


def test_it_is_frozen_and_lets_the_gradient_through(net, photograph):
    assert net.model.trainable_variables == []
    picture = tf.Variable(photograph)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(net(picture)[net.content_layer]))
    assert float(tf.reduce_mean(tf.abs(tape.gradient(loss, picture)))) > 0


def test_channels_answer_by_about_one_on_photographs(net):
    for name in ("chelsea", "astronaut"):
        maps = net(load_photo(name, 128)[None].astype("float32"))
        for layer in set(net.style_layers) - {"strokes2", "strokes3"}:
            assert 0.3 < float(tf.reduce_mean(maps[layer])) < 3


def test_normalising_changes_scales_only():
    model = networks.build(((4,), (5, 6)))
    pictures = [load_photo(name, 48) for name in ("coffee", "flower")]
    before = [model(p[None].astype("float32")) for p in pictures]
    networks.normalise(model, pictures)
    after = [model(p[None].astype("float32")) for p in pictures]
    for name in ("colours", "strokes1", "block1_conv1", "block2_conv1", "block2_conv2"):
        means = [np.mean([np.asarray(m[name])[0].mean((0, 1)) for m in maps], 0)
                 for maps in (before, after)]  # fmt: skip
        scale = np.maximum(means[0], 0.05 * means[0].mean())
        np.testing.assert_allclose(after[1][name], before[1][name] / scale, rtol=2e-3, atol=2e-3)
        np.testing.assert_allclose(means[1], means[0] / scale, rtol=2e-3, atol=1e-6)


def test_a_stroke_is_seen_at_every_size(net):
    # what the picture shows at half the size, the second octave sees as the first saw it
    small = cv2.GaussianBlur(load_photo("chelsea", 64), (0, 0), 1)
    large = np.repeat(np.repeat(small, 2, 0), 2, 1)
    seen = net(small[None].astype("float32"))["strokes1"]
    np.testing.assert_allclose(
        net(large[None].astype("float32"))["strokes2"], seen, rtol=1e-4, atol=1e-4
    )


def test_strokes_answer_to_no_plain_colour(net):
    for colour in ((0, 0, 0), (255, 40, 90), (255, 255, 255)):
        plain = np.full((1, 48, 48, 3), colour, "float32")
        assert float(tf.reduce_max(net(plain)["strokes1"])) < 0.05


def test_filters_of_strokes_come_in_pairs_of_light_and_dark(net):
    kernel, bias = net.model.get_layer("strokes").get_weights()
    one, other = np.split(kernel / np.sqrt((kernel**2).sum((0, 1, 2))), 2, axis=-1)
    np.testing.assert_allclose(one, -other, atol=2e-3)
    assert (bias < 0).all()


@pytest.fixture(scope="module")
def cells():
    """The names that the lesson's painting cells define."""
    found = style_pictures.lesson()
    keras.config.set_dtype_policy("float32")
    return found


@pytest.mark.parametrize(("photo", "style"), [("china", "night"), ("chelsea", "waves")])
def test_what_is_painted_by_it_has_the_style_for_vgg19_too(cells, net, photo, style):
    vgg = loss_network(real("weights") / THREE_BLOCKS, precision="float32")
    photo, style = (cells["square"](x, 128) for x in (load_photo(photo), load_style(style)))
    apart = {}
    for name, eye in (("built-in", net), ("untrained", style_pictures.untrained_network(net))):
        painting = style_pictures.painted(cells, eye, photo, style, 40)
        apart[name] = style_pictures.distance(vgg, painting, style, photo)
    print("\n" + ", ".join(f"{name}: {value:.3f}" for name, value in apart.items()))
    assert apart["built-in"] < 0.5
    assert apart["built-in"] < 0.8 * apart["untrained"]


def test_a_painting_is_as_good_as_its_loss_says(cells, net):
    # it is not when it is painted without heed to 0…255 and cut at the end
    photo, style = (cells["square"](x, 96) for x in (load_photo("coffee"), load_style("mosaic")))
    loss = cells["total_loss"](photo, style, net)
    painting, history = cells["paint"](photo, loss, 40)
    assert 0 <= painting.min() <= painting.max() <= 255
    assert float(loss(painting)[0][0]) < 1.01 * history.min()


def test_vgg19s_blocks_are_kerass_up_to_pooling_and_scale(photograph):
    path = real("weights") / THREE_BLOCKS
    ours = loss_network(path, precision="float32")
    theirs = keras.applications.VGG19(include_top=False, weights=None)
    theirs.load_weights(path, by_name=True)
    prepared = keras.applications.vgg19.preprocess_input(photograph.copy())
    for name in ("block1_conv1", "block1_conv2"):  # before the first pooling
        expected = keras.Model(theirs.input, theirs.get_layer(name).output)(prepared).numpy()
        got = ours(photograph)[name].numpy()
        scale = got.sum((0, 1, 2)) / np.maximum(expected.sum((0, 1, 2)), 1e-6)
        np.testing.assert_allclose(got, expected * scale, atol=2e-3 * got.max())
    assert ours.style_layers == ("block1_conv1", "block2_conv1", "block3_conv1")
    assert ours.content_layer == "block3_conv3"
    assert set(ours(photograph)) == {x.name for x in theirs.layers[:11] if "conv" in x.name}


def test_a_file_of_something_else_gets_a_sentence(tmp_path):
    (tmp_path / "mine.h5").write_bytes(b"no weights")
    with pytest.raises(DataError, match=r"mine.h5 does not hold VGG19's weights"):
        loss_network(tmp_path / "mine.h5")
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save_weights(
        tmp_path / "other.weights.h5"
    )
    with pytest.raises(DataError, match=r"other.weights.h5 does not hold VGG19's weights"):
        loss_network(tmp_path / "other.weights.h5")


def test_without_a_network_imagenet_gets_a_sentence(monkeypatch):
    def offline(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr(keras.applications, "VGG19", offline)
    with pytest.raises(DataError, match=r"can't be downloaded: connect .* COURSE_WEIGHTS"):
        loss_network("imagenet")


# the losses


@pytest.fixture
def maps():
    rng = np.random.default_rng(3)
    return rng.uniform(0, 2, (2, 3, 5, 4)), rng.uniform(0, 2, (2, 3, 5, 4))


def test_gram_matrix_is_a_sum_over_places(maps):
    F = maps[0]
    expected = np.zeros((2, 4, 4))
    for b, i, j in np.ndindex(2, 4, 4):
        expected[b, i, j] = sum(F[b, y, x, i] * F[b, y, x, j] for y in range(3) for x in range(5))
    np.testing.assert_allclose(losses.gram_matrix(F), expected / 15, rtol=1e-12)


def test_style_loss_is_the_papers_with_its_gradient(maps):
    F, a = (tf.constant(m) for m in maps)
    A = losses.gram_matrix(a)
    with tf.GradientTape() as tape:
        tape.watch(F)
        value = losses.style_loss(losses.gram_matrix(F), A)
    N, M = 4, 15
    rows, other = (np.reshape(m, (2, M, N)) for m in maps)
    full = [np.einsum("bki,bkj->bij", r, r) for r in (rows, other)]
    expected = ((full[0] - full[1]) ** 2).sum((1, 2)) / (4 * N**2 * M**2)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    slope = rows @ (full[0] - full[1]) / (N**2 * M**2)
    np.testing.assert_allclose(np.reshape(tape.gradient(value, F), rows.shape), slope, rtol=1e-10)


def test_style_loss_is_the_same_for_tiled_maps(maps):
    grams = [losses.gram_matrix(m) for m in maps]
    tiled = [losses.gram_matrix(np.tile(m, (1, 2, 2, 1))) for m in maps]
    np.testing.assert_allclose(losses.style_loss(*tiled), losses.style_loss(*grams), rtol=1e-12)


def test_content_loss_and_its_gradient(maps):
    F, P = (tf.constant(m) for m in maps)
    with tf.GradientTape() as tape:
        tape.watch(F)
        value = losses.content_loss(F, P)
    np.testing.assert_allclose(value, 0.5 * ((maps[0] - maps[1]) ** 2).sum((1, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(tape.gradient(value, F), maps[0] - maps[1], rtol=1e-12)


def test_one_target_serves_a_batch(maps):
    F, P = maps
    both = losses.content_loss(F, P[:1])
    np.testing.assert_allclose(both[1], losses.content_loss(F[1:], P[:1])[0], rtol=1e-12)
    A = losses.gram_matrix(P[:1])
    both = losses.style_loss(losses.gram_matrix(F), A)
    np.testing.assert_allclose(
        both[1], losses.style_loss(losses.gram_matrix(F[1:]), A)[0], rtol=1e-12
    )


def test_total_variation_of_a_ramp_and_of_tensorflow():
    ramp = np.tile(np.arange(6.0)[None, None, :, None], (1, 4, 1, 3))
    assert float(losses.total_variation(ramp)[0]) == 4 * 5 * 3  # 1² for each step to the right
    flat = np.full((2, 5, 5, 3), 7.0)
    assert np.all(losses.total_variation(flat) == 0)
    rng = np.random.default_rng(0)
    steps = rng.integers(0, 2, (1, 6, 7, 3)).astype("float64")  # squares are the values themselves
    np.testing.assert_allclose(
        losses.total_variation(steps), tf.image.total_variation(tf.constant(steps)), rtol=1e-6
    )


def test_losses_of_rounded_maps_are_wide(maps):
    F, P = (tf.cast(m, tf.bfloat16) for m in maps)
    assert losses.gram_matrix(F).dtype == tf.float32
    assert losses.content_loss(F, P).dtype == tf.float32
