"""Writes the README's table of results from the executed lessons and their runs over seeds.

    python tools/results.py            (or --check: only say whether the README is current)

The table stands between ``<!-- results:begin -->`` and ``<!-- results:end -->``: what each lesson's
checkpoints reach in the committed notebook, their floors, and the spread over the seeds in
``tests/seeds``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

import executed
import seeds

from course_utils.checkpoint import number

README = executed.HOUSE / "README.md"
BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
_HEAD = (
    "| Lesson | What it reaches | Value | Floor | Over seeds | Seconds |",
    "|:--|:--|--:|:--|:--|--:|",
)


class ResultsError(Exception):
    """The table can't be made; the message says why and what to do."""


def table(lessons: list[Path], recorded: Path) -> str:
    """Return the table as Markdown: a row a checkpoint, the lesson named in its first row.

    Parameters
    ----------
    lessons : list of paths
        Executed notebooks.
    recorded : Path
        The folder of the runs over seeds.

    Raises
    ------
    ResultsError
        A notebook has no executed checkpoint.
    """
    lines = list(_HEAD)
    for path in lessons:
        notebook = executed.read(path)
        records = executed.checkpoints(notebook)
        if not records:
            raise ResultsError(f"{path.name} shows no checkpoint: run it and save its outputs.")
        runs = seeds.load(recorded / f"{path.name[:2]}.json")
        link = f"[{executed.title(notebook)}](notebooks/{path.name})"
        seconds = f"{statistics.median(run['seconds'] for run in runs):.0f}" if runs else "–"
        for place, record in enumerate(records):
            first = (link, seconds) if place == 0 else ("", "")
            value = number(float(record["value"]), 3)
            row = (first[0], record["name"], value, _floor(record), _spread(runs, record), first[1])
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |")
    return "\n".join(lines)


def _floor(record: dict) -> str:
    low, high = record["low"], record["high"]
    if high is None:
        return f"≥ {number(low)}"
    if low is None:
        return f"≤ {number(high)}"
    return f"{number(low)} to {number(high)}" if low < high else number(low)


def _spread(runs: list[dict], record: dict) -> str:
    values = seeds.values_of(runs, record["name"])
    if not values:
        return "–"
    low, _, high = seeds.spread(values)
    ends = dict.fromkeys(number(value, 3) for value in (low, high))
    shown = " … ".join(ends)
    return f"{shown} ({len(values)})"


def renewed(readme: str, results: str) -> str:
    """Return the README's text with `results` between its two marks.

    Raises
    ------
    ResultsError
        The marks are not there, once each and in order.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ResultsError(f"README.md needs one {BEGIN} and, below it, one {END}.")
    return f"{before}{begin}\n{results}\n{end}{after}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; 1 if not current")
    check = parser.parse_args(arguments).check
    try:
        now = README.read_text(encoding="utf-8")
        new = renewed(now, table(executed.lessons(), seeds.FOLDER))
    except ResultsError as error:
        print(error)
        return 1
    if now == new:
        print("README.md: the table of results is current.")
        return 0
    if check:
        print("README.md: the table of results is not current; run `python tools/results.py`.")
        return 1
    README.write_text(new, encoding="utf-8", newline="\n")
    print("README.md: the table of results is renewed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
