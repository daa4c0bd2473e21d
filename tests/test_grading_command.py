"""The whole round: marks, feedback, what was graded stays graded."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time

import helpers_small_course as small
import pytest

from course_utils.grading import command, scheduler
from course_utils.grading.grader import run as run_one

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="grading needs Linux")
COLUMNS = ["homework", "learner", "test", "hidden", "points", "of", "late", "said"]
TWICE = "def double(x):\n    return x + 4"  # right for the visible test alone


@pytest.fixture
def course(tmp_path):
    return small.make_course(tmp_path / "course")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "class"
    small.hand_in(made, "ada")
    small.hand_in(made, "ben", TWICE)
    small.hand_in(made, "cleo", triple="def triple(x):\n    raise NotImplementedError")
    for path, day in zip(sorted(made.iterdir()), (1, 2, 3), strict=True):
        os.utime(path, (time.mktime((2026, 3, day, 12, 0, 0, 0, 0, -1)),) * 2)
    return made


@pytest.fixture
def counted(monkeypatch):
    """Note each submission that is run; the solution's own run, the first, is left out."""
    ran = []

    def run(room, job, hidden):
        ran.append(job)
        return run_one(room, job, hidden)

    monkeypatch.setattr(scheduler, "run", run)
    return ran


def grade(folder, course, *more):
    return command.main([str(folder), "--course", str(course), *more])


def out(folder):
    return folder.with_name(f"{folder.name}_graded")


def table(folder, name):
    with (out(folder) / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def points(folder):
    return {row["ID number"]: row["09_small (5 points)"] for row in table(folder, "gradebook.csv")}


def page(folder, learner):
    return (out(folder) / "feedback" / small.NAME / f"{learner}.html").read_text(encoding="utf-8")


def test_marks_by_test_and_learner(folder, course, capsys):
    assert grade(folder, course, "--due", "2026-03-02 18:00") == 0
    rows = table(folder, "marks.csv")
    assert list(rows[0]) == COLUMNS
    assert len(rows) == 3 * 3
    by = {(row["learner"], row["test"]): row for row in rows}
    assert by["ben", "double"]["points"] == "2"
    assert by["ben", "double, other input"]["points"] == "0"
    assert by["ben", "double, other input"]["hidden"] == "yes"
    assert by["cleo", "triple"]["said"] == "A blank that this test needs is not filled in yet."
    assert {row["learner"] for row in rows if row["late"] == "yes"} == {"cleo"}
    assert points(folder) == {"ada": "5", "ben": "4", "cleo": "3"}
    assert "3 of 3 submissions are graded" in capsys.readouterr().out


def test_marks_as_nbgrader_exports_them(folder, course):
    """Against the columns of nbgrader's own exporter, read from its code."""
    import inspect

    from nbgrader.plugins.export import CsvExportPlugin

    grade(folder, course, "--due", "2026-03-02 18:00")
    rows = table(folder, "nbgrader.csv")
    code = inspect.getsource(CsvExportPlugin.export)
    keys = re.findall(r'"(\w+)"', re.search(r"keys = \[(.*?)\]", code, re.S)[1])
    assert list(rows[0]) == keys
    ben = next(row for row in rows if row["student_id"] == "ben")
    assert (ben["assignment"], ben["score"], ben["max_score"]) == (small.NAME, "4", "5")
    assert re.fullmatch(r"2026-03-02 \d\d:\d\d:\d\d", ben["timestamp"])


def test_feedback_names_the_test_what_came_and_what_to_read(folder, course):
    small.hand_in(folder, "dan", "def double(x):\n    return 3 * x")
    grade(folder, course)
    text = page(folder, "dan")
    assert "2 of 5 points" in text
    assert "<p>The value is 12, expected 8.</p>" in text
    assert "Look at double again.</p>" in text
    assert "Read again in the lesson: <b>1 · Products</b>" in text
    hidden = re.search(r"<li[^>]*><div class=\"head\"><span>double, other input.*?</li>", text)[0]
    assert "With inputs that the notebook does not show, your answer differs." in hidden
    for inputs in ("7.25", "14.5", "21.75"):
        assert inputs not in text
    assert "Every test is right." in page(folder, "ada")


def test_what_is_graded_stays_graded(folder, course, counted, capsys):
    grade(folder, course)
    assert len(counted) == 1 + 3
    first = (out(folder) / "marks.csv").read_bytes()
    grade(folder, course)
    assert len(counted) == 1 + 3
    assert (out(folder) / "marks.csv").read_bytes() == first
    assert "3 of 3 submissions are graded already" in capsys.readouterr().out
    small.hand_in(folder, "ben")  # mended
    small.hand_in(folder, "dan")  # new
    grade(folder, course)
    assert len(counted) == 4 + 1 + 2
    assert points(folder) == {"ada": "5", "ben": "5", "cleo": "3", "dan": "5"}
    grade(folder, course, "--again")
    assert len(counted) == 7 + 1 + 4


def test_a_bar_shows_how_far_it_is(folder, course, monkeypatch):
    seen = []

    class Noted(command.Bar):
        def update(self, steps=1, note=""):
            super().update(steps, note)
            seen.append((self.done, self.total, note))

    monkeypatch.setattr(command, "Bar", Noted)
    grade(folder, course)
    assert [done for done, _, _ in seen] == [1, 2, 3]
    assert {total for _, total, _ in seen} == {3}
    assert {learner for _, _, learner in seen} == {"ada", "ben", "cleo"}


def test_a_mended_test_grades_everybody_anew(folder, course, counted):
    grade(folder, course)
    assert points(folder)["ben"] == "4"
    source = course / "source" / small.NAME / f"{small.NAME}.ipynb"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("double(7.25)", "double(4.0)"), encoding="utf-8")
    hidden = course / "source" / "hidden" / f"{small.NAME}.json"
    text = hidden.read_text(encoding="utf-8")
    hidden.write_text(text.replace("14.5", "8.0"), encoding="utf-8")
    grade(folder, course)
    assert points(folder)["ben"] == "5"
    assert len(counted) == 2 * (1 + 3)


def test_a_solution_that_fails_its_own_tests_stops_the_round(folder, tmp_path, capsys):
    course = small.make_course(tmp_path / "odd", triple=[1.0])
    assert grade(folder, course) == 1
    said = capsys.readouterr().err
    assert "The solution of 09_small itself does not pass in here, so nobody is graded" in said
    assert "triple" in said
    assert not (out(folder) / "marks.csv").exists()


def test_expected_values_and_hidden_tests_stay_outside(folder, course, counted):
    small.make_course(course, **{"double, other input": 14.5})
    grade(folder, course)
    for job in counted:
        text = json.dumps(job)
        for word in ("expected", "tolerance", "mistakes", "14.5", "9.42", "7.25", "other input"):
            assert word not in text


def test_an_interrupt_keeps_what_is_graded(folder, course):
    wait = "import time\ntime.sleep(0.4)\n" + small.DOUBLE
    for number in range(20):
        small.hand_in(folder, f"slow{number:02d}", wait)
    begin = [sys.executable, "-m", "course_utils.grading", str(folder), "--course", str(course)]
    process = subprocess.Popen(
        [*begin, "--at-once", "2"],
        stdout=subprocess.PIPE,
        text=True,
        # a shell's background job ignores the signal, and so would all that it starts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    records = out(folder) / "records" / small.NAME
    end = time.monotonic() + 30
    while time.monotonic() < end and len(list(records.glob("slow*.json"))) < 3:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    kept = len(list(records.glob("*.json")))
    assert f"Stopped: {kept} of 23 are graded and stay so." in said
    assert 3 <= kept < 23
    done = subprocess.run(begin, capture_output=True, text=True, timeout=60, check=True)
    assert f"{kept} of 23 submissions are graded already" in done.stdout
    assert len(points(folder)) == 23
    assert points(folder)["slow19"] == "5"


def test_handed_in_twice_and_late_is_told(folder, course, capsys):
    newer = small.hand_in(folder / "ada", small.NAME, TWICE)
    os.utime(newer, (time.time(), time.time()))
    grade(folder, course, "--due", "2026-03-02 18:00")
    assert points(folder)["ada"] == "4"
    assert "ada: ada/09_small.ipynb counts, not ada.ipynb." in capsys.readouterr().out
    assert "The newest counts, not ada.ipynb." in page(folder, "ada")
    assert "It came late: it was due 2026-03-02 18:00." in page(folder, "ada")
    assert "It came late" not in page(folder, "ben")


def test_names_and_words_of_learners_are_shown_not_obeyed(folder, course):
    raises = 'def double(x):\n    raise ValueError("<img src=x onerror=alert(1)>")'
    small.hand_in(folder, "=cmd()&<b>", raises)
    grade(folder, course)
    rows = table(folder, "marks.csv")
    assert "'=cmd()&<b>" in {row["learner"] for row in rows}
    pages = list((out(folder) / "feedback" / small.NAME).glob("*cmd*.html"))
    assert len(pages) == 1
    for path in (*pages, out(folder) / "class.html"):
        text = path.read_text(encoding="utf-8")
        assert "<img" not in text
        assert "<b>" not in text.replace("<b>1 ·", "").replace('"><b>', "")


def test_the_class_page_names_the_hardest_test_first(folder, course):
    small.hand_in(folder, "dan", TWICE)
    grade(folder, course)
    text = (out(folder) / "class.html").read_text(encoding="utf-8")
    order = [text.index(f"<td>{name}</td>") for name in ("double, other input", "triple", "double")]
    assert order == sorted(order)
    assert "2 of 4" in text
    assert f'href="feedback/{small.NAME}/ada.html"' in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--homework", "12_none"], "There is no homework 12_none"),
        (["--scheduler", "tcp://127.0.0.1:9"], "No Dask scheduler answers at tcp://127.0.0.1:9"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(
    folder, course, words, says, capsys, monkeypatch
):
    monkeypatch.setattr(scheduler, "_CONNECT_SECONDS", 0.5)
    assert grade(folder, course, *words) == 1
    assert says in capsys.readouterr().err


def test_what_no_homework_can_be_told_of_is_said(tmp_path, course, capsys):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "eve.ipynb").write_text("nothing")
    assert grade(tmp_path / "class", course) == 1
    said = capsys.readouterr().out
    assert "0 of 1 submissions are graded" in said
    assert "eve.ipynb: It can't be told which homework this is" in said
    assert table(tmp_path / "class", "gradebook.csv") == []


def test_a_broken_notebook_is_taken_for_what_its_neighbours_are(folder, course):
    (folder / "eve.ipynb").write_text("nothing")
    assert grade(folder, course) == 0
    assert points(folder)["eve"] == "0"
    assert "no notebook" in page(folder, "eve")
