"""The verdict on a homework's blank: an expression's value beside the expected one, in words.

A test cell of a homework holds calls of `check` and nothing else. The expression runs beside the
learner's code and yields plain data; what is expected of it was recorded from the reference
solution into ``checks.json`` beside the notebook, with the sentence for each known mistake.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FILE = "checks.json"
_KINDS = {"b": "true/false", "i": "whole numbers", "u": "whole numbers", "f": "numbers"}
_TOLERANCE = 1e-5


class PlainError(Exception):
    """An error that a notebook shows as its one sentence, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"✘ {self}"]


class NotFilledIn(PlainError, NotImplementedError):  # noqa: N818 - read by learners
    """A blank that still waits for its code."""

    def __init__(self, what: str = "this blank") -> None:
        super().__init__(f"{what} is not filled in yet.")


class CheckFailed(PlainError, AssertionError):  # noqa: N818 - read by learners
    """A check's value is not the expected one."""


class NotPlainError(TypeError):
    """A check's value is no number, text, list or array."""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What came of one check."""

    passed: bool
    sentence: str


class Checks:
    """The checks of one homework; call it with a name and an expression.

    Parameters
    ----------
    homework : str
        Such as ``"03_convolution"``.

    Raises
    ------
    PlainError
        The file of expected values is not beside the notebook.
    """

    def __init__(self, homework: str) -> None:
        self.homework = homework
        self._recorded = _read(Path(FILE))
        hidden = os.environ.get("COURSE_HIDDEN")
        if hidden:
            self._recorded |= _read(Path(hidden) / f"{homework}.json")

    def __call__(self, name: str, expression: Callable[[], Any], points: int) -> None:
        """Compare what `expression` yields with what was recorded, and say the verdict.

        Raises
        ------
        NotFilledIn
            The expression reached a blank.
        CheckFailed
            The value is not the expected one, or the code raised.
        PlainError
            Nothing was recorded under that name.
        """
        if name not in self._recorded:
            raise PlainError(
                f"There is no expected value for {name!r} in {FILE}: "
                "take the notebook and the file from the same release."
            )
        verdict = judge(name, expression, self._recorded[name])
        if not verdict.passed:
            raise CheckFailed(verdict.sentence)
        print(f"✔ {name}: right ({points} point{'s' if points != 1 else ''})")


def judge(name: str, expression: Callable[[], Any], recorded: dict) -> Verdict:
    """Run `expression` and compare its value with the recorded one.

    Raises
    ------
    NotFilledIn
        The expression reached a blank.
    """
    try:
        value = plain(expression())
    except NotFilledIn:
        raise
    except NotImplementedError:
        raise NotFilledIn(f"A blank that {name!r} needs") from None
    except NotPlainError as error:
        return Verdict(False, f"{name}: {error}")
    except Exception as error:
        where = _line_of(error)
        return Verdict(
            False, f"{name}: your code stopped with {type(error).__name__}: {error}{where}"
        )
    return compare(name, value, recorded)


def compare(name: str, value: Any, recorded: dict) -> Verdict:
    """Compare a plain value with the recorded one by type, shape and value.

    Parameters
    ----------
    name : str
    value : plain data
        As `plain` returns it.
    recorded : dict
        ``expected``, ``tolerance`` (relative to the largest expected magnitude), ``hint`` and
        ``mistakes``, a list of ``value`` and ``sentence``.
    """
    tolerance = recorded.get("tolerance", _TOLERANCE)
    difference = _difference(value, recorded["expected"], tolerance)
    if not difference:
        return Verdict(True, f"{name}: right.")
    for mistake in recorded.get("mistakes", ()):
        if not _difference(value, mistake["value"], tolerance):
            return Verdict(False, f"{name}: {difference}. {mistake['sentence']}")
    hint = recorded.get("hint", "")
    return Verdict(False, f"{name}: {difference}. {hint}".rstrip())


def plain(value: Any) -> Any:
    """Turn numbers, text, lists, tuples, arrays and tensors into data that JSON can hold.

    An array becomes ``{"array": nested lists, "shape": …, "kind": one of "biuf"}``.

    Raises
    ------
    NotPlainError
        `value` is something else.
    """
    if value is None or isinstance(value, bool | int | float | str):
        # a subclass could redefine comparison
        return value if type(value) in (type(None), bool, int, float, str) else _base(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic) and value.dtype.kind in _KINDS:
        return value.item()
    if type(value).__module__.split(".")[0] in ("tensorflow", "keras", "ml_dtypes"):
        value = _array_of(value)
        if value.ndim == 0:
            return value.item()
    if type(value) is np.ndarray and value.dtype.kind in _KINDS:
        return {"array": value.tolist(), "shape": list(value.shape), "kind": value.dtype.kind}
    raise NotPlainError(
        f"the value is a {type(value).__name__}; expected a number, text, a list or an array"
    )


def _base(value: Any) -> Any:
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    raise NotPlainError(f"the value is a {type(value).__name__}")


def _array_of(value: Any) -> np.ndarray:
    try:
        array = np.asarray(value)
    except Exception:
        raise NotPlainError(
            f"the value is a {type(value).__name__} without numbers in it; expected an array"
        ) from None
    # bfloat16 is not a kind of NumPy's own
    return array if array.dtype.kind in _KINDS else array.astype(np.float32)


def _difference(value: Any, expected: Any, tolerance: float) -> str:
    """Say in words how `value` differs from `expected`; empty where it does not."""
    if isinstance(expected, dict):
        return _array_difference(value, expected, tolerance)
    if isinstance(expected, list):
        if not isinstance(value, list):
            return f"the value is {_kind(value)}, expected {_kind(expected)}"
        if len(value) != len(expected):
            return f"the list has {len(value)} items, expected {len(expected)}"
        for place, (one, other) in enumerate(zip(value, expected, strict=True)):
            said = _difference(one, other, tolerance)
            if said:
                return f"item {place}: {said}"
        return ""
    if isinstance(expected, bool | str) or expected is None:
        same = type(value) is type(expected) and value == expected
        return "" if same else f"the value is {_short(value)}, expected {_short(expected)}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"the value is {_kind(value)}, expected the number {_short(expected)}"
    same = (
        value == expected
        or (math.isnan(value) and math.isnan(expected))
        or abs(value - expected) <= tolerance * max(abs(expected), tolerance)
    )
    return "" if same else f"the value is {_short(value)}, expected {_short(expected)}"


def _array_difference(value: Any, expected: dict, tolerance: float) -> str:
    if not isinstance(value, dict):
        return f"the value is {_kind(value)}, expected {_kind(expected)}"
    if value["shape"] != expected["shape"]:
        return f"the shape is {_size(value['shape'])}, expected {_size(expected['shape'])}"
    if (value["kind"] == "b") != (expected["kind"] == "b"):
        return f"the array holds {_KINDS[value['kind']]}, expected {_KINDS[expected['kind']]}"
    got = np.asarray(value["array"], np.float64)
    wanted = np.asarray(expected["array"], np.float64)
    bound = tolerance * max(
        np.max(np.abs(wanted), initial=0.0, where=np.isfinite(wanted)), tolerance
    )
    wrong = ~np.isclose(got, wanted, rtol=0.0, atol=bound, equal_nan=True)
    if not wrong.any():
        return ""
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    where = f"at {list(place)} " if place else ""
    return (
        f"{int(wrong.sum())} of {wrong.size} values differ; the first {where}is "
        f"{_short(got[place])}, expected {_short(wanted[place])}"
    )


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return f"an array of {_size(value['shape'])}"
    if isinstance(value, list):
        return f"a list of {len(value)} items"
    if value is None:
        return "None (is the return missing?)"
    return f"the text {value!r}" if isinstance(value, str) else f"the number {_short(value)}"


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        return _kind(value)
    if value is None:
        return "None (is the return missing?)"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


def _size(shape: list[int]) -> str:
    return "×".join(map(str, shape)) if shape else "a single number"


def _line_of(error: Exception) -> str:
    """Name the learner's line that raised, the last one that stands in the notebook."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        in_cell = frame.filename.startswith("<") or "ipykernel" in frame.filename
        if in_cell and frame.line and not frame.line.startswith("check("):
            return f" (in the line: {frame.line})"
    return "."


def _read(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PlainError(
            f"{path} is missing: it lies beside the homework's notebook in the release; "
            "start Jupyter from there or copy both."
        ) from None
    except json.JSONDecodeError as error:
        raise PlainError(
            f"{path} can't be read ({error}): take it from the release again."
        ) from None
