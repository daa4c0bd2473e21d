"""A course with one homework of two blanks, small enough to be graded in a blink."""

from __future__ import annotations

import json
from pathlib import Path

NAME = "09_small"
DOUBLE = "def double(x):\n    return 2 * x"
TRIPLE = "def triple(x):\n    return [3 * x]"


def cell(code, grade_id="", *, solution=False, points=0):
    metadata = {}
    if grade_id:
        marks = {"grade_id": grade_id, "solution": solution, "grade": points > 0}
        metadata["nbgrader"] = marks | ({"points": points} if points else {})
    return {
        "cell_type": "code", "id": grade_id or "setup", "metadata": metadata, "source": code,
        "outputs": [], "execution_count": None,
    }  # fmt: skip


def book(double=DOUBLE, triple=TRIPLE):
    """Return a notebook of the homework."""
    cells = [
        cell(f'import math\nfrom course_utils.homework import Checks\ncheck = Checks("{NAME}")'),
        cell(double, "double", solution=True),
        cell(
            'check("double", lambda: double(4), points=2)\n### BEGIN HIDDEN TESTS\n'
            'check("double, other input", lambda: double(7.25), points=1)\n'
            "### END HIDDEN TESTS\n",
            "test_double",
            points=3,
        ),
        cell(triple, "triple", solution=True),
        cell('check("triple", lambda: triple(math.pi), points=2)', "test_triple", points=2),
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def make_course(root: Path, **expected) -> Path:
    """Write the course's source and expected values below `root`."""
    values = {"double": 8, "double, other input": 14.5, "triple": [9.424778]} | expected
    records = {
        name: {
            "expected": value,
            "hint": f"Look at {name} again.",
            "section": "1 · Products",
            "tolerance": 1e-5,
            "mistakes": [],
        }
        for name, value in values.items()
    }
    source = root / "source" / NAME
    (root / "source" / "hidden").mkdir(parents=True, exist_ok=True)
    source.mkdir(parents=True, exist_ok=True)
    (source / f"{NAME}.ipynb").write_text(json.dumps(book()), encoding="utf-8")
    hidden = {"double, other input": records.pop("double, other input")}
    (source / "checks.json").write_text(json.dumps(records), encoding="utf-8")
    (root / "source" / "hidden" / f"{NAME}.json").write_text(json.dumps(hidden), encoding="utf-8")
    return root


def hand_in(folder: Path, learner: str, double=DOUBLE, triple=TRIPLE) -> Path:
    """Write a learner's notebook."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{learner}.ipynb"
    path.write_text(json.dumps(book(double, triple)), encoding="utf-8")
    return path
