"""The committed lessons: their outputs are those of their code, and a page that reads well."""

import ast
import json
import re
import statistics
from pathlib import Path

import executed
import pytest
import seeds
from lesson_budget import BUDGETS

from course_utils import checkpoint

LESSONS = executed.lessons()
HOMEWORK = sorted((executed.NOTEBOOKS / "homework").glob("*/*/*.ipynb"))
SOURCES = [path for path in HOMEWORK if path.parts[-3] == "source"]
PAGES = [executed.HOUSE / "README.md", *LESSONS, *HOMEWORK]
ELSEWHERE = re.compile(r"(?<![\w.~-])(/(work|root|home|tmp|Users|private|opt)/|[A-Z]:\\\\)")
PROGRESS = re.compile(r"^.+: \d+ of \d+ · ")

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def outputs(notebook):
    """Yield (cell, output) over all outputs."""
    for cell in executed.code_cells(notebook):
        for output in cell.outputs:
            yield cell, output


def texts(cell):
    """What the cell says in words: prints and captions, without figures' names and bars."""
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text.strip()
        elif "image/png" not in output.get("data", {}):
            said = "".join(output.get("data", {}).get("text/plain", "")).strip()
            if not PROGRESS.match(said) and not said.startswith("Slider:"):
                yield said


def records(cell):
    data = [output.get("data", {}) for output in cell.outputs]
    return [one[checkpoint.MIME] for one in data if checkpoint.MIME in one]


def pictures(cell):
    return [o.data["image/png"] for o in cell.outputs if "image/png" in o.get("data", {})]


def prose(path):
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = executed.read(path).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_each_lesson_has_a_number_of_its_own():
    numbers = [int(path.name[:2]) for path in LESSONS]
    assert numbers
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) <= set(BUDGETS)


@each_lesson
def test_every_code_cell_was_run_in_order(path):
    notebook = executed.read(path)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.source.strip() for cell in cells), "an empty code cell"
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


@each_lesson
def test_no_output_is_an_error_or_a_warning(path):
    for cell, output in outputs(executed.read(path)):
        assert output.output_type != "error", cell.source
        if output.output_type == "stream":
            assert output.name == "stdout", f"standard error in: {cell.source}\n{output.text}"
            assert "Warning:" not in output.text, output.text


@each_lesson
def test_page_is_below_two_mebibytes_and_holds_no_widget_state(path):
    assert path.stat().st_size < 2 * 2**20
    assert "widgets" not in executed.read(path).metadata


@each_lesson
def test_outputs_are_those_of_the_code_with_the_default_settings(path):
    notebook = executed.read(path)
    run = []
    for cell in executed.code_cells(notebook):
        run.append(cell.source)
        for record in records(cell):
            assert record.get("source") == checkpoint.digest(run), (
                f"{path.name} was changed after it was run: execute it again and save it"
            )
    first = "".join(o.text for _, o in outputs(notebook) if o.output_type == "stream")
    opening = next(line for line in first.splitlines() if line.startswith("Lesson "))
    assert opening.startswith(f"Lesson {path.name[:2]} · built-in data")
    assert "· seed 0 ·" in opening


@each_lesson
def test_every_checkpoint_is_shown_and_reached(path):
    notebook = executed.read(path)
    shown = executed.checkpoints(notebook)
    names = [record["name"] for record in shown]
    assert names
    assert len(names) == len(set(names))
    assert [r["name"] for r in shown if r["verdict"] != "reached"] == []
    for cell in executed.code_cells(notebook):
        calls = [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Call)]
        named = [n for n in calls if isinstance(n.func, ast.Name) and n.func.id == "checkpoint"]
        assert bool(named) == bool(records(cell)), cell.source


@each_lesson
def test_every_plot_has_words_beside_it_and_is_drawn_once(path):
    for cell in executed.code_cells(executed.read(path)):
        drawn = pictures(cell)
        if drawn:
            assert any(texts(cell)), f"a plot without a line of text: {cell.source}"
            assert len(set(drawn)) == len(drawn), f"a picture shown twice: {cell.source}"


@each_lesson
def test_no_cell_is_longer_than_thirty_lines(path):
    for cell in executed.code_cells(executed.read(path)):
        assert len(cell.source.splitlines()) <= 30, cell.source


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_pictures_have_alt_text_and_links_lead_to_files(path):
    text = prose(path)
    alts = re.findall(r"!\[([^\]]*)\]\(", text)
    alts += re.findall(r'<img\b(?:(?!alt=)[^>])*(?:alt="([^"]*)")?[^>]*>', text)
    for alt in alts:
        assert len(alt.split()) >= 10, f"alt text too short: {alt!r}"
    targets = re.findall(r"\]\(\s*<?([^)\s>]+)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    for target in targets:
        if re.match(r"[a-z]+:|#", target):
            continue
        file = (path.parent / target.split("#")[0]).resolve()
        assert file.exists(), f"{path.name} links to {target}, which does not exist"


@pytest.mark.parametrize("path", [*LESSONS, *HOMEWORK], ids=lambda path: path.name)
def test_no_path_of_the_machine_it_was_run_on(path):
    notebook = executed.read(path)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for kind in list(output.get("data", {})):
                if kind.startswith("image/"):
                    del output.data[kind]
    text = json.dumps(notebook)
    around = [text[m.start() - 40 : m.end() + 40] for m in ELSEWHERE.finditer(text)]
    assert around == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_homework_source_shows_an_error(path):
    for cell, output in outputs(executed.read(path)):
        assert output.output_type != "error", cell.source
        assert output.get("name") != "stderr", cell.source


def recorded(path):
    file: Path = seeds.FOLDER / f"{path.name[:2]}.json"
    assert file.exists(), f"make seeds LESSON={path.name[:2]} was not run"
    return seeds.load(file)


@each_lesson
def test_ten_seeds_reach_every_checkpoint(path):
    notebook = executed.read(path)
    runs = recorded(path)
    assert [run["seed"] for run in runs] == list(range(10))
    assert [run["seed"] for run in runs if run["precision"] == "float32"][-3:] == [7, 8, 9]
    for record in executed.checkpoints(notebook):
        low = -float("inf") if record["low"] is None else record["low"]
        high = float("inf") if record["high"] is None else record["high"]
        for run in runs:
            got = run["checkpoints"][record["name"]]
            assert got["verdict"] == "reached", (run["seed"], record["name"])
            assert low <= float(got["value"]) <= high, (run["seed"], record["name"])
    now = executed.digest(notebook)
    current = [run["seed"] for run in runs if run["source"] == now]
    assert len(current) >= 3, f"the code has changed: run three seeds of {path.name} again"


@each_lesson
def test_seconds_keep_the_budget_in_both_precisions(path):
    runs = recorded(path)
    for precision in {run["precision"] for run in runs}:
        seconds = statistics.median(r["seconds"] for r in runs if r["precision"] == precision)
        assert seconds <= BUDGETS[int(path.name[:2])], precision
