"""A measured claim: the only way in which a lesson asserts a result."""

from __future__ import annotations

import hashlib
import html
import math
from collections.abc import Iterable

from course_utils import runtime

MIME = "application/vnd.course.checkpoint+json"

_COLOURS = {"reached": "#00694b", "missed": "#b3261e", "not judged": "#5f6368"}
_SIGNS = {"reached": "✔", "missed": "✘", "not judged": "○"}


class CheckpointMissedError(AssertionError):
    """A checkpoint's value lies outside its floor, and the run is strict."""


def checkpoint(
    name: str,
    value: float,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    within: tuple[float, float] | None = None,
    claim: str,
    hint: str = "a setting above was changed, or the cells were not run in order",
) -> None:
    """Show a measured value beside the floor that it must reach.

    Judges the built-in source only; on any other source the figure stands beside the built-in
    floor as "not judged".

    Parameters
    ----------
    name : str
        Short and unique in its lesson, such as ``"test accuracy"``.
    value : float
        Measured in a cell above, on data that training never saw.
    at_least, at_most, within : float or (float, float)
        The floor; exactly one of the three.
    claim : str
        What the figure shows, in one sentence.
    hint : str
        The likeliest reason for a miss.

    Raises
    ------
    CheckpointMissedError
        The value misses its floor and the lesson runs under ``COURSE_STRICT``.
    ValueError
        Not exactly one floor was given.
    """
    if sum(bound is not None for bound in (at_least, at_most, within)) != 1:
        raise ValueError(f"Checkpoint {name!r} needs exactly one of at_least, at_most, within.")
    value = float(value)
    low, high, floor = -math.inf, math.inf, ""
    if at_least is not None:
        low = float(at_least)
        floor = f"at least {number(low)}"
    elif at_most is not None:
        high = float(at_most)
        floor = f"at most {number(high)}"
    else:
        low, high = map(float, within)
        floor = f"between {number(low)} and {number(high)}"
        if low == high:
            floor = f"just {number(low)}"
    chosen = runtime.settings()
    # NaN and infinity miss every floor
    verdict = "reached" if math.isfinite(value) and low <= value <= high else "missed"
    if chosen.source != "drawn":
        verdict = "not judged"
    record = {
        "name": name,
        # JSON has neither NaN nor infinity
        "value": value if math.isfinite(value) else str(value),
        "floor": floor,
        "low": None if low == -math.inf else low,
        "high": None if high == math.inf else high,
        "verdict": verdict,
        "claim": claim,
        "source": digest(_executed()),
    }
    _show(record, value, hint)
    if verdict == "missed" and chosen.strict:
        raise CheckpointMissedError(
            f"Checkpoint missed: {name} is {number(value)}, expected {floor}; "
            f"likeliest reason: {hint}."
        )


def number(value: float, digits: int = 4) -> str:
    """Return `value` as text: whole numbers whole, others with so many digits that count."""
    if value == round(value, 0) and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def digest(cells: Iterable[str]) -> str:
    """Return a short hash of code cells that a change of white space alone leaves as it is.

    A checkpoint records the digest of all cells that its kernel has run so far; where a page's
    cells give another one, its outputs are not those of its code.
    """
    text = "\0".join("".join(cell.split()) for cell in cells)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _executed() -> list[str]:
    try:
        from IPython import get_ipython
    except ImportError:
        return []
    shell = get_ipython()
    history = () if shell is None else shell.history_manager.input_hist_raw
    return [cell for cell in history if cell.strip()]


def _show(record: dict, value: float, hint: str) -> None:
    from IPython.display import display

    name, floor, verdict, claim = (record[k] for k in ("name", "floor", "verdict", "claim"))
    said = f"{_SIGNS[verdict]} {name}: {number(value)} ({floor}) — {claim}"
    if verdict == "missed":
        said += f" Missed; likeliest reason: {hint}."
    elif verdict == "not judged":
        said += " Not judged: the floor holds for the built-in data."
    # a light ground of its own, so that it reads in a dark theme too
    style = (
        f"border-left:4px solid {_COLOURS[verdict]};padding:4px 10px;"
        f"color:{_COLOURS[verdict]};background:#f3f6f9"
    )
    display(
        {
            "text/plain": said,
            "text/html": f'<div style="{style}"><b>{html.escape(said)}</b></div>',
            MIME: record,
        },
        raw=True,
    )
