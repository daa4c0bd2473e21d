"""What the plots show, read back from Matplotlib's own objects."""

import IPython.display
import ipywidgets
import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import plotting, runtime


@pytest.fixture(autouse=True)
def _closed(monkeypatch):
    monkeypatch.setattr(runtime, "_current", runtime.Settings())
    yield
    plt.close("all")


def pixels(figure):
    """The figure as it is drawn, (H, W, 3) uint8."""
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()


def test_grid_shows_every_picture_in_reading_order():
    images = [np.full((2, 3, 3), i, np.uint8) for i in range(5)]
    figure = plotting.show_grid(images, list("abcde"), columns=3, colours=["red"] * 5)
    places = {}
    for axis in figure.axes:
        if axis.images:
            shown = axis.images[0].get_array()
            box = axis.get_subplotspec()
            places[int(shown[0, 0, 0])] = (box.rowspan.start, box.colspan.start, axis.get_title())
            assert axis.title.get_color() == "red"
    assert places == {
        0: (0, 0, "a"),
        1: (0, 1, "b"),
        2: (0, 2, "c"),
        3: (1, 0, "d"),
        4: (1, 1, "e"),
    }
    assert not any(axis.axison for axis in figure.axes)


def test_grid_of_none_says_so():
    figure = plotting.show_grid(np.zeros((0, 8, 8, 3), np.uint8), [])
    assert [text.get_text() for text in figure.axes[0].texts] == ["none"]


def test_grid_takes_bfloat16():
    tf = pytest.importorskip("tensorflow")
    figure = plotting.show_grid(tf.cast([[[0.0, 1.0], [0.5, 0.25]]], tf.bfloat16))
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), [[0, 1], [0.5, 0.25]])


def test_box_edges_lie_on_pixel_borders():
    # a picture drawn at ten dots a pixel; the box around pixels 2..5 by 3..4 must leave all of
    # their centres white and run along their outer borders
    figure = plt.figure(figsize=(0.8, 0.8), dpi=100, layout="none")
    axis = figure.add_axes((0, 0, 1, 1))
    axis.imshow(np.full((8, 8, 3), 255, np.uint8))
    axis.axis("off")
    plotting.draw_boxes(axis, np.array([[2, 3, 6, 5]], np.float32), colours=["#000000"])
    dark = (pixels(figure) < 128).all(-1)
    rows, columns = np.nonzero(dark)
    assert (columns.min() + 1, columns.max()) == (
        pytest.approx(20, abs=2),
        pytest.approx(60, abs=2),
    )
    assert (rows.min() + 1, rows.max()) == (pytest.approx(30, abs=2), pytest.approx(50, abs=2))
    assert not dark[33:47, 23:57].any()


def test_boxes_keep_their_labels_and_colours():
    _, axis = plt.subplots()
    boxes = np.array([[0, 0, 4, 4], [1, 2, 3, 8]], np.float32)
    plotting.draw_boxes(axis, boxes, ["cat", "dog"], colours=["red", "blue"])
    assert [text.get_text() for text in axis.texts] == ["cat", "dog"]
    assert [mpl.colors.to_hex(p.get_edgecolor()) for p in axis.patches] == ["#ff0000", "#0000ff"]
    assert [(p.get_width(), p.get_height()) for p in axis.patches] == [(4, 4), (2, 6)]


def test_mask_colours_its_pixels_and_no_other():
    figure = plt.figure(figsize=(0.4, 0.4), dpi=100, layout="none")
    axis = figure.add_axes((0, 0, 1, 1))
    axis.imshow(np.full((2, 2, 3), 255, np.uint8))
    axis.axis("off")
    plotting.draw_mask(axis, [[True, False], [False, True]], colour="#000000", alpha=0.5)
    shown = pixels(figure)
    np.testing.assert_allclose(shown[10, 10], 127.5, atol=1)
    np.testing.assert_allclose(shown[30, 30], 127.5, atol=1)
    np.testing.assert_array_equal(shown[10, 30], 255)
    np.testing.assert_array_equal(shown[30, 10], 255)


def test_curves_are_named_dashed_and_counted_from_one():
    axis = plotting.show_curves({"train": [3, 2, 1], "test loss": [4, 3]}, "epoch", "loss")
    train, test = axis.lines
    np.testing.assert_array_equal(train.get_xydata(), [[1, 3], [2, 2], [3, 1]])
    np.testing.assert_array_equal(test.get_xdata(), [1, 2])
    assert (train.get_linestyle(), test.get_linestyle()) == ("-", "--")
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["train", "test loss"]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("epoch", "loss")
    assert all(tick == round(tick) for tick in axis.get_xticks())


def test_feature_maps_are_channels_each_in_its_own_range():
    maps = np.stack([np.eye(3), 100 * np.eye(3)[::-1]], -1).astype(np.float32)
    figure = plotting.show_feature_maps(maps, title="two maps")
    first, second = (axis.images[0] for axis in figure.axes)
    np.testing.assert_array_equal(first.get_array(), np.eye(3))
    np.testing.assert_array_equal(second.get_array(), 100 * np.eye(3)[::-1])
    assert (first.get_clim(), second.get_clim()) == ((0, 1), (0, 100))
    assert figure.get_suptitle() == "two maps"


def test_confusion_has_the_true_class_in_rows():
    axis = plotting.show_confusion(np.array([[50, 3], [7, 40]]), ["cat", "dog"])
    counts = {(t.get_position()[1], t.get_position()[0]): t.get_text() for t in axis.texts}
    assert counts == {(0, 0): "50", (0, 1): "3", (1, 0): "7", (1, 1): "40"}
    assert (axis.get_ylabel(), axis.get_xlabel()) == ("true", "predicted")
    assert [t.get_text() for t in axis.get_yticklabels()] == ["cat", "dog"]
    by_count = {t.get_text(): t.get_color() for t in axis.texts}
    assert (by_count["50"], by_count["3"]) == ("white", "black")


def test_colours_differ_for_a_colour_blind_reader():
    from skimage.color import deltaE_ciede2000, rgb2lab

    # Machado, Oliveira and Fernandes (2009): what a reader without green cones sees
    without_green = [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]
    linear = np.array([mpl.colors.to_rgb(c) for c in plotting.COLOURS[:6]]) ** 2.2
    seen = np.clip(linear @ np.array(without_green).T, 0, 1) ** (1 / 2.2)
    lab = rgb2lab(seen)
    apart = deltaE_ciede2000(lab[:, None], lab[None])
    assert apart[~np.eye(6, dtype=bool)].min() > 10


class Page:
    """Stands for the notebook's page: what is displayed, by handle."""

    def __init__(self):
        self.shown = []

    def display(self, what, raw=False, display_id=None):
        self.shown.append(what)
        page, place = self, len(self.shown) - 1

        class Handle:
            def update(self, what, raw=False):
                page.shown[place] = what

        return Handle()


@pytest.fixture
def page(monkeypatch):
    page = Page()
    monkeypatch.setattr(IPython.display, "display", page.display)
    return page


@pytest.fixture
def widgets(monkeypatch):
    """The sliders that were made, by their description."""
    made = {}
    for kind in (ipywidgets.FloatSlider, ipywidgets.IntSlider):
        real = kind.__init__

        def remember(self, *arguments, real=real, **keywords):
            real(self, *arguments, **keywords)
            made[self.description] = self

        monkeypatch.setattr(kind, "__init__", remember)
    return made


def test_slider_shows_its_start_and_redraws_as_it_moves(page, widgets):
    calls = []

    def draw(step, count):
        calls.append((step, count))
        figure, axis = plt.subplots()
        axis.set_title(f"{step}")
        return figure, f"The loss is < {step:g}."

    plotting.slider(draw, step=(0.0, 1.0, 0.25), count=(1, 9, 2))
    assert calls == [(0.25, 2)]
    sliders, said, figure = page.shown
    assert sliders["text/plain"] == "Slider: step at 0.25, count at 2; run the notebook to move it."
    assert "application/vnd.jupyter.widget-view+json" in sliders
    assert said["text/plain"] == "The loss is < 0.25."
    assert said["text/html"] == "<div>The loss is &lt; 0.25.</div>"
    assert figure.axes[0].get_title() == "0.25"
    assert isinstance(widgets["count"], ipywidgets.IntSlider)
    widgets["step"].value = 0.75
    assert calls[-1] == (0.75, 2)
    assert page.shown[1]["text/plain"] == "The loss is < 0.75."
    assert page.shown[2].axes[0].get_title() == "0.75"
    assert plt.get_fignums() == []  # the notebook would draw an open figure a second time


def test_slider_tries_both_ends_and_the_middle_when_strict(page, monkeypatch):
    monkeypatch.setattr(runtime, "_current", runtime.Settings(strict=True))
    calls = []

    def draw(step, count):
        calls.append((step, count))
        return plt.figure(), "words"

    plotting.slider(draw, step=(0.0, 1.0, 0.25), count=(1, 8, 2))
    assert calls[:3] == [(0.0, 1), (0.5, 4), (1.0, 8)]
    assert all(isinstance(count, int) for _, count in calls)
    assert calls[3:] == [(0.25, 2)]


@pytest.mark.parametrize("bad", [0.0, 0.5, 1.0])
def test_slider_lets_an_error_out_when_strict(page, monkeypatch, bad):
    monkeypatch.setattr(runtime, "_current", runtime.Settings(strict=True))

    def draw(step):
        if step == bad:
            raise ZeroDivisionError("at the end")
        return plt.figure(), "words"

    with pytest.raises(ZeroDivisionError, match="at the end"):
        plotting.slider(draw, step=(0.0, 1.0, 0.25))
