"""The command line: collect, run, judge, report."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from course_utils.errors import PlainError
from course_utils.grading import assignment as assignments
from course_utils.grading import exports, grader, protections, records, reports, scheduler
from course_utils.grading.assignment import Assignment
from course_utils.grading.collect import Submission, collect
from course_utils.grading.grader import Graded
from course_utils.grading.limits import Limits
from course_utils.grading.notebook import Cell, NotebookError, read_cells
from course_utils.grading.plan import Plan, plan
from course_utils.grading.room import WAYS, Room, RoomError, require_linux
from course_utils.grading.view import HOUSE
from course_utils.progress import Bar

_COURSE = HOUSE / "notebooks" / "homework"
_UNKNOWN = (
    "It can't be told which homework this is: name the file or its folder like the homework "
    "(03_convolution.ipynb)."
)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status.

    0: all graded; 1: something was not; 130: interrupted.
    """
    given = _parse(arguments)
    try:
        require_linux()
        return _Round(given).run()
    except PlainError as error:
        print(f"✘ {error}", file=sys.stderr)
        return 1


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.grading",
        description="Grades a class's homework: each answer runs shut in and is judged outside.",
    )
    parser.add_argument("submissions", type=Path, help="a folder, nbgrader's submitted/, or a zip")
    parser.add_argument("--into", type=Path, help="where marks go (SUBMISSIONS_graded beside it)")
    parser.add_argument("--homework", metavar="NN_name", help="what all are submissions for")
    parser.add_argument(
        "--due", type=_time, help="such as '2026-11-20 23:59', this machine's time zone"
    )
    parser.add_argument("--again", action="store_true", help="grade also what is graded already")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument(
        "--seconds", type=float, default=Limits.step_seconds, help="for one cell or test"
    )
    parser.add_argument("--memory", type=float, default=2, metavar="GB", help="for one submission")
    parser.add_argument("--scheduler", metavar="tcp://…", help="a Dask scheduler to run them on")
    parser.add_argument("--isolation", choices=WAYS, help="by default the safest that works here")
    parser.add_argument("--course", type=Path, default=_COURSE, help="with source/ and release/")
    return parser.parse_args(arguments)


def _time(text: str) -> datetime.datetime:
    try:
        return datetime.datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; write it like '2026-11-20 23:59'"
        ) from None


class _Round:
    """One call of the command."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        whole = given.seconds * Limits.seconds / Limits.step_seconds
        memory = int(given.memory * 2**30)
        self._limits = Limits(step_seconds=given.seconds, seconds=whole, memory=memory)
        self._begun = time.perf_counter()
        folder = given.submissions
        self._into = given.into or folder.resolve().with_name(f"{folder.resolve().stem}_graded")
        self._records = records.Records(self._into / "records")

    def run(self) -> int:
        found = self._collect()
        homework = {
            name: assignments.read(self._given.course, name)
            for name in {one.homework for one in found if one.homework}
        }
        keys = [records.key(one, homework.get(one.homework), self._limits) for one in found]
        graded: list[Graded | None] = [None] * len(found)
        if not self._given.again:
            graded = [self._records.get(one, key) for one, key in zip(found, keys, strict=True)]
        to_do = [place for place, known in enumerate(graded) if known is None]
        before = len(found) - len(to_do)
        if before:
            print(f"{before} of {len(found)} submissions are graded already (--again grades anew).")
        try:
            failed = self._grade(found, to_do, homework, keys, graded)
        except KeyboardInterrupt:
            done = sum(one is not None for one in graded)
            print(f"\nStopped: {done} of {len(found)} are graded and stay so.")
            print("The same command goes on from there.")
            return 130
        self._tell(found, graded, homework)
        return self._last_words(found, graded, failed)

    def _collect(self) -> list[Submission]:
        given = self._given
        known = assignments.names(given.course)
        if given.homework and given.homework not in known:
            raise PlainError(
                f"There is no homework {given.homework}; there are {', '.join(known)}."
            )
        return collect(given.submissions, known, given.homework)

    def _grade(
        self,
        found: list[Submission],
        to_do: list[int],
        homework: dict[str, Assignment],
        keys: list[str],
        graded: list[Graded | None],
    ) -> list[str]:
        """Fill `graded`; return a sentence for each submission that could not be run."""
        plans: list[Plan] = []
        places: list[int] = []

        def keep(place: int, marks: Graded) -> None:
            self._records.put(found[place], keys[place], marks)
            graded[place] = marks

        for place in to_do:
            asked = homework.get(found[place].homework)
            cells = _cells(found[place])
            if asked is None:
                graded[place] = Graded((), (_UNKNOWN,))
            elif isinstance(cells, str):
                keep(place, grader.not_run(asked, cells))
            else:
                plans.append(plan(asked, cells, self._limits))
                places.append(place)
        if not plans:
            return []
        needed = [homework[name] for name in sorted({found[place].homework for place in places})]
        failed = []
        with self._runner(needed) as run, Bar(len(plans), "Grading") as bar:
            for number, ran, why in run(plans):
                place = places[number]
                one = found[place]
                if ran is None:
                    failed.append(f"{one.learner}, {one.homework}: {why}")
                else:
                    keep(
                        place,
                        grader.judge(homework[one.homework], plans[number], ran, self._limits),
                    )
                bar.update(note=one.learner)
        return failed

    @contextlib.contextmanager
    def _runner(
        self, needed: list[Assignment]
    ) -> Iterator[Callable[[list[Plan]], Iterator[scheduler.Outcome]]]:
        modules = tuple(dict.fromkeys(name for one in needed for name in one.modules))
        given = self._given
        if given.scheduler:
            # what a worker lacks shows in the sources' own marks
            def run(plans: list[Plan]) -> Iterator[scheduler.Outcome]:
                return scheduler.on_scheduler(given.scheduler, plans, modules, given.isolation)

            print(f"On the workers of {given.scheduler}, each with the protections that it has.")
            self._try_sources(needed, run)
            yield run
            return
        with Room(modules, given.isolation) as room:
            self._say_protections(room)

            def run(plans: list[Plan]) -> Iterator[scheduler.Outcome]:
                return scheduler.here(room, plans, given.at_once)

            self._try_sources(needed, run)
            yield run

    def _say_protections(self, room: Room) -> None:
        gaps = protections.missing(room, self._limits, self._given.course, self._given.submissions)
        shut = {"limits": "by limits alone"}.get(room.way, f"by {room.way}")
        print(f"Each answer is shut in {shut}.")
        for gap in gaps:
            print(f"  Not protected: {gap}.")
        if gaps and room.way != "bubblewrap":
            print("  The package bubblewrap closes that: apt install bubblewrap.")

    def _try_sources(
        self, needed: list[Assignment], run: Callable[[list[Plan]], Iterator[scheduler.Outcome]]
    ) -> None:
        """Grade the solutions themselves: where they fail, nobody can be graded.

        Raises
        ------
        RoomError
            A solution does not get all its points in here.
        """
        plans = [
            plan(one, [Cell(cell.labels, cell.code) for cell in one.cells], self._limits)
            for one in needed
        ]
        for number, ran, why in run(plans):
            one = needed[number]
            if ran is None:
                raise RoomError(why)
            own = grader.judge(one, plans[number], ran, self._limits)
            wrong = [f"{mark.test}: {mark.said}" for mark in own.marks if mark.points < mark.of]
            # a cell that stopped says more than the tests that lack it
            said = [found["error"] for found in ran.visible.values() if "error" in found] + wrong
            if wrong:
                raise RoomError(
                    f"The solution of {one.name} itself does not pass in here, so nobody is graded "
                    f"({said[0].rstrip('.')}): mend what that says, or make the homework anew with "
                    f"'python tools/homework.py build {one.name}'."
                )

    def _tell(
        self,
        found: list[Submission],
        graded: list[Graded | None],
        homework: dict[str, Assignment],
    ) -> None:
        rows = [
            exports.Row(one, marks, _title(homework.get(one.homework)), self._given.due)
            for one, marks in zip(found, graded, strict=True)
            if marks is not None
        ]
        self._into.mkdir(parents=True, exist_ok=True)
        exports.write(self._into, rows)
        reports.write(self._into, rows)

    def _last_words(
        self, found: list[Submission], graded: list[Graded | None], failed: list[str]
    ) -> int:
        seconds = time.perf_counter() - self._begun
        pairs = zip(found, graded, strict=True)
        done = sum(marks is not None and bool(one.homework) for one, marks in pairs)
        late = sum(self._given.due is not None and one.handed_in > self._given.due for one in found)
        print(f"{done} of {len(found)} submissions are graded ({seconds:.0f} s), {late} came late.")
        for one in found:
            if one.others:
                print(f"  {one.learner}: {one.place} counts, not {', '.join(one.others)}.")
            if not one.homework:
                print(f"  {one.place}: {_UNKNOWN}")
        for why in failed:
            print(f"  Not graded, give the command again: {why}")
        print(f"Marks: {self._into / 'marks.csv'}")
        print(f"Overview: {self._into / 'class.html'}")
        return 1 if failed or any(not one.homework for one in found) else 0


def _title(asked: Assignment | None) -> str:
    return asked.title if asked else "Homework that can’t be told"


def _cells(submission: Submission) -> list[Cell] | str:
    """Return a submission's code, or why there is none."""
    if submission.broken:
        return submission.broken
    try:
        return read_cells(submission.content)
    except NotebookError as error:
        return str(error)
