"""Lessons: their budgets, and the pages made of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import lesson_budget
import lessons
import nbformat
import psutil
import pytest

from course_utils.memory import peak_memory

HOUSE = Path(__file__).resolve().parents[1]


def notebook(*cells: str | nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a notebook of code cells given as text, and of ready cells."""
    made = [nbformat.v4.new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    for number, cell in enumerate(made):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel})


# --- budgets ---


def test_every_lesson_of_the_course_has_a_budget():
    assert sorted(lesson_budget.BUDGETS) == list(range(1, 24))


@pytest.mark.parametrize(
    ("wall", "busy", "peak", "said"),
    [
        (19.0, 38.0, 1.0, ""),
        (40.0, 19.0, 1.0, ""),  # a loaded machine: it waited, it did not work
        (21.0, 30.0, 1.0, "03_x took 21 s (30 s of processor time), its budget is 20 s"),
        (10.0, 10.0, 3.2, "03_x's kernel held 3.20 GiB"),
    ],
)
def test_a_lesson_over_its_budget_is_told_in_a_sentence(wall, busy, peak, said):
    sentence = lesson_budget.verdict("03_x", wall, busy, 20.0, peak)
    assert sentence.startswith(said)
    assert bool(sentence) == bool(said)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is what Linux keeps")
def test_peak_memory_remembers_what_was_freed():
    code = (
        "x = bytearray(300 * 2**20); del x; import sys; print(1, flush=True); sys.stdin.readline()"
    )
    # `make test` has the C library keep what is freed
    plain = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], env=plain, **pipes) as process:
        process.stdout.readline()
        assert peak_memory(process.pid) > 0.28
        assert psutil.Process(process.pid).memory_info().rss < 0.2 * 2**30
        process.communicate(b"\n")


def test_a_lesson_over_its_budget_fails_the_run_and_is_in_the_table(tmp_path):
    busy = "import time\nend = time.process_time() + 1\nwhile time.process_time() < end: pass"
    nbformat.write(notebook("1 + 1"), tmp_path / "02_quick.ipynb")
    nbformat.write(notebook(busy), tmp_path / "03_long.ipynb")
    (tmp_path / "conftest.py").write_text(
        "from lesson_budget import Budgets\n"
        "def pytest_configure(config):\n    config.pluginmanager.register(Budgets())\n"
    )
    # 0.9 s: more than a kernel's start takes of the processor
    environment = os.environ | {"PYTHONPATH": str(HOUSE / "tests"), "COURSE_BUDGET_FACTOR": "0.045"}
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-q"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", tmp_path],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1
    assert "1 failed, 3 passed" in done.stdout
    assert re.search(r"03_long took \d+ s .* its budget is 1 s: shorten it", done.stdout)
    assert re.search(r"02_quick +\d+\.\d s", done.stdout)


# --- executing and pages ---


PICTURE = """
import base64
from IPython.display import Image, display
print("before")
display(Image(base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)))
"""


@pytest.fixture
def course(tmp_path):
    """Return a folder of two small lessons."""
    prose = nbformat.v4.new_markdown_cell("# Title\n\nThe slope is $\\frac{a}{b}$.\n\n$$x^2$$")
    widget = "import ipywidgets\nipywidgets.IntSlider(value=7)"
    nbformat.write(notebook(prose, PICTURE, widget, "x = 1\nx"), tmp_path / "01_a.ipynb")
    nbformat.write(notebook("1 / 0"), tmp_path / "02_b.ipynb")
    return tmp_path


def test_a_page_reads_without_a_network(course, tmp_path):
    said = lessons.make_page(course / "01_a.ipynb", tmp_path / "pages")
    page = (tmp_path / "pages" / "01_a.html").read_text(encoding="utf-8")
    assert "01_a" in said
    assert "data:image/png;base64,iVBOR" in page
    assert "<mfrac>" in page
    assert "<msup>" in page
    linked = re.findall(r"""(?:src|href)=["'](https?:[^"']+)""", page)
    assert not linked, f"the page loads {linked}"
    assert not re.findall(r"""(?:import|require|url)\(?["' ]*https?:[^"' )]+""", page)
    assert "IntSlider(value=7)</pre>" in page.replace("\n", "")


def test_a_lesson_run_in_place_keeps_ids_and_drops_what_changes_by_itself(course):
    path = course / "01_a.ipynb"
    before = nbformat.read(path, as_version=4)
    lessons.run_in_place(path)
    once = path.read_bytes()
    after = nbformat.read(path, as_version=4)
    assert [cell["id"] for cell in after.cells] == [cell["id"] for cell in before.cells]
    assert after.cells[3].outputs[0].data["text/plain"] == "1"
    assert [cell.execution_count for cell in after.cells if cell.cell_type == "code"] == [1, 2, 3]
    assert "widgets" not in after.metadata
    assert list(after.cells[2].outputs[0].data) == ["text/plain"]
    lessons.run_in_place(path)
    assert path.read_bytes() == once


def test_a_lesson_that_fails_is_named_and_left_as_it_was(course):
    path = course / "02_b.ipynb"
    before = path.read_bytes()
    with pytest.raises(lessons.LessonError, match=r"02_b.*'1 / 0' .*ZeroDivision"):
        lessons.run_in_place(path)
    assert path.read_bytes() == before
