"""The source's order and tests, the learner's code: whatever was done to the notebook."""

from __future__ import annotations

import json

import helpers_small_course as small
import pytest

from course_utils.grading import assignment
from course_utils.grading.limits import Limits
from course_utils.grading.notebook import read_cells
from course_utils.grading.plan import plan


@pytest.fixture
def asked(tmp_path):
    return assignment.read(small.make_course(tmp_path), small.NAME)


def planned(asked, book):
    return plan(asked, read_cells(json.dumps(book).encode()), Limits())


def code_of(steps):
    """Return the steps in short: a cell's last line, a test's expression."""
    return [
        step.get("expression") or step["code"].splitlines()[-1].strip()
        for step in steps
        if "keep" not in step
    ]


SETUP = f'check = Checks("{small.NAME}")'
SOLVED = [SETUP, "return 2 * x", "double(4)", "return [3 * x]", "triple(math.pi)"]


def test_a_homework_is_read_with_its_tests(asked):
    assert [(test.name, test.points, test.hidden) for test in asked.tests] == [
        ("double", 2, False),
        ("double, other input", 1, True),
        ("triple", 2, False),
    ]
    assert asked.points == 5
    assert "math" in asked.modules
    assert "keras" not in asked.modules


def test_tests_stand_where_the_source_has_them_and_hidden_ones_apart(asked):
    steps = planned(asked, small.book())
    assert code_of(steps.job["steps"]) == SOLVED
    assert code_of(steps.hidden) == ["double(7.25)"]
    assert list(steps.tests.values()) == ["double", "double, other input", "triple"]


def test_cells_that_were_moved_run_in_the_sources_order(asked):
    book = small.book()
    book["cells"].reverse()
    assert code_of(planned(asked, book).job["steps"]) == SOLVED


def test_a_cell_that_was_added_runs_after_the_one_it_follows(asked):
    book = small.book()
    book["cells"].insert(2, small.cell("factor = 2") | {"id": "own"})
    book["cells"].insert(0, small.cell("first = 1") | {"id": "own2"})
    expected = ["first = 1", SETUP, "return 2 * x", "factor = 2", *SOLVED[2:]]
    assert code_of(planned(asked, book).job["steps"]) == expected


def test_a_given_cell_that_was_changed_runs_in_both_forms(asked):
    book = small.book()
    book["cells"][0]["source"] = "import numpy\nmath = None"
    assert code_of(planned(asked, book).job["steps"]) == ["math = None", *SOLVED]


def test_test_cells_are_the_sources_own(asked):
    book = small.book()
    for cell in book["cells"]:
        if "test_" in cell["id"]:
            cell["source"] = "raise SystemExit"
    copy = small.cell("pass", "test_more", points=100)
    book["cells"].append(copy)
    assert code_of(planned(asked, book).job["steps"]) == SOLVED


def test_without_its_labels_a_notebook_still_runs_in_its_own_order(asked):
    book = small.book()
    for cell in book["cells"]:
        cell["metadata"], cell["id"] = {}, ""
    steps = code_of(planned(asked, book).job["steps"])
    assert steps.index("return 2 * x") < steps.index("double(4)")
    assert steps[-3:] == [SETUP, "double(4)", "triple(math.pi)"]


def test_slow_cells_are_left_out(tmp_path):
    course = small.make_course(tmp_path)
    source = course / "source" / small.NAME / f"{small.NAME}.ipynb"
    book = json.loads(source.read_text(encoding="utf-8"))
    slow = small.cell("train()") | {"id": "slow", "metadata": {"tags": ["slow"]}}
    book["cells"].append(slow)
    source.write_text(json.dumps(book), encoding="utf-8")
    steps = planned(assignment.read(course, small.NAME), book)
    assert code_of(steps.job["steps"]) == SOLVED


def test_expected_values_that_do_not_fit_are_told(tmp_path):
    course = small.make_course(tmp_path, quadruple=16)
    with pytest.raises(assignment.AssignmentError, match=r"do not fit \(quadruple\)"):
        assignment.read(course, small.NAME)
