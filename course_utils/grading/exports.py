"""Marks as CSV: for each test, for nbgrader, and for learning platforms."""

from __future__ import annotations

import csv
import dataclasses
import datetime
from collections.abc import Iterable
from pathlib import Path

from course_utils.grading.collect import Submission
from course_utils.grading.grader import Graded

_NBGRADER = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
    "raw_score", "late_submission_penalty", "score", "max_score",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Row:
    """One graded submission."""

    submission: Submission
    graded: Graded
    title: str = ""
    due: datetime.datetime | None = None

    @property
    def late(self) -> bool:
        """Whether it came after it was due."""
        return self.due is not None and self.submission.handed_in > self.due

    @property
    def of(self) -> int:
        """The most points that it could have."""
        return sum(mark.of for mark in self.graded.marks)


def write(folder: Path, rows: list[Row]) -> list[Path]:
    """Write ``marks.csv``, ``nbgrader.csv`` and ``gradebook.csv``; return their paths."""
    rows = [row for row in rows if row.submission.homework]
    tables = {
        "marks.csv": _marks(rows),
        "nbgrader.csv": _nbgrader(rows),
        "gradebook.csv": _gradebook(rows),
    }
    for name, table in tables.items():
        # spreadsheets garble names without a mark of UTF-8; platforms stumble over it
        encoding = "utf-8-sig" if name == "marks.csv" else "utf-8"
        with (folder / name).open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows([_safe(cell) for cell in line] for line in table)
    return [folder / name for name in tables]


def _safe(cell: object) -> object:
    """Keep a spreadsheet from taking a learner's text for a formula."""
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{cell}"
    return cell


def _marks(rows: list[Row]) -> Iterable[tuple]:
    yield "homework", "learner", "test", "hidden", "points", "of", "late", "said"
    for row in rows:
        for mark in row.graded.marks:
            yield (
                row.submission.homework,
                row.submission.learner,
                mark.test,
                _yes(mark.hidden),
                mark.points,
                mark.of,
                _yes(row.late),
                mark.said,
            )


def _nbgrader(rows: list[Row]) -> Iterable[tuple]:
    """As nbgrader's own ``export`` writes it (nbgrader.plugins.export.CsvExportPlugin)."""
    yield _NBGRADER
    for row in rows:
        points, submission = row.graded.points, row.submission
        due, came = (_utc(time) for time in (row.due, submission.handed_in))
        names = (submission.learner, "", "", "")
        yield submission.homework, due, came, *names, points, 0.0, points, row.of


def _gradebook(rows: list[Row]) -> Iterable[tuple]:
    homework = sorted({row.submission.homework for row in rows})
    learners = sorted({row.submission.learner for row in rows})
    points = {(r.submission.learner, r.submission.homework): r.graded.points for r in rows}
    most = {row.submission.homework: row.of for row in rows}
    yield "ID number", *(f"{name} ({most[name]} points)" for name in homework)
    for learner in learners:
        yield learner, *(points.get((learner, name), "") for name in homework)


def _yes(true: bool) -> str:
    return "yes" if true else "no"


def _utc(time: datetime.datetime | None) -> str:
    return f"{time.astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S}" if time else ""
