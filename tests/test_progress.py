"""A bar's end in a notebook, its silence elsewhere, and the bar of a training."""

import io
import re

import IPython.display
import pytest

from course_utils import progress


class Page:
    """Stands for the notebook's page: keeps the bundle that is visible."""

    def __init__(self):
        self.bundles = []

    def display(self, bundle, raw, display_id):
        assert raw
        assert display_id
        self.bundles.append(bundle)
        return self

    def update(self, bundle, raw):
        self.display(bundle, raw, True)

    @property
    def width(self):
        return int(re.search(r"width:(\d+)%", self.bundles[-1]["text/html"])[1])


@pytest.fixture
def page(monkeypatch):
    page = Page()
    monkeypatch.setattr(progress, "_in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", page.display)
    return page


def test_the_page_keeps_a_full_bar_and_one_line(page):
    assert list(progress.track("abc", "Reading <files>")) == ["a", "b", "c"]
    assert page.width == 100
    last = page.bundles[-1]
    assert re.fullmatch(r"Reading <files>: 3 of 3 · \d+\.\d s", last["text/plain"])
    assert "Reading &lt;files&gt;" in last["text/html"]


def test_a_bar_grows_with_its_steps(page, monkeypatch):
    monkeypatch.setattr(progress, "_REDRAW_SECONDS", 0.0)
    bar = progress.Bar(8, "Training")
    assert page.width == 0
    for done in range(1, 9):
        bar.update()
        assert page.width == pytest.approx(100 * done / 8, abs=0.5)
    assert "to go" in page.bundles[-1]["text/plain"]


def test_many_steps_are_drawn_seldom(page):
    with progress.Bar(5000, "Training") as bar:
        for _ in range(5000):
            bar.update()
    assert len(page.bundles) < 50
    assert page.width == 100


def test_an_error_leaves_the_bar_where_it_was(page):
    def broken():
        yield from range(2)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        list(progress.track(broken(), "Reading", total=4))
    assert page.width == 50
    assert "2 of 4" in page.bundles[-1]["text/plain"]


def test_the_note_stands_beside_the_last_state(page):
    with progress.Bar(1, "Training") as bar:
        bar.update(note="loss 0.5")
        bar.update(0)
    assert page.bundles[-1]["text/plain"].endswith("· loss 0.5")


def test_nothing_is_written_where_nobody_looks(capfd):
    assert list(progress.track([1, 2], "Reading")) == [1, 2]
    assert capfd.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_on_standard_error_alone(capsys, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(progress.sys, "stderr", terminal)
    list(progress.track([1, 2], "Reading"))
    assert "Reading" in terminal.getvalue()
    assert capsys.readouterr().out == ""


def test_a_training_shows_all_its_steps_and_the_loss(page):
    import keras
    import numpy as np

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    bar = progress.training_bar("Learning")
    model.fit(np.ones((10, 2)), np.ones(10), batch_size=4, epochs=3, verbose=0, callbacks=[bar])
    said = page.bundles[-1]["text/plain"]
    assert re.fullmatch(r"Learning: 9 of 9 · \d+\.\d s · loss \d+\.\d{3}", said)
    assert page.width == 100


def test_the_first_step_is_traced_once(page):
    import keras
    import numpy as np

    traced = []

    class Watched(keras.Sequential):
        def train_step(self, *args, **kwargs):
            traced.append(1)
            return super().train_step(*args, **kwargs)

    model = Watched([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(np.ones((8, 2)), np.ones(8), verbose=0, callbacks=[progress.training_bar()])
    first = model.optimizer.variables[2].numpy()
    model.fit(np.ones((8, 2)), np.ones(8), verbose=0, callbacks=[progress.training_bar()])
    assert len(traced) == 1
    assert (model.optimizer.variables[2].numpy() != first).any()  # goes on, does not begin anew
    assert model.optimizer.iterations == 2
