"""The verdict on a check: what counts as right, what is refused, and what the learner reads."""

from __future__ import annotations

import contextlib
import io
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import homework
from course_utils.homework import Checks, NotFilledIn, NotPlainError, compare, judge, plain


def verdict(value, expected, **recorded):
    """Judge a value against an expected one as a learner's expression would be."""
    return judge("name", lambda: value, {"expected": plain(expected)} | recorded)


# --- plain data ---


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (True, True),
        (None, None),
        ("text", "text"),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        ((1, (2, 3)), [1, [2, 3]]),
        (np.zeros((2, 0), np.int32), {"array": [[], []], "shape": [2, 0], "kind": "i"}),
        (np.array([True]), {"array": [True], "shape": [1], "kind": "b"}),
        (np.array(2.5), {"array": 2.5, "shape": [], "kind": "f"}),
    ],
)
def test_plain_data_survives_json(value, expected):
    data = plain(value)
    assert data == expected
    assert type(data) is type(expected)
    assert json.loads(json.dumps(data)) == expected


def test_tensors_and_variables_are_arrays():
    tf = pytest.importorskip("tensorflow")
    keras = pytest.importorskip("keras")
    expected = {"array": [[1.0, 2.0]], "shape": [1, 2], "kind": "f"}
    assert plain(tf.constant([[1.0, 2.0]])) == expected
    assert plain(tf.Variable([[1.0, 2.0]])) == expected
    assert plain(keras.Variable([[1.0, 2.0]])) == expected
    assert plain(tf.constant([[1.0, 2.0]], tf.bfloat16)) == expected
    assert plain(tf.constant(3)) == 3
    with pytest.raises(NotPlainError, match="without numbers"):
        plain(keras.Input((2,)))


class AlwaysEqual:
    def __eq__(self, other):
        return True

    __hash__ = None


class EqualFloat(float):
    __eq__ = AlwaysEqual.__eq__
    __hash__ = None


class EqualText(str):
    __eq__ = AlwaysEqual.__eq__
    __hash__ = None

    def __str__(self):
        return self


class EqualArray(np.ndarray):
    __eq__ = AlwaysEqual.__eq__
    __hash__ = None


class EqualList(list):
    __eq__ = AlwaysEqual.__eq__
    __hash__ = None

    def __len__(self):
        return 3


class FromTensorFlow(AlwaysEqual):
    """Says that it is a tensor."""

    def __array__(self, dtype=None, copy=None):
        return np.array([AlwaysEqual()], object)


FromTensorFlow.__module__ = "tensorflow.python"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (AlwaysEqual(), 1.0),
        (AlwaysEqual(), [1, 2, 3]),
        ([AlwaysEqual()], [1]),
        (EqualFloat(2.0), 1.0),
        (EqualText("wrong"), "right"),
        (EqualList([9]), [1, 2, 3]),
        (np.array([9.0, 9.0]).view(EqualArray), np.array([1.0, 2.0])),
        (np.ma.masked_array([9.0, 2.0], [True, False]), np.array([1.0, 2.0])),
        (np.array([AlwaysEqual()], object), np.array([1.0])),
        (FromTensorFlow(), np.array([1.0])),
        ({"array": [1.0], "shape": [1], "kind": "f"}, np.array([1.0])),
        (iter([1]), [1]),
        (1 + 0j, 1.0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_object_that_pretends_is_not_right(value, expected):
    assert not verdict(value, expected).passed


def test_a_subclass_with_the_right_value_is_right():
    assert verdict(EqualFloat(1.0), 1.0).passed
    assert verdict(EqualList([1, 2, 3]), [1, 2, 3]).passed


def test_a_list_within_itself_is_a_sentence():
    endless = []
    endless.append(endless)
    assert "RecursionError" in verdict(endless, [1]).sentence


# --- comparison ---


@pytest.mark.parametrize(
    ("value", "expected", "said"),
    [
        (28, 14, "the value is 28, expected 14"),
        (True, 1, "the value is True, expected the number 1"),
        (1, True, "the value is 1, expected True"),
        ("1", 1, "the value is the text '1', expected the number 1"),
        (None, 1, "the value is None (is the return missing?), expected the number 1"),
        (math.nan, 1.0, "the value is nan, expected 1"),
        (1.0, math.nan, "the value is 1, expected nan"),
        (3.0, math.inf, "the value is 3, expected inf"),
        (math.inf, 3.0, "the value is inf, expected 3"),
        (-math.inf, math.inf, "the value is -inf, expected inf"),
        (10**400, 3.0, "the value is a whole number of more than 18 digits, expected 3"),
        ([1, 2], [1, 2, 3], "the list has 2 items, expected 3"),
        ([1, 5], [1, 2], "item 1: the value is 5, expected 2"),
        ([1], np.array([1]), "the value is a list of 1 items, expected an array of 1"),
        (np.array([1]), [1], "the value is an array of 1, expected a list of 1 items"),
        (np.zeros((28, 28)), np.zeros((14, 14)), "the shape is 28×28, expected 14×14"),
        (np.zeros((3, 1)), np.zeros(3), "the shape is 3×1, expected 3"),
        (np.array([1, 0]), np.array([True, False]), "the array holds whole numbers, expected"),
        (np.array([1.0, np.nan]), np.array([1.0, 2.0]), "1 of 2 values differ; the first at [1]"),
        (np.array([np.inf]), np.array([1.0]), "1 of 1 values differ"),
        (np.array([1.0]), np.array([np.inf]), "1 of 1 values differ"),
    ],
)
def test_what_differs_is_said_in_words(value, expected, said):
    found = verdict(value, expected)
    assert not found.passed
    assert found.sentence.startswith(f"name: {said}")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (4.0, 4),
        (4, 4.0),
        (math.nan, math.nan),
        (math.inf, math.inf),
        (10**400, 10**400),
        (np.array([1, 2]), np.array([1.0, 2.0])),
        (np.array([np.nan, np.inf]), np.array([np.nan, np.inf])),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        ((1, 2), [1, 2]),
        (np.float32(1) / np.float32(3), 1 / 3),
    ],
)
def test_what_is_the_same_in_another_form_is_right(value, expected):
    assert verdict(value, expected).passed


@pytest.mark.parametrize(
    ("value", "tolerance", "right"),
    [(100.0009, None, True), (100.0011, None, False), (104.0, 0.05, True), (106.0, 0.05, False)],
)
def test_the_tolerance_is_relative_to_what_is_expected(value, tolerance, right):
    recorded = {} if tolerance is None else {"tolerance": tolerance}
    assert verdict(value, 100.0, **recorded).passed is right
    assert verdict([value], [100.0], **recorded).passed is right
    array = np.array([value, 0.0])
    assert verdict(array, np.array([100.0, 0.0]), **recorded).passed is right


def test_an_array_is_measured_by_its_largest_value():
    expected = np.array([0.0, 1000.0])
    assert verdict(np.array([1e-8, 1000.0]), expected).passed
    assert not verdict(np.array([0.1, 1000.0]), expected).passed


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)


@given(PLAIN)
def test_every_value_is_right_against_itself(value):
    assert compare("name", plain(value), {"expected": plain(value)}).passed


@given(PLAIN, PLAIN)
def test_two_values_never_stop_the_comparison(value, expected):
    found = compare("name", plain(value), {"expected": plain(expected)})
    assert found.passed or len(found.sentence) < 400


def test_a_huge_list_is_judged_in_a_short_sentence():
    found = verdict(list(range(300_000)), list(range(300_001)))
    assert found.sentence == "name: the list has 300000 items, expected 300001."
    assert len(verdict("x" * 10_000, "y").sentence) < 200


# --- sentences ---


RECORDED = {
    "expected": 14,
    "hint": "Look at the pooling.",
    "section": "Pooling",
    "mistakes": [
        {"value": 28, "sentence": "The pooling is missing."},
        {"error": "your code stopped with KeyError: 'x'", "sentence": "There is no x."},
    ],
}


def test_a_known_mistake_is_named_and_any_other_gets_the_hint():
    assert judge("size", lambda: 28, RECORDED).sentence == (
        "size: the value is 28, expected 14. The pooling is missing. To read again: Pooling."
    )
    assert judge("size", lambda: 27, RECORDED).sentence == (
        "size: the value is 27, expected 14. Look at the pooling. To read again: Pooling."
    )
    assert judge("size", lambda: 14, RECORDED).sentence == "size: right."


def test_an_error_is_named_and_a_known_one_explained():
    said = judge("size", lambda: {}["x"], RECORDED).sentence
    assert "stopped with KeyError: 'x'" in said
    assert "There is no x." in said
    said = judge("size", lambda: 1 / 0, RECORDED).sentence
    assert "stopped with ZeroDivisionError: division by zero" in said
    assert "Look at the pooling." in said


def test_a_function_in_place_of_a_value_is_a_sentence():
    assert "the value is a function; expected" in judge("size", lambda: judge, RECORDED).sentence


@pytest.mark.parametrize("error", [NotImplementedError(), NotFilledIn()])
def test_a_blank_is_not_filled_in_yet(error):
    def blank():
        raise error

    with pytest.raises(NotFilledIn, match="is not filled in yet"):
        judge("size", blank, RECORDED)


# --- in a notebook ---


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Return the checks of a homework with one visible and one hidden check."""
    (tmp_path / "checks.json").write_text(json.dumps({"size": RECORDED}), encoding="utf-8")
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "00_x.json").write_text(json.dumps({"size, others": {"expected": 5}}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_HIDDEN", str(hidden))
    return Checks("00_x")


def test_a_right_answer_is_told_with_its_points(check, capsys):
    check("size", lambda: 14, points=2)
    check("size, others", lambda: 5, points=1)
    assert capsys.readouterr().out == (
        "✔ size: right (2 points)\n✔ size, others: right (1 point)\n"
    )


def test_without_the_hidden_folder_there_are_no_hidden_values(check, monkeypatch):
    monkeypatch.delenv("COURSE_HIDDEN")
    with pytest.raises(homework.PlainError, match="no expected value for 'size, others'"):
        Checks("00_x")("size, others", lambda: 5, points=1)


def test_a_missing_or_damaged_file_is_a_sentence(check, tmp_path, monkeypatch):
    (tmp_path / "checks.json").write_text("{")
    with pytest.raises(homework.PlainError, match=r"checks.json can't be read"):
        Checks("00_x")
    monkeypatch.chdir(tmp_path / "hidden")
    with pytest.raises(homework.PlainError, match=r"checks.json is missing: it lies beside"):
        Checks("00_x")


def test_a_notebook_shows_one_sentence_and_no_traceback(check):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        shell.push({"check": check})
        shell.run_cell("def size():\n    raise NotImplementedError('This blank …')")
        for call, said in [
            ("lambda: size()", "✘ A blank that 'size' needs is not filled in yet."),
            ("lambda: 28", "✘ size: the value is 28, expected 14. The pooling is missing. "),
            ("lambda: [][1]", "✘ size: your code stopped with IndexError: list index out of range"),
        ]:
            shown = io.StringIO()
            with contextlib.redirect_stdout(shown):
                result = shell.run_cell(f'check("size", {call}, points=1)')
            assert not result.success
            assert shown.getvalue().startswith(said)
            assert "Traceback" not in shown.getvalue()
            assert shown.getvalue().count("\n") == 1
    finally:
        InteractiveShell.clear_instance()


def test_the_learners_own_line_is_named(check):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        shell.push({"check": check})
        shell.run_cell("def size(n):\n    half = n // 0\n    return half")
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            shell.run_cell('check("size", lambda: size(28), points=1)')
        assert "(in the line: half = n // 0)" in shown.getvalue()
    finally:
        InteractiveShell.clear_instance()
