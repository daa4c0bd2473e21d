"""Reads what an answer's process wrote, trusts none of it, and compares it with what is right."""

from __future__ import annotations

import builtins
import dataclasses
import json
import math
from typing import Any

import numpy as np

from course_utils.grading.assignment import Assignment, Test
from course_utils.homework import known_mistake, verdict_on

_DEEPEST = 12
_MOST_TEXT = 1000


@dataclasses.dataclass(frozen=True)
class Mark:
    """What one test gave.

    Attributes
    ----------
    test : str
    points, of : int
    hidden : bool
    sentence : str
        What came and what was expected; of a hidden test nothing that tells of its inputs.
    advice : str
        What to do, where it is wrong.
    section : str
        The lesson's section to read again, where it is wrong.
    tried : bool
        Whether anything came of it.
    """

    test: str
    points: int
    of: int
    hidden: bool
    sentence: str
    advice: str = ""
    section: str = ""
    tried: bool = True

    @property
    def said(self) -> str:
        """All that is said to the learner."""
        return f"{self.sentence} {self.advice}".strip()


def read_lines(content: bytes) -> tuple[dict[str, dict], list[str], list[str]]:
    """Read an answer's lines of JSON.

    Returns
    -------
    found : dict
        By step: what came of it, the first time that it was said.
    begun : list of str
        Steps that began and did not end, in order.
    odd : list of str
        Nothing that counts: lines that are not as they should be.
    """
    found: dict[str, dict] = {}
    begun: list[str] = []
    odd: list[str] = []
    for line in content.split(b"\n"):
        if not line:
            continue
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            odd.append(repr(line[:60]))
            continue
        match said:
            case {"begin": str() as step}:
                begun.append(step)
            case {"end": str() as step}:
                found.setdefault(step, said)
                if step in begun:
                    begun.remove(step)
            case _:
                odd.append(repr(line[:60]))
    return found, begun, odd


def is_plain(value: Any, depth: int = 0) -> bool:
    """Tell whether `value` is of the form that `course_utils.homework.plain` gives."""
    if depth > _DEEPEST:
        return False
    if isinstance(value, list):
        return all(is_plain(item, depth + 1) for item in value)
    if not isinstance(value, dict):
        return value is None or isinstance(value, bool | int | float | str)
    if set(value) != {"array", "shape", "kind"} or value["kind"] not in ("b", "i", "u", "f"):
        return False
    shape = value["shape"]
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        return False
    try:
        array = np.asarray(value["array"])
    except (ValueError, OverflowError):
        return False
    if math.prod(shape) == 0:  # a list can't tell (0, 3) from (0,)
        return array.size == 0
    numbers = array.dtype.kind in "biuf" or (array.dtype == object and _whole(array))
    return list(array.shape) == shape and numbers


def _whole(array: np.ndarray) -> bool:
    """Tell whether an array holds whole numbers beyond 64 bits only."""
    return all(type(item) is int and abs(item) < 2**1000 for item in array.flat)


def mark(test: Test, said: dict | None, recorded: dict, gone: str) -> Mark:
    """Judge one test.

    Parameters
    ----------
    test : Test
    said : dict or None
        What the answer's process wrote about it.
    recorded : dict
        What is expected.
    gone : str
        Why there is nothing, in words.
    """
    if said is None:
        why = f"{gone[:1].upper()}{gone[1:]}."
        return Mark(test.name, 0, test.points, test.hidden, why, tried=False)
    found, blank = _found(said)
    section = recorded.get("section", "")
    if blank:
        sentence = "A blank that this test needs is not filled in yet."
        return Mark(test.name, 0, test.points, test.hidden, sentence, section=section)
    bare = {key: recorded[key] for key in ("expected", "tolerance") if key in recorded}
    where = _text(said.get("where"))
    try:
        verdict = verdict_on(test.name, found, bare, where)
        mistake = known_mistake(found, recorded)
    except (TypeError, ValueError, OverflowError, RecursionError):
        found, mistake = {"error": "the value can't be compared"}, None
        verdict = verdict_on(test.name, found, bare)
    if verdict.passed:
        return Mark(test.name, test.points, test.points, test.hidden, "Right.")
    sentence = verdict.sentence.removeprefix(f"{test.name}: ")
    if test.hidden:
        sentence = _of_hidden(said)
    advice = mistake["sentence"] if mistake else recorded.get("hint", "")
    sentence = sentence[:1].upper() + sentence[1:]
    return Mark(test.name, 0, test.points, test.hidden, sentence, advice, section)


def _found(said: dict) -> tuple[dict, bool]:
    """Return what came as `verdict_on` takes it, and whether it is a blank instead."""
    if said.get("blank") is True:
        return {}, True
    if "slow" in said:
        return {"error": f"it ran for more than {seconds_in_words(said['slow'])}"}, False
    if "error" in said:
        return {"error": _text(said["error"])}, False
    if "value" in said and is_plain(said["value"]):
        return {"value": said["value"]}, False
    return {"error": "the value is not a number, text, a list or an array"}, False


def _of_hidden(said: dict) -> str:
    """Say what is wrong without a word of the answer's own: it has seen the inputs."""
    what = "your answer differs"
    if "slow" in said:
        what = f"it ran for more than {seconds_in_words(said['slow'])}"
    elif "error" in said and said.get("kind") != "NotPlainError":
        kind = said.get("kind")
        known = isinstance(kind, str) and isinstance(getattr(builtins, kind, None), type)
        what = f"your code stopped with {kind if known else 'an error'}"
    return f"With inputs that the notebook does not show, {what}."


def _text(value: Any) -> str:
    return value[:_MOST_TEXT] if isinstance(value, str) else ""


def seconds_in_words(value: Any) -> str:
    """Return a time as people say it."""
    if not isinstance(value, int | float):
        return "its time"
    return f"{value:g} second{'' if value == 1 else 's'}"


def marks(
    assignment: Assignment, found: dict[str, dict], gone: dict[str, str], nothing: str
) -> tuple[Mark, ...]:
    """Judge all tests of a homework.

    Parameters
    ----------
    assignment : Assignment
    found : dict
        By test: what the answer's process wrote.
    gone : dict
        By test: why there is nothing.
    nothing : str
        Why there is nothing for all others.
    """
    return tuple(
        mark(
            test,
            found.get(test.name),
            assignment.recorded[test.name],
            gone.get(test.name, nothing),
        )
        for test in assignment.tests
    )
