"""Submissions are found in the forms that courses have them in, whoever wrote them."""

from __future__ import annotations

import datetime
import json
import os
import zipfile

import pytest

from course_utils.grading import notebook
from course_utils.grading.collect import CollectError, collect
from course_utils.grading.notebook import read_cells
from course_utils.grading.records import file_name

HOMEWORK = ["01_gradients_and_losses", "03_convolution"]


def book(code="x = 1", opening='check = Checks("03_convolution")'):
    cells = [{"cell_type": "code", "metadata": {}, "source": text} for text in (opening, code)]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def put(folder, place, content=None, time=1_000_000_000):
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(book() if content is None else content, encoding="utf-8")
    os.utime(path, (time, time))
    return path


def found(folder, **more):
    return [(one.learner, one.homework, one.place) for one in collect(folder, HOMEWORK, **more)]


def test_a_plain_folder(tmp_path):
    put(tmp_path, "ada.ipynb")
    put(tmp_path, "ben/03_convolution.ipynb", book(opening=""))
    put(tmp_path, "cleo/my work.ipynb")
    put(tmp_path, "cleo/.ipynb_checkpoints/my work-checkpoint.ipynb", time=2_000_000_000)
    put(tmp_path, "readme.txt", "not a notebook")
    assert found(tmp_path) == [
        ("ada", "03_convolution", "ada.ipynb"),
        ("ben", "03_convolution", "ben/03_convolution.ipynb"),
        ("cleo", "03_convolution", "cleo/my work.ipynb"),
    ]


def test_nbgraders_tree_with_its_times(tmp_path):
    for name in HOMEWORK:
        put(tmp_path, f"ada/{name}/{name}.ipynb", book(opening=""))
        stamp = "2026-03-01 12:30:00.123456 UTC"
        put(tmp_path, f"ada/{name}/timestamp.txt", stamp)
    one, other = collect(tmp_path, HOMEWORK)
    assert (one.homework, other.homework) == tuple(HOMEWORK)
    expected = datetime.datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=datetime.UTC)
    assert one.handed_in == other.handed_in == expected


@pytest.mark.parametrize("around", ["", "class 3/"])
def test_a_zip_of_them(tmp_path, around):
    place = tmp_path / "all.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr(f"{around}ada.ipynb", book())
        archive.writestr(f"{around}ben/03_convolution.ipynb", book(opening=""))
        archive.writestr("__MACOSX/._ada.ipynb", "resource")
        archive.writestr("../../outside.ipynb", book())
        archive.writestr("/absolute.ipynb", book())
    assert [(learner, name) for learner, name, _ in found(place)] == [
        ("ada", "03_convolution"),
        ("ben", "03_convolution"),
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.zip"]


def test_a_zip_that_would_unpack_to_too_much(tmp_path):
    place = tmp_path / "bomb.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada.ipynb", book())
        archive.writestr("eve.ipynb", bytes(notebook.LARGEST + 1))
    ada, eve = collect(place, HOMEWORK, "03_convolution")
    assert ada.content
    assert eve.content == b""
    assert "20 are allowed" in eve.broken


def test_the_newest_counts_and_the_others_are_named(tmp_path):
    put(tmp_path, "ada/03_convolution.ipynb", time=1_500_000_000)
    put(tmp_path, "ada/03_convolution (1).ipynb", book("x = 2"), time=1_700_000_000)
    put(tmp_path, "ada.ipynb", time=1_600_000_000)
    (one,) = collect(tmp_path, HOMEWORK)
    assert one.place == "ada/03_convolution (1).ipynb"
    assert one.others == ("ada/03_convolution.ipynb", "ada.ipynb")
    assert b"x = 2" in one.content


def test_what_it_is_for_is_told_by_folder_then_name_then_content(tmp_path):
    put(
        tmp_path, "ada/03_convolution/mine.ipynb", book(opening='Checks("01_gradients_and_losses")')
    )
    put(tmp_path, "ben/03_convolution_final.ipynb", book(opening=""))
    put(tmp_path, "cleo.ipynb", book(opening="check = Checks('01_gradients_and_losses')"))
    put(tmp_path, "dan.ipynb", book(opening="nothing"))
    assert [name for _, name, _ in sorted(found(tmp_path))] == [
        "03_convolution", "03_convolution", "01_gradients_and_losses", "",
    ]  # fmt: skip
    everything = found(tmp_path, only="03_convolution")
    assert {name for _, name, _ in everything} == {"03_convolution"}


def test_a_notebook_that_can_not_tell_is_taken_for_what_its_neighbours_are(tmp_path):
    put(tmp_path, "ada/03_convolution.ipynb")
    put(tmp_path, "ada/notes.ipynb", book(opening=""), time=2_000_000_000)
    put(tmp_path, "eve.ipynb", "nothing")
    assert found(tmp_path) == [
        ("ada", "03_convolution", "ada/03_convolution.ipynb"),
        ("eve", "03_convolution", "eve.ipynb"),
    ]
    put(tmp_path, "ben/01_gradients_and_losses.ipynb")
    assert ("eve", "", "eve.ipynb") in found(tmp_path)


def test_what_is_no_file_is_not_followed(tmp_path):
    secret = put(tmp_path, "elsewhere/secret.ipynb")
    folder = tmp_path / "submissions"
    folder.mkdir()
    (folder / "eve.ipynb").symlink_to(secret)
    (folder / "eva").symlink_to(secret.parent)
    os.mkfifo(folder / "pipe.ipynb")
    by_learner = {one.learner: one for one in collect(folder, HOMEWORK)}
    assert set(by_learner) == {"eve", "pipe"}
    assert by_learner["eve"].content == by_learner["pipe"].content == b""
    assert "link" in by_learner["eve"].broken
    assert "not a file" in by_learner["pipe"].broken


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "There is no folder or zip file"),
        (lambda path: path.mkdir(), "holds no notebooks"),
        (lambda path: path.write_text("text"), "neither a folder nor a zip file"),
    ],
)
def test_nothing_to_collect_is_said(tmp_path, make, says):
    make(tmp_path / "there")
    with pytest.raises(CollectError, match=says):
        collect(tmp_path / "there", HOMEWORK)


def test_cells_are_read_with_their_labels():
    marks = {"nbgrader": {"grade_id": "f", "grade": True}}
    cells = [
        {"cell_type": "code", "id": "a", "metadata": marks, "source": ["x = 1\n", "y = 2"]},
        {"cell_type": "markdown", "id": "b", "metadata": {}, "source": "text"},
        {"cell_type": "code", "metadata": {}, "source": "z = 3"},
    ]
    first, second = read_cells(json.dumps({"cells": cells}).encode())
    assert (first.labels, first.code, first.graded) == (("f", "a"), "x = 1\ny = 2", True)
    assert (second.labels, second.code, second.graded) == ((), "z = 3", False)


def test_every_learner_has_a_file_of_their_own():
    learners = [
        "ada",
        "a/da",
        "a_da",
        "a:da",
        "..",
        ".",
        "ünal",
        "王小明",
        "a" * 300,
        "b" * 300,
        "",
    ]
    names = [file_name(learner) for learner in learners]
    assert len(set(names)) == len(learners)
    assert all(
        name and "/" not in name and not name.startswith(".") and len(name) < 150 for name in names
    )
    assert names[0] == "ada"
    assert names[7] == "王小明"
