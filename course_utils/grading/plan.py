"""Joins a source and a submission: the learner's cells in the source's order, its own tests."""

from __future__ import annotations

import dataclasses
from typing import Any

from course_utils.grading.assignment import Assignment, SourceCell
from course_utils.grading.limits import Limits
from course_utils.grading.notebook import Cell


@dataclasses.dataclass(frozen=True)
class Plan:
    """What one submission's process does.

    Attributes
    ----------
    job : dict
        As `answer.run` takes it.
    hidden : list of dict
        The hidden tests' steps: handed over when all else is done.
    tests : dict
        Name of the test by the id of its step.
    cells : dict
        What a learner knows a cell by, by the id of its step.
    """

    job: dict[str, Any]
    hidden: list[dict[str, Any]]
    tests: dict[str, str]
    cells: dict[str, str]


def plan(assignment: Assignment, answer: list[Cell], limits: Limits) -> Plan:
    """Return the steps for a submission.

    Its solution cells and the cells that the learner added run in the source's order. A cell of
    the source that the learner changed runs in both forms, the source's last, so that neither an
    import that was added nor a helper that the tests need is lost. Test cells, and those that only
    draw, are the source's alone.

    Parameters
    ----------
    assignment : Assignment
    answer : list of Cell
    limits : Limits
    """
    found, extra = _align(assignment.cells, answer)
    steps: list[dict[str, Any]] = []
    hidden: list[dict[str, Any]] = []
    tests: dict[str, str] = {}
    cells: dict[str, str] = {}

    def add_cell(code: str, known_as: str) -> None:
        if code.strip():
            step = f"c{len(cells)}"
            cells[step] = known_as
            steps.append({"id": step, "code": code})

    def add_extra(place: int) -> None:
        for cell in extra.get(place, ()):
            add_cell(cell.code, f"your own cell that begins with “{_beginning(cell.code)}”")

    add_extra(-1)
    for place, cell in enumerate(assignment.cells):
        own = found.get(place)
        if cell.tests:
            for test in cell.tests:
                step = f"t{len(tests)}"
                tests[step] = test.name
                # a hidden test's name stays outside as well
                known = {"id": step, "expression": test.expression}
                if test.hidden:
                    hidden.append(known | {"at": place})
                else:
                    steps.append(known)
            steps.append({"keep": place})
        elif cell.solution:
            if own is not None:
                add_cell(own.code, f"the cell “{cell.labels[0]}”")
        elif not cell.slow:
            if own is not None and own.code.strip() != cell.code.strip():
                add_cell(own.code, f"the cell that begins with “{_beginning(own.code)}”")
            add_cell(cell.code, "")
        add_extra(place)
    job = {
        "steps": steps,
        "skip": [],
        "limits": dataclasses.asdict(limits),
        "files": assignment.files,
    }
    return Plan(job, hidden, tests, cells)


def _align(
    source: tuple[SourceCell, ...], answer: list[Cell]
) -> tuple[dict[int, Cell], dict[int, list[Cell]]]:
    """Return the learner's cell for each place of the source, and the cells added after a place.

    Test cells in the submission, by their metadata or by their place, are left out. Where a label
    stands on several cells the last one counts, and the others are added cells.
    """
    places = {label: place for place, cell in enumerate(source) for label in cell.labels}
    found: dict[int, Cell] = {}
    extra: dict[int, list[Cell]] = {}
    last = -1
    for cell in answer:
        place = next((places[label] for label in cell.labels if label in places), None)
        if place is None:
            if not cell.graded:
                extra.setdefault(last, []).append(cell)
            continue
        if place in found:
            extra.setdefault(last, []).append(found[place])
        found[place], last = cell, place
    return found, extra


def _beginning(code: str) -> str:
    lines = [line.strip() for line in code.strip().splitlines()]
    line = next((line for line in lines if line and not line.startswith("#")), "…")
    return line if len(line) <= 50 else f"{line[:49]}…"
