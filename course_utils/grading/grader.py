"""One submission from its bytes to its marks."""

from __future__ import annotations

import dataclasses
from typing import Any

from course_utils.grading.assignment import Assignment
from course_utils.grading.judging import Mark, marks, read_lines, seconds_in_words
from course_utils.grading.limits import Limits
from course_utils.grading.notebook import NotebookError, read_cells
from course_utils.grading.plan import Plan, plan
from course_utils.grading.room import Reply, Room, RoomError

_RUNS = 12  # of one submission, each without the step that brought the last one down


@dataclasses.dataclass(frozen=True)
class Graded:
    """A submission's marks.

    Attributes
    ----------
    marks : tuple of Mark
    notes : tuple of str
        What else is said to the learner, such as a cell that stopped.
    seconds : float
    memory : int
        Bytes beyond what came with the fork, at most.
    """

    marks: tuple[Mark, ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    memory: int = 0

    @property
    def points(self) -> int:
        """The points that were reached."""
        return sum(mark.points for mark in self.marks)


@dataclasses.dataclass
class Ran:
    """What came out of all runs of one submission, as it was written; nothing of it is judged.

    Attributes
    ----------
    visible, hidden : dict
        By step: what was said of it before and after the hidden tests were handed over.
    gone : dict
        By step that brought a process down: how.
    ended : str
        How the last process ended.
    """

    visible: dict[str, dict]
    hidden: dict[str, dict]
    gone: dict[str, str]
    ended: str
    seconds: float = 0.0
    memory: int = 0


def run(room: Room, job: dict[str, Any], hidden: list[dict[str, Any]]) -> Ran:
    """Run a plan's job; again without a step that ended the process, so that others still count.

    Raises
    ------
    RoomError
        The process that runs answers is gone.
    """
    ran = Ran({}, {}, {}, "")
    left = job["limits"]["seconds"]
    for _ in range(_RUNS):
        done = [*ran.gone, *ran.hidden, *(step for step in ran.visible if step.startswith("t"))]
        limits = job["limits"] | {"seconds": left}
        reply = room.run(job | {"skip": done, "limits": limits}, hidden)
        culprit = _take(reply, ran)
        left -= reply.seconds
        if not culprit or left <= 0:
            break
        ran.gone[culprit] = reply.ended
    return ran


def _take(reply: Reply, ran: Ran) -> str:
    """Add what a process wrote; return the step that it did not come back from, if any."""
    visible, begun, broken = read_lines(reply.visible)
    hidden, begun_hidden, _ = read_lines(reply.hidden)
    if broken and not visible and not begun:
        raise RoomError(f"An answer's process could not be shut in: {broken[0]}")
    ran.visible = visible | ran.visible
    ran.hidden = hidden | ran.hidden
    ran.ended = reply.ended
    ran.seconds += reply.seconds
    ran.memory = max(ran.memory, reply.memory)
    return next(iter(begun + begun_hidden), "")


def judge(assignment: Assignment, planned: Plan, ran: Ran, limits: Limits) -> Graded:
    """Judge what came out: the one place where it meets what is expected."""
    hidden = {step["id"] for step in planned.hidden}
    found, gone = {}, {}
    for step, test in planned.tests.items():
        said = (ran.hidden if step in hidden else ran.visible).get(step)
        if said is not None:
            found[test] = said
        if step in ran.gone:
            gone[test] = ended_in_words(ran.gone[step], limits)
    nothing = "it was not reached, because " + ended_in_words(ran.ended, limits)
    notes = []
    for step, known_as in planned.cells.items():
        if not known_as:
            continue
        said = ran.visible.get(step, {})
        why = ""
        if step in ran.gone:
            why = ended_in_words(ran.gone[step], limits)
        elif "slow" in said:
            why = f"it ran for more than {seconds_in_words(limits.step_seconds)}"
        elif isinstance(said.get("error"), str):
            where = said.get("where")
            why = said["error"] + (where if isinstance(where, str) else "")
        if why:
            notes.append(f"{known_as[0].upper()}{known_as[1:]}: {why[:1500]}.")
    return Graded(marks(assignment, found, gone, nothing), tuple(notes), ran.seconds, ran.memory)


def ended_in_words(ended: str, limits: Limits) -> str:
    """Say to a learner how the process ended that ran the notebook."""
    said = {
        "": "your code ended the Python process (os._exit does so)",
        "exit": "your code ended the Python process",
        "time": f"the notebook ran for more than {seconds_in_words(limits.seconds)} in all",
        "step": f"it ran for more than {seconds_in_words(limits.step_seconds)}",
        "memory": f"your code used more than {limits.memory / 2**30:g} GB of memory",
        "output": f"your code printed more than {limits.output / 2**20:g} MB",
        "results": "the values are too large to be looked at",
        "processes": f"your code started more than {limits.processes // 2} processes",
    }
    return said.get(ended, f"your code brought the Python process down ({ended})")


def grade(room: Room, assignment: Assignment, content: bytes, limits: Limits) -> Graded:
    """Grade one submission.

    Parameters
    ----------
    room : Room
    assignment : Assignment
    content : bytes
        The notebook's file.
    limits : Limits

    Raises
    ------
    RoomError
        The process that runs answers is gone.
    """
    try:
        cells = read_cells(content)
    except NotebookError as error:
        return not_run(assignment, str(error))
    planned = plan(assignment, cells, limits)
    return judge(assignment, planned, run(room, planned.job, planned.hidden), limits)


def not_run(assignment: Assignment, why: str) -> Graded:
    """Return the marks of a submission that can't be run, and say why."""
    return Graded(marks(assignment, {}, {}, "the notebook could not be run"), (why,))
