"""The tree for learners: complete enough to start, and without any answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import release

HOUSE = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Return this course's tree for learners."""
    made = tmp_path_factory.mktemp("out") / "release"
    release.release(HOUSE, made)
    return made


def places(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_tree_holds_what_a_learner_needs(tree):
    found = places(tree)
    lessons = {path.name for path in (HOUSE / "notebooks").glob("*.ipynb")}
    assert {f"notebooks/{name}" for name in lessons} <= found
    for folder in (HOUSE / "notebooks" / "homework" / "release").iterdir():
        assert f"notebooks/homework/release/{folder.name}/{folder.name}.ipynb" in found
        assert f"notebooks/homework/release/{folder.name}/checks.json" in found
    modules = {f"course_utils/{p.name}" for p in (HOUSE / "course_utils").glob("*.py")}
    needed = {"Makefile", "README.md", "requirements.txt", "pyproject.toml", "environment.yml"}
    assert (modules | needed | {".gitignore", "tools/lab.py", "tools/lessons.py"}) <= found


def test_the_tree_holds_no_answer(tree):
    hidden_names, wrong = set(), set()
    for path in (HOUSE / "notebooks" / "homework" / "source" / "hidden").glob("*.json"):
        hidden_names |= set(json.loads(path.read_text(encoding="utf-8")))
    for path in (HOUSE / "tests" / "wrong_answers").glob("*/*.py"):
        wrong.add(path.name)
    found = places(tree)
    for place in found:
        parts = place.split("/")
        assert "source" not in parts
        assert not {"tests", "wrong_answers", ".ci", ".git", ".venv", "my_course"} & set(parts)
        assert parts[-1] not in wrong
    for place in found:
        if place.endswith((".ipynb", ".json")):
            text = (tree / place).read_text(encoding="utf-8")
            assert "BEGIN SOLUTION" not in text
            assert "HIDDEN TESTS" not in text
            assert not [name for name in hidden_names if json.dumps(name) in text]


def test_a_learners_copy_is_made_from_the_tree(tree):
    done = subprocess.run(
        [sys.executable, "tools/lab.py", "--no-start"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Your own copy of the course is in ")
    copied = places(tree / "my_course")
    assert "01_gradients_and_losses.ipynb" in copied
    assert any(place.startswith("homework/01_") for place in copied)


def test_every_file_that_a_command_of_the_tree_runs_is_there(tree):
    said = subprocess.run(
        ["make", "-n", "lab", "lessons"], cwd=tree, capture_output=True, text=True, check=True
    ).stdout
    for tool in ("tools/lab.py", "tools/lessons.py"):
        assert tool in said
        done = subprocess.run(
            [sys.executable, tool, "--help"], cwd=tree, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_a_notebook_with_a_solution_is_not_handed_out(tmp_path):
    house, out = tmp_path / "house", tmp_path / "out"
    release_folder = house / "notebooks" / "homework" / "release" / "03_b"
    release_folder.mkdir(parents=True)
    (release_folder / "03_b.ipynb").write_text('{"source": "### BEGIN SOLUTION"}')
    with pytest.raises(release.ReleaseError, match=r"03_b.ipynb holds '### BEGIN SOLUTION'"):
        release.release(house, out)
    assert not out.exists()


def test_an_older_tree_is_replaced_whole(tmp_path):
    house, out = tmp_path / "house", tmp_path / "out"
    (house / "tests").mkdir(parents=True)
    (house / "data" / "cache").mkdir(parents=True)
    (house / "course" / "tests").mkdir(parents=True)
    for place in ("README.md", "tests/a.py", "data/cache/b", "data/c", "course/tests/d", ".ci"):
        (house / place).write_text("x")
    out.mkdir()
    (out / "gone.txt").write_text("x")
    assert release.release(house, out) == 3
    assert places(out) == {"README.md", "data/c", "course/tests/d"}
