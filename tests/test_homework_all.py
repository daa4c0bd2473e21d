"""Every homework: its source passes, its release waits, its wrong answers are caught."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import subprocess
import time
from pathlib import Path

import homework
import nbformat
import pytest
from lesson_budget import within_budget
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from course_utils.homework import compare, known_mistake, verdict_on

PLACES = homework.Places()
NAMES = PLACES.names()
SECONDS = 25  # everything that tests one homework
_spent: dict[str, list[tuple[float, float]]] = {}

pytestmark = pytest.mark.parametrize("name", NAMES, scope="module")


@contextlib.contextmanager
def clocked(name):
    """Note the wall and the processor seconds of one part of a homework's tests."""
    wall, busy = time.perf_counter(), processor_seconds()
    yield
    _spent.setdefault(name, []).append((time.perf_counter() - wall, processor_seconds() - busy))


def processor_seconds():
    """Return the processor time of this process and of its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def execute(path, monkeypatch, hidden=None):
    """Run a notebook in its folder, in a kernel of its own; return it and the error, if any."""
    monkeypatch.setenv("COURSE_STRICT", "1")
    if hidden is None:
        monkeypatch.delenv("COURSE_HIDDEN", raising=False)
    else:
        monkeypatch.setenv("COURSE_HIDDEN", str(hidden))
    book = nbformat.read(path, as_version=4)
    client = NotebookClient(
        book, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    try:
        # what a kernel writes before it listens is no notebook's
        client.execute(env=dict(os.environ), stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        return book, error
    return book, None


def said(cell):
    """Return what a cell printed."""
    return "".join(out.text for out in cell.outputs if out.output_type == "stream")


@pytest.fixture(scope="module")
def built(name):
    """Return a homework built anew, not written."""
    with clocked(name):
        return homework.make(name, PLACES)


def test_the_source_passes_every_check(name, monkeypatch):
    with clocked(name):
        book, error = execute(
            PLACES.source(name), monkeypatch, hidden=PLACES.course / "source" / "hidden"
        )
    assert error is None, error
    for check in homework.checks_of(book):
        cell = next(c for c in book.cells if homework.label_of(c) == check.cell)
        points = f"{check.points} point" + ("s" if check.points > 1 else "")
        assert f"✔ {check.name}: right ({points})" in said(cell)
    noise = [out.text for c in book.cells for out in c.get("outputs", ()) if noisy(out)]
    assert not noise


def noisy(output):
    return output.get("name") == "stderr"


def test_the_unfilled_release_waits_at_its_first_blank(name, monkeypatch):
    with clocked(name):
        book, error = execute(PLACES.release(name), monkeypatch)
    checks = homework.checks_of(book)
    assert not any(check.hidden for check in checks)
    assert error is not None
    assert error.ename == "NotFilledIn"
    wanted = f"A blank that {checks[0].name!r} needs is not filled in yet."
    assert error.evalue == wanted
    failed = [c for c in book.cells if any(o.output_type == "error" for o in c.get("outputs", ()))]
    assert [homework.label_of(cell) for cell in failed] == [checks[0].cell]
    assert failed[0].outputs[-1].traceback == [f"✘ {wanted}"]


def test_every_wrong_answer_is_caught_with_its_sentence(name, built):
    answers = homework.read_wrong_answers(
        PLACES.wrong_answers / name, homework.read_source(PLACES.source(name))
    )
    assert len(answers) >= 5
    assert set(built.verdicts) == {answer.path.stem for answer in answers}
    for answer in answers:
        verdict = built.verdicts[answer.path.stem]
        assert verdict.startswith(f"{answer.caught_by}: ")
        assert answer.sentence in verdict, f"{answer.path.name} is told: {verdict}"
        assert len(answer.sentence.split()) >= 5
    assert built.remarks == []


def test_every_blank_has_a_wrong_answer(name):
    book = homework.read_source(PLACES.source(name))
    answers = homework.read_wrong_answers(PLACES.wrong_answers / name, book)
    blanks = {homework.label_of(cell) for cell in book.cells if "### BEGIN SOLUTION" in cell.source}
    assert {answer.replaces for answer in answers} == blanks


def test_the_committed_files_are_current(name, built):
    for what, path in PLACES.outputs(name).items():
        assert path.is_file(), f"{path} is missing: python tools/homework.py build {name}"
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            assert text == built.texts[what], f"{path} is not current: make homework"
        else:
            new, old = json.loads(built.texts[what]), json.loads(text)
            assert same_records(new, old), f"{path} is not current: make homework"
    outputs = PLACES.outputs(name)
    assert outputs["visible"].read_bytes() == outputs["released checks"].read_bytes()


def same_records(new, old):
    """Compare two files of checks: numbers by each check's tolerance, all else exactly."""
    if list(new) != list(old):
        return False
    for name, record in new.items():
        other = old[name]
        fixed = set(record) - {"expected", "mistakes"}
        if set(record) != set(other) or any(record[key] != other[key] for key in fixed):
            return False
        if not compare(name, other["expected"], record).passed:
            return False
        sentences = [mistake["sentence"] for mistake in record["mistakes"]]
        if sentences != [mistake["sentence"] for mistake in other["mistakes"]]:
            return False
        for mistake in other["mistakes"]:
            if known_mistake(mistake, record) is None or verdict_on(name, mistake, record).passed:
                return False
    return True


def test_a_stub_is_the_solution_but_for_the_blank(name):
    """Written without nbgrader: cut the regions out by hand and compare the lines."""
    source = nbformat.read(PLACES.source(name), as_version=4)
    release = nbformat.read(PLACES.release(name), as_version=4)
    assert [cell["id"] for cell in release.cells] == [cell["id"] for cell in source.cells]
    blank = re.compile(r"^( *)### BEGIN SOLUTION\n(?:.*\n)*?\1### END SOLUTION(?=\n|$)", re.M)
    hidden = re.compile(r"^### BEGIN HIDDEN TESTS\n(?:.*\n)*?### END HIDDEN TESTS\n?", re.M)
    stub = r"\1# YOUR CODE HERE\n"
    stub += r'\1raise NotImplementedError("This blank is not filled in yet.")'
    stubs = 0
    for ours, theirs in zip(source.cells, release.cells, strict=True):
        expected, count = blank.subn(stub, hidden.sub("", ours.source).rstrip("\n"))
        stubs += count
        assert theirs.source == expected
        assert theirs.cell_type == ours.cell_type
        assert theirs.get("outputs", []) == []
    assert stubs >= 1


def test_the_release_gives_nothing_away(name):
    folder = PLACES.release(name).parent
    assert {path.name for path in folder.iterdir()} == {"checks.json", f"{name}.ipynb"}
    visible = set(json.loads((folder / "checks.json").read_text(encoding="utf-8")))
    hidden = json.loads(PLACES.outputs(name)["hidden"].read_text(encoding="utf-8"))
    assert hidden, f"{name} has no hidden checks"
    assert not visible & set(hidden)
    text = PLACES.release(name).read_text(encoding="utf-8")
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text


def test_all_this_fits_its_seconds(name):
    wall, busy = (sum(part) for part in zip(*_spent.get(name, [(0, 0)]), strict=True))
    assert within_budget(wall, busy, SECONDS), (
        f"{name} and its tests took {wall:.0f} s ({busy:.0f} s of processor time), "
        f"the budget is {SECONDS} s."
    )


def test_there_is_homework_for_every_lesson(name):
    number = name[:2]
    assert list(Path(PLACES.course).parent.glob(f"{number}_*.ipynb")), f"no lesson {number}"
