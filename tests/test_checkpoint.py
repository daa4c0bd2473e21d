"""A checkpoint's verdict, what it shows, and when it raises."""

import json

import IPython.display
import pytest

from course_utils import runtime
from course_utils.checkpoint import MIME, CheckpointMissedError, checkpoint, digest


@pytest.fixture
def shown(monkeypatch):
    """What was displayed, as bundles."""
    bundles = []
    monkeypatch.setattr(IPython.display, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """A function that sets the lesson's settings."""

    def choose(**values):
        monkeypatch.setattr(runtime, "_current", runtime.Settings(**values))

    choose()
    return choose


@pytest.mark.parametrize(
    ("value", "bound", "verdict"),
    [
        (0.80, {"at_least": 0.8}, "reached"),
        (0.79, {"at_least": 0.8}, "missed"),
        (0.72, {"at_most": 0.72}, "reached"),
        (0.73, {"at_most": 0.72}, "missed"),
        (8, {"within": (8, 8)}, "reached"),
        (0.31, {"within": (0.1, 0.3)}, "missed"),
        (0.09, {"within": (0.1, 0.3)}, "missed"),
        (float("nan"), {"at_least": 0.0}, "missed"),
        (float("nan"), {"at_most": 1.0}, "missed"),
        (float("nan"), {"within": (0.0, 1.0)}, "missed"),
        (float("inf"), {"at_least": 0.0}, "missed"),
        (-float("inf"), {"at_most": 1.0}, "missed"),
    ],
)
def test_verdict(shown, value, bound, verdict):
    checkpoint("accuracy", value, **bound, claim="It learns.")
    assert shown[0][MIME]["verdict"] == verdict
    assert shown[0]["text/plain"].startswith("✔" if verdict == "reached" else "✘")


def test_record_is_strict_json_with_all_that_the_table_needs(shown):
    checkpoint("loss", float("nan"), at_most=0.5, claim="It falls.")
    checkpoint("gain", 0.25, within=(0.2, 0.3), claim="It gains.")
    first, second = (json.loads(json.dumps(s[MIME], allow_nan=False)) for s in shown)
    assert (first["value"], first["low"], first["high"]) == ("nan", None, 0.5)
    assert first["floor"] == "at most 0.5"
    assert (second["value"], second["low"], second["high"]) == (0.25, 0.2, 0.3)
    assert second["floor"] == "between 0.2 and 0.3"
    assert (second["name"], second["claim"]) == ("gain", "It gains.")


def test_a_miss_names_the_likeliest_reason_and_the_lesson_goes_on(shown):
    checkpoint("accuracy", 0.5, at_least=0.8, claim="It learns.", hint="the step was too large")
    said = shown[0]["text/plain"]
    assert "accuracy: 0.5 (at least 0.8)" in said
    assert "likeliest reason: the step was too large" in said


def test_a_miss_raises_when_strict_after_it_was_shown(shown, settings):
    settings(strict=True)
    with pytest.raises(CheckpointMissedError, match=r"accuracy is 0\.5, expected at least 0\.8"):
        checkpoint("accuracy", 0.5, at_least=0.8, claim="It learns.")
    assert shown[0][MIME]["verdict"] == "missed"
    checkpoint("accuracy", 0.9, at_least=0.8, claim="It learns.")


@pytest.mark.parametrize("value", [0.2, 0.9, float("nan")])
def test_another_source_is_not_judged_even_when_strict(shown, settings, value):
    settings(source="photos", strict=True)
    checkpoint("accuracy", value, at_least=0.8, claim="It learns.")
    assert shown[0][MIME]["verdict"] == "not judged"
    assert "at least 0.8" in shown[0]["text/plain"]
    assert "Not judged" in shown[0]["text/plain"]


@pytest.mark.parametrize(
    "bounds",
    [{}, {"at_least": 0, "at_most": 1}, {"at_least": 0, "within": (0, 1)}],
    ids=["none", "two", "a bound and a range"],
)
def test_exactly_one_floor(shown, bounds):
    with pytest.raises(ValueError, match="'accuracy' needs exactly one of"):
        checkpoint("accuracy", 0.5, **bounds, claim="It learns.")
    assert shown == []


def test_html_is_escaped(shown):
    checkpoint("<b>a</b>", 1.0, at_least=0.0, claim="x < y & y > z")
    page = shown[0]["text/html"]
    assert "&lt;b&gt;a&lt;/b&gt;" in page
    assert "x &lt; y &amp; y &gt; z" in page
    assert "<b>a" not in page
    assert "<b>a</b>: 1 (at least 0) — x < y & y > z" in shown[0]["text/plain"]


def test_digest_tells_cells_apart_and_ignores_white_space():
    cells = ["a = 1\n", "f(a,\n  b)"]
    assert digest(cells) == digest(["a=1", "f(a, b)"])
    assert digest(cells) != digest(["a = 2\n", "f(a,\n  b)"])
    assert digest(cells) != digest(cells[:1])
    assert digest(["ab", "c"]) != digest(["a", "bc"])
