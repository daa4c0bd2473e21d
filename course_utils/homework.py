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

from course_utils.errors import PlainError

FILE = "checks.json"
_KINDS = {"b": "true/false", "i": "whole numbers", "u": "whole numbers", "f": "numbers"}
_TOLERANCE = 1e-5


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
    where = ""
    try:
        found = {"value": plain(expression())}
    except NotFilledIn:
        raise
    except NotImplementedError:
        raise NotFilledIn(f"A blank that {name!r} needs") from None
    except Exception as error:
        found, where = {"error": error_text(error)}, _line_of(error)
    return verdict_on(name, found, recorded, where)


def error_text(error: Exception) -> str:
    """Say in words what stopped an expression, as it is recorded for a known mistake."""
    if isinstance(error, NotPlainError):
        return str(error)
    return f"your code stopped with {type(error).__name__}: {error}".rstrip(".: ")


def compare(name: str, value: Any, recorded: dict) -> Verdict:
    """Compare a plain value with the recorded one by type, shape and value.

    Parameters
    ----------
    name : str
    value : plain data
        As `plain` returns it.
    recorded : dict
        As `verdict_on` takes it.
    """
    return verdict_on(name, {"value": value}, recorded)


def verdict_on(name: str, found: dict, recorded: dict, where: str = "") -> Verdict:
    """Judge what an expression came to, a value or an error.

    Parameters
    ----------
    name : str
    found : dict
        ``{"value": plain data}`` or ``{"error": text}``, the text as `error_text` gives it.
    recorded : dict
        ``expected``, ``tolerance`` (relative to the largest expected magnitude), ``hint``,
        ``section`` (of the lesson) and ``mistakes``, a list of values or errors as `found` has
        them, each with its ``sentence``. All but the first may be missing.
    where : str
        The line that raised, in words.
    """
    if "error" in found:
        difference = found["error"] + where
    else:
        difference = _difference(found["value"], recorded["expected"], _tolerance(recorded))
    if not difference:
        return Verdict(True, f"{name}: right.")
    mistake = known_mistake(found, recorded)
    said = [f"{name}: {difference}."]
    said.append(mistake["sentence"] if mistake else recorded.get("hint", ""))
    if recorded.get("section"):
        said.append(f"To read again: {recorded['section']}.")
    return Verdict(False, " ".join(filter(None, said)))


def known_mistake(found: dict, recorded: dict) -> dict | None:
    """Return the first of the recorded mistakes that came to the same, if there is one."""
    tolerance = _tolerance(recorded)
    for mistake in recorded.get("mistakes", ()):
        if "error" in found or "error" in mistake:
            same = found.get("error") == mistake.get("error")
        else:
            same = not _difference(found["value"], mistake["value"], tolerance)
        if same:
            return mistake
    return None


def _tolerance(recorded: dict) -> float:
    return recorded.get("tolerance", _TOLERANCE)


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
    if _close(value, expected, tolerance):
        return ""
    return f"the value is {_short(value)}, expected {_short(expected)}"


def _close(value: float, expected: float, tolerance: float) -> bool:
    try:
        value, expected = float(value), float(expected)
    except OverflowError:  # a whole number beyond float64
        return value == expected
    if not (math.isfinite(value) and math.isfinite(expected)):
        return value == expected or (math.isnan(value) and math.isnan(expected))
    return abs(value - expected) <= tolerance * max(abs(expected), tolerance)


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
    if isinstance(value, bool):
        return repr(value)
    return f"the text {_short(value)}" if isinstance(value, str) else f"the number {_short(value)}"


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        return _kind(value)
    if value is None:
        return "None (is the return missing?)"
    if isinstance(value, int) and abs(value) >= 10**18:
        return "a whole number of more than 18 digits"
    said = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return said if len(said) <= 80 else f"{said[:77]}…"


def _size(shape: list[int]) -> str:
    return "×".join(map(str, shape)) if shape else "a single number"


def _line_of(error: Exception) -> str:
    """Name the learner's line that raised, the last one that stands in the notebook."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        in_cell = frame.filename.startswith("<") or "ipykernel" in frame.filename
        if in_cell and frame.line and not frame.line.startswith("check("):
            return f" (in the line: {frame.line})"
    return ""


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
