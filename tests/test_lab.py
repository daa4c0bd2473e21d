"""A learner's own copy: what they did is never lost, what they left alone is renewed."""

from __future__ import annotations

import datetime
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import lab
import nbformat
import pytest

DAY = datetime.date(2026, 11, 20)
LATER = datetime.date(2026, 12, 1)
TOOLS = Path(lab.__file__).parent


def write(path, *texts, outputs=(), **metadata):
    """Write a notebook of code cells."""
    cells = [nbformat.v4.new_code_cell(text, id=f"c{i}") for i, text in enumerate(texts)]
    for cell in cells:
        cell.outputs = [nbformat.v4.new_output("stream", text=text) for text in outputs]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)


def texts(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


@pytest.fixture
def course(tmp_path):
    """Return a course's notebooks: two lessons, a picture, one homework."""
    folder = tmp_path / "notebooks"
    write(folder / "01_a.ipynb", "one")
    write(folder / "03_b.ipynb", "three", "more")
    (folder / "figures").mkdir()
    (folder / "figures" / "x.png").write_bytes(b"\x89PNG 1")
    write(folder / "homework" / "release" / "03_b" / "03_b.ipynb", "blank", "check")
    (folder / "homework" / "release" / "03_b" / "checks.json").write_text("{}\n")
    write(folder / "homework" / "source" / "03_b" / "03_b.ipynb", "the solution")
    (folder / "homework" / "nbgrader_config.py").write_text("c = 1\n")
    return folder


@pytest.fixture
def mine(tmp_path):
    return tmp_path / "my_course"


def start(course, mine, day=DAY):
    return lab.renew(course, mine, day)


def shown(folder):
    """Return what a learner sees in the folder."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    )


def test_the_first_start_copies_lessons_and_homework_without_solutions(course, mine):
    assert start(course, mine) == []
    assert shown(mine) == [
        "01_a.ipynb",
        "03_b.ipynb",
        "figures/x.png",
        "homework/03_b/03_b.ipynb",
        "homework/03_b/checks.json",
    ]
    assert "the solution" not in (mine / "homework/03_b/03_b.ipynb").read_text()


def test_a_second_start_without_news_changes_nothing(course, mine):
    start(course, mine)
    before = {path: path.read_bytes() for path in mine.rglob("*") if path.is_file()}
    assert start(course, mine) == []
    assert {path: path.read_bytes() for path in mine.rglob("*") if path.is_file()} == before


def test_edit_a_lesson_pull_a_newer_one_start_again(course, mine):
    start(course, mine)
    write(mine / "03_b.ipynb", "three", "my own idea")
    write(course / "03_b.ipynb", "three", "more", "and more")
    write(course / "01_a.ipynb", "one, better")
    said = start(course, mine, LATER)
    assert texts(mine / "03_b.ipynb") == ["three", "my own idea"]
    assert texts(mine / "03_b.new-2026-12-01.ipynb") == ["three", "more", "and more"]
    assert texts(mine / "01_a.ipynb") == ["one, better"]
    assert said == [
        "01_a.ipynb was renewed.",
        "03_b.ipynb has your changes and stays; its new version is 03_b.new-2026-12-01.ipynb.",
    ]
    assert start(course, mine, LATER) == []


def test_a_lesson_that_was_only_run_is_renewed(course, mine):
    start(course, mine)
    # Jupyter adds outputs, metadata and an empty cell
    write(mine / "01_a.ipynb", "one", "", outputs=["1\n"], language_info={"name": "python"})
    write(course / "01_a.ipynb", "one, better")
    assert start(course, mine) == ["01_a.ipynb was renewed."]
    assert texts(mine / "01_a.ipynb") == ["one, better"]


def test_new_outputs_alone_lay_nothing_beside_a_changed_lesson(course, mine):
    start(course, mine)
    write(mine / "01_a.ipynb", "mine")
    write(course / "01_a.ipynb", "one", outputs=["another time\n"])
    assert start(course, mine) == []
    assert texts(mine / "01_a.ipynb") == ["mine"]
    write(course / "01_a.ipynb", "one, better", outputs=["another time\n"])
    assert len(start(course, mine)) == 1
    assert texts(mine / "01_a.new-2026-11-20.ipynb") == ["one, better"]


def test_the_version_laid_beside_is_replaced_unless_it_was_changed_too(course, mine):
    start(course, mine)
    write(mine / "01_a.ipynb", "mine")
    write(course / "01_a.ipynb", "two")
    start(course, mine, DAY)
    write(course / "01_a.ipynb", "three")
    start(course, mine, LATER)
    assert [name for name in shown(mine) if "01_a" in name] == [
        "01_a.ipynb",
        "01_a.new-2026-12-01.ipynb",
    ]
    write(mine / "01_a.new-2026-12-01.ipynb", "mine again")
    write(course / "01_a.ipynb", "four")
    start(course, mine, LATER)
    assert texts(mine / "01_a.new-2026-12-01.ipynb") == ["mine again"]
    assert texts(mine / "01_a.new-2026-12-01-2.ipynb") == ["four"]
    assert texts(mine / "01_a.ipynb") == ["mine"]


def test_a_learner_who_takes_the_new_version_is_renewed_again(course, mine):
    start(course, mine)
    write(mine / "01_a.ipynb", "mine")
    write(course / "01_a.ipynb", "two")
    start(course, mine)
    shutil.copy(mine / "01_a.new-2026-11-20.ipynb", mine / "01_a.ipynb")
    write(course / "01_a.ipynb", "three")
    assert start(course, mine) == ["01_a.ipynb was renewed."]


def test_a_deleted_or_renamed_lesson_comes_back_fresh(course, mine):
    start(course, mine)
    write(mine / "01_a.ipynb", "mine")
    (mine / "01_a.ipynb").rename(mine / "01_a_mine.ipynb")
    assert start(course, mine) == ["01_a.ipynb is there again."]
    assert texts(mine / "01_a.ipynb") == ["one"]
    assert texts(mine / "01_a_mine.ipynb") == ["mine"]


def test_a_homework_with_work_in_it_keeps_its_own_checks(course, mine):
    start(course, mine)
    work = mine / "homework" / "03_b"
    write(work / "03_b.ipynb", "my solution", "check")
    release = course / "homework" / "release" / "03_b"
    write(release / "03_b.ipynb", "blank", "another check")
    (release / "checks.json").write_text('{"another": 1}\n')
    said = start(course, mine, LATER)
    assert texts(work / "03_b.ipynb") == ["my solution", "check"]
    assert (work / "checks.json").read_text() == "{}\n"
    beside = mine / "homework" / "03_b.new-2026-12-01"
    assert texts(beside / "03_b.ipynb") == ["blank", "another check"]
    assert (beside / "checks.json").read_text() == '{"another": 1}\n'
    assert said == [
        "homework/03_b has your changes and stays; its new version is homework/03_b.new-2026-12-01."
    ]
    assert start(course, mine, LATER) == []
    # a newer one takes the place of the one beside, whole
    write(release / "03_b.ipynb", "blank", "a third check")
    start(course, mine, DAY)
    assert sorted(path.name for path in (mine / "homework").iterdir()) == [
        "03_b",
        "03_b.new-2026-11-20",
    ]


def test_better_sentences_reach_a_homework_with_work_in_it(course, mine):
    start(course, mine)
    write(mine / "homework/03_b/03_b.ipynb", "my solution", "check")
    (course / "homework/release/03_b/checks.json").write_text('{"better": 1}\n')
    assert start(course, mine) == ["homework/03_b/checks.json was renewed."]
    assert (mine / "homework/03_b/checks.json").read_text() == '{"better": 1}\n'
    assert texts(mine / "homework/03_b/03_b.ipynb") == ["my solution", "check"]


def test_new_lessons_arrive_and_own_files_stay(course, mine):
    start(course, mine)
    (mine / "notes.txt").write_text("remember")
    write(course / "04_c.ipynb", "four")
    assert start(course, mine) == ["04_c.ipynb is new."]
    assert (mine / "notes.txt").read_text() == "remember"


@pytest.mark.parametrize("damage", [None, "", "{", "[]"])
def test_without_its_memory_everything_that_differs_is_kept(course, mine, damage):
    start(course, mine)
    memory = mine / ".course.json"
    if damage is None:
        memory.unlink()
    else:
        memory.write_text(damage)
    write(mine / "03_b.ipynb", "mine")
    write(course / "01_a.ipynb", "one, better")
    start(course, mine)
    assert texts(mine / "03_b.ipynb") == ["mine"]
    assert texts(mine / "01_a.ipynb") == ["one"]
    assert texts(mine / "01_a.new-2026-11-20.ipynb") == ["one, better"]
    assert "03_b.new-2026-11-20.ipynb" in shown(mine)


def test_a_notebook_that_cannot_be_read_is_kept(course, mine):
    start(course, mine)
    (mine / "01_a.ipynb").write_text('{"cells": [{"cell')
    write(course / "01_a.ipynb", "one, better")
    start(course, mine)
    assert (mine / "01_a.ipynb").read_text() == '{"cells": [{"cell'
    assert texts(mine / "01_a.new-2026-11-20.ipynb") == ["one, better"]


def test_killed_at_any_moment_nothing_of_the_learner_is_lost(course, mine):
    for number in range(10, 40):
        write(course / f"{number}_x.ipynb", "old", "x" * 20_000)
    start(course, mine)
    write(mine / "03_b.ipynb", "mine")
    write(mine / "20_x.ipynb", "mine too")
    code = (
        f"import sys, datetime, pathlib; sys.path.insert(0, {str(TOOLS)!r}); import lab; "
        "print('go', flush=True); "
        f"lab.renew(pathlib.Path({str(course)!r}), pathlib.Path({str(mine)!r}), "
        "datetime.date(2026, 11, 20))"
    )
    chance = random.Random(0)
    for turn in range(8):
        for number in [*range(10, 40), 3]:
            name = "03_b" if number == 3 else f"{number}_x"
            write(course / f"{name}.ipynb", f"new {turn}", "x" * 20_000)
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        assert texts(mine / "03_b.ipynb") == ["mine"]
        assert texts(mine / "20_x.ipynb") == ["mine too"]
        for path in mine.glob("*.ipynb"):
            assert texts(path)  # whole
    start(course, mine, LATER)
    untouched = [number for number in range(10, 40) if number != 20]
    assert {texts(mine / f"{number}_x.ipynb")[0] for number in untouched} == {"new 7"}
    beside = {path.name[:2] for path in mine.glob("*.new-*.ipynb")}
    assert beside == {"03", "20"}
    assert start(course, mine, LATER) == []
    json.loads((mine / ".course.json").read_text())


def test_jupyterlab_opens_on_lesson_one_with_the_arguments_passed_on(course, mine):
    write(course / lab.FIRST, "first")
    start(course, mine)
    words = lab.command(mine, ["--port=9999"])
    assert words[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={mine}" in words
    assert words[-2:] == [str(mine / lab.FIRST), "--port=9999"]


def test_the_first_lesson_is_there():
    assert (TOOLS.parent / "notebooks" / lab.FIRST).is_file()
