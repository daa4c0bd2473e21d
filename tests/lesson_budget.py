"""Holds every lesson that nbval runs to its budget of time and memory.

Behind a lesson's last cell stands one more test, ``budget``. A lesson is over its time when both
the wall clock and the processor time of its kernel are over: neighbours on the machine stretch the
one, a second core the other. ``COURSE_BUDGET_FACTOR`` (1 by default) stretches every budget on a
slow machine.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import psutil
import pytest

from course_utils.memory import peak_memory

MEMORY_GIB = 3.0
_SECONDS = {
    20: (1, 2, 3),
    45: (4, 5, 6, 7, 8, 10, 13, 15, 17),
    100: (11, 12, 18, 19, 21, 22),
    150: (9, 14, 16, 20, 23),
}
BUDGETS = {lesson: seconds for seconds, lessons in _SECONDS.items() for lesson in lessons}


class LessonBudget(pytest.Item):
    """The test behind a lesson's last cell."""

    def __init__(self, *, seconds: float, budgets: Budgets, **given: object) -> None:
        super().__init__(**given)
        self.seconds = seconds
        self.budgets = budgets

    def runtest(self) -> None:
        """Fail with a sentence where the lesson went over."""
        spent = self.budgets.spent.get(self.parent.nodeid, 0.0)
        process = psutil.Process(_kernel_pid(self.parent))
        times = process.cpu_times()
        busy = times.user + times.system + times.children_user + times.children_system
        peak = peak_memory(process.pid)
        self.budgets.rows.append((self.path.stem, spent, busy, self.seconds, peak))
        said = verdict(self.path.stem, spent, busy, self.seconds, peak)
        if said:
            pytest.fail(said, pytrace=False)

    def repr_failure(self, failure: pytest.ExceptionInfo) -> str:
        """Return the sentence alone."""
        return str(failure.value)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the test in the report."""
        return self.path, 0, f"{self.path.name}::budget"


class Budgets:
    """The plugin: adds the tests, adds up the seconds, prints the table."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.rows: list[tuple[str, float, float, float, float]] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put a budget test behind each lesson that is run whole."""
        last = {item.parent: i for i, item in enumerate(items) if hasattr(item, "cell_num")}
        for file, place in sorted(last.items(), key=lambda pair: -pair[1]):
            lesson = re.match(r"(\d\d)_", file.path.name)
            if lesson and int(lesson[1]) in BUDGETS:
                seconds = slowness() * BUDGETS[int(lesson[1])]
                test = LessonBudget.from_parent(file, name="budget", seconds=seconds, budgets=self)
                items.insert(place + 1, test)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up a lesson's seconds, its kernel's start included."""
        file, _, cell = report.nodeid.partition("::")
        if file.endswith(".ipynb") and cell != "budget":
            self.spent[file] = self.spent.get(file, 0.0) + report.duration

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print what each lesson took beside its budget."""
        if not self.rows:
            return
        terminalreporter.section("lessons")
        terminalreporter.line(f"{'':34}{'wall':>8}{'processor':>11}{'budget':>9}{'memory':>11}")
        for name, wall, busy, seconds, peak in self.rows:
            terminalreporter.line(
                f"{name:34}{wall:>6.1f} s{busy:>9.1f} s{seconds:>7.0f} s{peak:>7.2f} GiB"
            )


def slowness() -> float:
    """Return what stretches every budget on this machine."""
    return float(os.environ.get("COURSE_BUDGET_FACTOR", "1"))


def within_budget(wall: float, busy: float, seconds: float) -> bool:
    """Tell whether seconds on the clock, or else of processor time, fit a stretched budget."""
    return min(wall, busy) <= slowness() * seconds


def verdict(name: str, wall: float, busy: float, budget: float, peak: float) -> str:
    """Say in a sentence how a lesson went over its budget; empty where it did not.

    Parameters
    ----------
    name : str
    wall, busy : float
        Seconds on the clock, and seconds of processor time over all cores.
    budget : float
        Seconds.
    peak : float
        The kernel's largest resident memory in GiB.
    """
    if min(wall, busy) > budget:
        return (
            f"{name} took {wall:.0f} s ({busy:.0f} s of processor time), its budget is "
            f"{budget:.0f} s: shorten it, or set COURSE_BUDGET_FACTOR on a slow machine."
        )
    if peak > MEMORY_GIB:
        return (
            f"{name}'s kernel held {peak:.2f} GiB at its peak, the limit is {MEMORY_GIB:.0f} GiB."
        )
    return ""


def _kernel_pid(file: pytest.File) -> int:
    return file.kernel.km.provisioner.process.pid
