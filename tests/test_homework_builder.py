"""The builder on a small homework: what it records, what it refuses, what nbgrader makes of it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import homework
import nbformat
import pytest
from homework import HomeworkError, Places

HERE = Path(__file__).parent
CONFIG = homework.HOUSE / "notebooks" / "homework" / "nbgrader_config.py"
NAME = "00_example"


@pytest.fixture
def places(tmp_path):
    """Return the places of a copy of the example homework."""
    shutil.copytree(HERE / "data" / "homework", tmp_path / "homework")
    shutil.copytree(HERE / "data" / "wrong_answers", tmp_path / "wrong_answers")
    shutil.copy(CONFIG, tmp_path / "homework")
    return Places(tmp_path / "homework", tmp_path / "wrong_answers")


def change(places, cell, old, new):
    """Replace a text in one cell of the source."""
    path = places.source(NAME)
    book = nbformat.read(path, as_version=4)
    found = next(c for c in book.cells if c.metadata.get("nbgrader", {}).get("grade_id") == cell)
    assert old in found.source
    found.source = found.source.replace(old, new)
    nbformat.write(book, path)


def built(places):
    """Build and return the written files by what they are, the remarks under "remarks"."""
    remarks = homework.build(NAME, places)
    files = {what: path.read_text() for what, path in places.outputs(NAME).items()}
    return files | {"remarks": remarks}


def test_the_values_of_the_solution_are_expected_and_hidden_ones_lie_apart(places):
    files = built(places)
    visible, hidden = json.loads(files["visible"]), json.loads(files["hidden"])
    assert list(visible) == ["output size", "output size, stride 2", "slide"]
    assert list(hidden) == ["output size, other inputs", "slide, other inputs"]
    assert visible["output size"]["expected"] == 4
    assert visible["output size"]["section"] == "Stride and padding"
    # by hand: -0 + 2·1 + 0.5·3, -1 + 2·3 + 0.5·6, …
    wanted = {"array": [3.5, 8.0, 14.0, 21.5], "shape": [4], "kind": "f"}
    assert visible["slide"]["expected"] == wanted
    assert hidden["output size, other inputs"]["expected"] == (28 - 5) // 3 + 1
    assert files["released checks"] == files["visible"]
    assert files["remarks"] == []


def test_wrong_answers_become_known_mistakes_with_their_sentences(places):
    visible = json.loads(built(places)["visible"])
    values = {m.get("value"): m["sentence"] for m in visible["output size, stride 2"]["mistakes"]}
    assert values[5].startswith("The stride is not used")
    assert values[2.5].startswith("A size is a whole number")
    errors = [m for m in visible["slide"]["mistakes"] if "error" in m]
    assert any(
        m["error"].startswith("your code stopped with ValueError: operands could not be broadcast")
        and m["sentence"].startswith("The window is the whole row")
        for m in errors
    )


def test_a_wrong_answer_is_asked_only_by_the_checks_that_it_reaches(places):
    book = homework.read_source(places.source(NAME))
    answers = homework.read_wrong_answers(places.wrong_answers / NAME, book)
    asked = {
        answer.path.stem: list(homework.run(book, places.source(NAME).parent, answer))
        for answer in answers
    }
    slide = ["slide", "slide, other inputs"]
    assert asked["turned_kernel"] == slide
    # slide asks for the output size: a wrong one reaches its checks as well
    everything = ["output size", "output size, stride 2", "output size, other inputs", *slide]
    assert asked["ignores_stride"] == everything
    change(places, "slide", "output_size(len(row), len(kernel), stride)", "5 // stride")
    book = homework.read_source(places.source(NAME))
    alone = next(answer for answer in answers if answer.path.stem == "ignores_stride")
    assert list(homework.run(book, places.source(NAME).parent, alone)) == everything[:3]


def test_building_twice_gives_the_same_bytes(places):
    first = built(places)
    assert built(places) == first


def test_neither_the_environment_nor_the_builder_leaves_a_trace(places, monkeypatch):
    from course_utils import homework as judging

    first = built(places)
    monkeypatch.setenv("COURSE_SEED", "7")
    monkeypatch.setenv("COURSE_STRICT", "1")
    original, before, folder = judging.Checks, dict(os.environ), Path.cwd()
    assert built(places) == first
    assert (judging.Checks, dict(os.environ), Path.cwd()) == (original, before, folder)


def test_the_release_holds_no_solution_and_no_hidden_check(places):
    text = built(places)["release"]
    assert "output_size(7, 3, 2)" in text
    for secret in ("BEGIN SOLUTION", "// stride", "HIDDEN", "other inputs", "np.sum"):
        assert secret not in text


def test_slow_cells_are_skipped_and_no_check_may_stand_in_one(places):
    path = places.source(NAME)
    book = nbformat.read(path, as_version=4)
    book.cells[-1].source = "raise RuntimeError('was run')"
    nbformat.write(book, path)
    assert built(places)["remarks"] == []
    book.cells[3].metadata["tags"] = ["slow"]
    nbformat.write(book, path)
    with pytest.raises(HomeworkError, match="'output size' fails: its cell is tagged slow"):
        built(places)


@pytest.mark.parametrize(
    ("cell", "old", "new", "said"),
    [
        ("output-size-test", "points=1", "points=2", "give 4 points|give 6 points"),
        ("output-size-test", "output size, stride 2", "output size", "two checks are called"),
        ("output-size-test", "### END HIDDEN TESTS", "", "stand once each"),
        ("slide-test", "lambda: slide", "slide", "holds only calls of check"),
        ("slide-test", "lambda:", "lambda x:", "holds only calls of check"),
        ("slide-test", 'check("slide",', 'print("slide",', "holds only calls of check"),
        ("slide-test", "points=2", "points=-2", "holds only calls of check"),
        ("slide-test", 'check("slide, other', '%time\ncheck("slide, other', "no magics"),
        ("output-size", "    ### BEGIN SOLUTION", "    # here", "stand once each"),
        ("output-size", "def output_size", "def output_sizes", "'output size' fails: .*defined"),
        ("slide", "def slide", "1 / 0\ndef slide", "cell slide failed"),
        ("slide", "place = i * stride", "place = i * strides", "NameError: name 'strides'"),
    ],
)
def test_a_source_that_breaks_the_rules_is_refused(places, cell, old, new, said):
    change(places, cell, old, new)
    with pytest.raises(HomeworkError, match=said):
        built(places)


def test_a_blank_outside_a_function_is_refused(places):
    path = places.source(NAME)
    book = nbformat.read(path, as_version=4)
    book.cells[2].source = "### BEGIN SOLUTION\nsize = 4\n### END SOLUTION"
    nbformat.write(book, path)
    with pytest.raises(HomeworkError, match="a function with one blank in its body"):
        built(places)


def test_a_blank_in_a_cell_that_is_no_solution_cell_is_refused(places):
    path = places.source(NAME)
    book = nbformat.read(path, as_version=4)
    book.cells[4].source = "### BEGIN SOLUTION\nROW = 1\n### END SOLUTION"
    nbformat.write(book, path)
    with pytest.raises(HomeworkError, match="not marked as a solution cell"):
        built(places)


def test_hidden_checks_stand_last(places):
    first, hidden = 'check("slide", lambda: slide', "### BEGIN HIDDEN TESTS\n"
    change(places, "slide-test", hidden, "")
    change(places, "slide-test", first, hidden + first)
    change(places, "slide-test", "points=2)", "points=2)\n### END HIDDEN TESTS")
    change(places, "slide-test", "points=1)\n### END HIDDEN TESTS", "points=1)")
    with pytest.raises(HomeworkError, match="the hidden checks stand last"):
        built(places)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('["slide"]', '["slid"]', "no check is called 'slid'"),
        ("section", "sektion", "the keys can be 'hint', 'section', 'tolerance'"),
        ('["slide"]', "[slide", "can't be read"),
    ],
)
def test_hints_for_what_is_not_there_are_refused(places, old, new, said):
    path = places.course / "source" / "checks" / f"{NAME}.toml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(HomeworkError, match=said):
        built(places)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"""The stride', '""""""\nx = """', "its docstring is the sentence"),
        ("replaces: output-size", "replaces: output", "names no solution cell"),
        ("caught by: output size, stride 2", "caught by: slide, other inputs", "no visible check"),
        ("return", "return (", "ignores_stride.py, line"),
    ],
)
def test_a_wrong_answer_without_its_remarks_is_refused(places, old, new, said):
    path = places.wrong_answers / NAME / "ignores_stride.py"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(HomeworkError, match=said):
        built(places)


def test_a_wrong_answer_that_passes_or_looks_like_another_is_remarked(places):
    folder = places.wrong_answers / NAME
    text = (folder / "ignores_stride.py").read_text()
    (folder / "passes.py").write_text(text.replace("output size, stride 2", "output size"))
    (folder / "same_again.py").write_text(text.replace("The stride is", "Again the stride is"))
    remarks = built(places)["remarks"]
    assert "wrong answer passes.py passes 'output size'" in remarks
    said = "ignores_stride.py and same_again.py give the same at 'output size, stride 2'"
    assert said in remarks
    assert "wrong answer same_again.py is caught without its own sentence" in remarks
    assert len(remarks) == 3


def test_too_few_wrong_answers_and_missing_hints_are_remarked(places):
    (places.wrong_answers / NAME / "true_division.py").unlink()
    (places.course / "source" / "checks" / f"{NAME}.toml").unlink()
    remarks = built(places)["remarks"]
    assert "4 wrong answers; a homework has five or more" in remarks
    assert "'slide' has no hint in checks/00_example.toml" in remarks


def test_the_command_says_what_needs_work(places, capsys, monkeypatch):
    monkeypatch.setattr(homework, "Places", lambda: places)
    assert homework.main(["build", "--all"]) == 0
    assert capsys.readouterr().out.startswith("00_example: done (")
    assert homework.main(["try", NAME]) == 0
    assert "turned_kernel\n    slide: 4 of 4 values differ" in capsys.readouterr().out
    assert homework.main(["build", "99_none"]) == 1
    assert "✘ 99_none: There is no source notebook" in capsys.readouterr().out


# --- nbgrader itself ---


def nbgrader(places, *words):
    """Run nbgrader in the course's root."""
    bin_folder = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": bin_folder + os.pathsep + os.environ["PATH"]}
    environment.pop("COURSE_HIDDEN", None)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=places.course,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_nbgrader_makes_the_same_release_and_gives_the_right_marks(places):
    built(places)
    ours = places.release(NAME).parent
    kept = ours.with_name("ours")
    ours.rename(kept)
    nbgrader(places, "generate_assignment", NAME)
    for path in kept.iterdir():
        assert (ours / path.name).read_bytes() == path.read_bytes()

    said = nbgrader(places, "validate", f"source/{NAME}/{NAME}.ipynb")
    assert "Success! Your notebook passes all the tests." in said
    said = nbgrader(places, "validate", f"release/{NAME}/{NAME}.ipynb")
    assert "VALIDATION FAILED ON 2 CELL(S)" in said
    assert "✘ A blank that 'output size' needs is not filled in yet." in said

    submitted = places.course / "submitted"
    for who in ("solved", "half", "unfilled"):
        shutil.copytree(ours, submitted / who / NAME)
    fill(submitted / "solved" / NAME, places, ["output-size", "slide"])
    fill(submitted / "half" / NAME, places, ["output-size"])
    nbgrader(places, "autograde", NAME)
    nbgrader(places, "export", "--to=grades.csv")
    with (places.course / "grades.csv").open() as file:
        marks = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert marks == {"solved": 6.0, "half": 3.0, "unfilled": 0.0}


def fill(folder, places, cells):
    """Write the source's solutions into a released notebook, as a learner would."""
    source = nbformat.read(places.source(NAME), as_version=4)
    solutions = {cell["id"]: cell.source for cell in source.cells}
    path = folder / f"{NAME}.ipynb"
    book = nbformat.read(path, as_version=4)
    for cell in book.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") in cells:
            cell.source = solutions[cell["id"]]
    nbformat.write(book, path)
