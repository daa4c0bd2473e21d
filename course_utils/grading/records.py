"""What is graded stays graded: one small file for each submission, written whole or not at all."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from pathlib import Path

from course_utils.grading.assignment import Assignment
from course_utils.grading.collect import Submission
from course_utils.grading.grader import Graded
from course_utils.grading.judging import Mark
from course_utils.grading.limits import Limits

_VERSION = 1  # raised when grading itself changes what a submission gets


class Records:
    """The marks of a class, in a folder.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, submission: Submission, key: str) -> Graded | None:
        """Return a submission's marks if they were given under the same key."""
        try:
            kept = json.loads(self._path(submission).read_text(encoding="utf-8"))
            if kept.pop("key") != key:
                return None
            marks = tuple(Mark(**mark) for mark in kept.pop("marks"))
            return Graded(marks, tuple(kept.pop("notes")), **kept)
        except (OSError, ValueError, KeyError, TypeError):
            return None  # never written, or by another version

    def put(self, submission: Submission, key: str, graded: Graded) -> None:
        """Keep a submission's marks."""
        path = self._path(submission)
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")
        text = json.dumps({"key": key} | dataclasses.asdict(graded), ensure_ascii=False, indent=1)
        half.write_text(text, encoding="utf-8")
        os.replace(half, path)

    def _path(self, submission: Submission) -> Path:
        name = file_name(submission.learner)
        return self._folder / (submission.homework or "unknown") / f"{name}.json"


def key(submission: Submission, assignment: Assignment | None, limits: Limits) -> str:
    """Return what changes when a mark may: submission, homework, limits, this grader."""
    homework = assignment.fingerprint if assignment else ""
    parts = (_VERSION, submission.fingerprint, homework, limits)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def file_name(learner: str) -> str:
    """Return a learner's name as a file's: no two learners share one."""
    plain = "".join(c if c.isalnum() or c in "-_@." else "_" for c in learner).lstrip(".")[:100]
    if plain and plain == learner:
        return plain
    return f"{plain}-{hashlib.sha256(learner.encode()).hexdigest()[:8]}"
