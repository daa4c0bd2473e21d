"""The README's table of results, and the runs over seeds that it reads."""

import json
import subprocess
import sys

import executed
import nbformat
import pytest
import results
import seeds

from course_utils import checkpoint

NEW = nbformat.v4


def record(name, value, low=None, high=None, verdict="reached"):
    return {
        "name": name,
        "value": value,
        "low": low,
        "high": high,
        "floor": "",
        "verdict": verdict,
        "claim": "",
        "source": "",
    }


def notebook(title, records):
    shown = [NEW.new_output("display_data", {checkpoint.MIME: one}) for one in records]
    cells = [NEW.new_markdown_cell(f"# {title}\n\nText."), NEW.new_code_cell("checkpoint(…)")]
    cells[1].outputs = shown
    return NEW.new_notebook(cells=cells)


def run(seed, values, seconds=10.0, source="now", precision="float32"):
    got = {name: {"value": v, "verdict": verdict} for name, (v, verdict) in values.items()}
    return {
        "seed": seed,
        "precision": precision,
        "commit": "abc",
        "seconds": seconds,
        "source": source,
        "checkpoints": got,
    }


@pytest.fixture
def lessons(tmp_path):
    """Two executed lessons and the folder of the runs over seeds of the first."""
    first = [record("test accuracy", 0.9312, low=0.8), record("linear | pixels", 0.66, high=0.72)]
    nbformat.write(notebook("04 · LeNet", first), tmp_path / "04_lenet.ipynb")
    second = [record("gain", 2, low=1.5, high=2.5)]
    nbformat.write(notebook("05 · More", second), tmp_path / "05_more.ipynb")
    recorded = tmp_path / "seeds"
    seeds.save(
        recorded / "04.json",
        [
            run(
                seed, {"test accuracy": (value, "reached"), "linear | pixels": (0.66, "reached")}, s
            )
            for seed, value, s in [(1, 0.95, 31.4), (0, 0.9312, 30.0), (2, 0.9, 50.0)]
        ],
    )
    return executed.lessons(tmp_path), recorded


def test_table_has_a_row_a_checkpoint(lessons):
    assert results.table(*lessons).splitlines()[2:] == [
        "| [04 · LeNet](notebooks/04_lenet.ipynb) | test accuracy | 0.931 | ≥ 0.8 "
        "| 0.9 … 0.95 (3) | 31 |",
        "|  | linear \\| pixels | 0.66 | ≤ 0.72 | 0.66 (3) |  |",
        "| [05 · More](notebooks/05_more.ipynb) | gain | 2 | 1.5 to 2.5 | – | – |",
    ]


def test_a_lesson_that_was_not_run_is_named(tmp_path):
    nbformat.write(notebook("06 · Empty", []), tmp_path / "06_empty.ipynb")
    with pytest.raises(results.ResultsError, match=r"06_empty\.ipynb shows no checkpoint: run it"):
        results.table(executed.lessons(tmp_path), tmp_path)


def test_only_what_stands_between_the_marks_is_renewed():
    readme = f"# Title\n\n{results.BEGIN}\nold\n{results.END}\n\nAfter <!-- a note -->.\n"
    new = results.renewed(readme, "| new |")
    assert new == f"# Title\n\n{results.BEGIN}\n| new |\n{results.END}\n\nAfter <!-- a note -->.\n"
    assert results.renewed(new, "| new |") == new


@pytest.mark.parametrize(
    "readme",
    ["", results.BEGIN, f"{results.END} {results.BEGIN}", 2 * f"{results.BEGIN} {results.END} "],
    ids=["none", "no end", "turned round", "twice"],
)
def test_missing_marks_are_named(readme):
    with pytest.raises(results.ResultsError, match=r"README\.md needs one"):
        results.renewed(readme, "| new |")


def test_check_tells_a_stale_table_and_changes_nothing(lessons, tmp_path, monkeypatch, capsys):
    readme = tmp_path / "README.md"
    old = f"Title\n{results.BEGIN}\nold\n{results.END}\n"
    readme.write_text(old, encoding="utf-8")
    monkeypatch.setattr(results, "README", readme)
    monkeypatch.setattr(executed, "lessons", lambda: lessons[0])
    monkeypatch.setattr(seeds, "FOLDER", lessons[1])
    assert results.main(["--check"]) == 1
    assert "not current" in capsys.readouterr().out
    assert readme.read_text(encoding="utf-8") == old
    assert results.main([]) == 0
    assert "0.931" in readme.read_text(encoding="utf-8")
    assert results.main(["--check"]) == 0


def test_the_table_in_the_readme_is_current(capsys):
    assert results.main(["--check"]) == 0, capsys.readouterr().out


# runs over seeds

LESSON = """\
from course_utils import runtime
runtime.start(lesson=8, keras=False)
from course_utils.checkpoint import checkpoint
chosen = runtime.settings()
"""
CLAIMS = """\
checkpoint("seed", chosen.seed, at_most=8, claim="The seed is small.")
checkpoint("strict", chosen.strict, at_most=0, claim="Nothing raises.")
checkpoint("drawn", chosen.source == "drawn", at_least=1, claim="The data are built in.")
checkpoint("float32", chosen.precision == "float32", at_least=0, claim="It is known.")
"""


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """A lesson of two cells in a folder of its own, where the runs are recorded too."""
    cells = [NEW.new_markdown_cell("# 08 · Small"), *map(NEW.new_code_cell, (LESSON, CLAIMS))]
    path = tmp_path / "08_small.ipynb"
    nbformat.write(NEW.new_notebook(cells=cells), path)
    monkeypatch.setattr(executed, "lesson", lambda number: path)
    monkeypatch.setattr(seeds, "FOLDER", tmp_path / "seeds")
    return path


def test_a_run_in_a_kernel_is_recorded_whole(lesson, monkeypatch, capsys):
    for name, value in {"STRICT": "1", "SOURCE": "photos", "SEED": "5"}.items():
        monkeypatch.setenv(f"COURSE_{name}", value)
    before = lesson.read_bytes()
    assert seeds.main(["--lesson", "8", "--seeds", "9"]) == 1
    assert lesson.read_bytes() == before
    (got,) = seeds.load(seeds.FOLDER / "08.json")
    values = {name: one["value"] for name, one in got["checkpoints"].items()}
    assert values == {"seed": 9, "strict": 0, "drawn": 1, "float32": 1}
    verdicts = [one["verdict"] for one in got["checkpoints"].values()]
    assert verdicts == ["missed", "reached", "reached", "reached"]
    assert (got["seed"], got["precision"]) == (9, "float32")
    assert got["source"] == executed.digest(executed.read(lesson))
    assert got["commit"]
    assert 0 < got["seconds"] < 60
    assert "Seed 9 (float32) missed 'seed' with 9." in capsys.readouterr().out


@pytest.fixture
def pretended(monkeypatch):
    """Runs that take no time; those of the seeds in the set are cut off."""
    done, cut = [], set()

    def execute(path, environment):
        seed = int(environment["COURSE_SEED"])
        if seed in cut:
            raise KeyboardInterrupt
        done.append((seed, environment["COURSE_PRECISION"]))
        got = executed.read(path)
        shown = NEW.new_output("display_data", {checkpoint.MIME: record("a", seed / 10, low=0.0)})
        executed.code_cells(got)[-1].outputs = [shown]
        return got, 1.0

    monkeypatch.setattr(executed, "execute", execute)
    monkeypatch.setattr(seeds, "machine_precision", lambda: "mixed_bfloat16")
    return done, cut


def test_ten_seeds_three_of_them_in_float32(lesson, pretended, capsys):
    assert seeds.main(["--lesson", "08"]) == 0
    done, _ = pretended
    assert done == [(s, "float32" if s > 6 else "mixed_bfloat16") for s in range(10)]
    said = capsys.readouterr().out
    assert "No checkpoint missed." in said
    line = next(line for line in said.splitlines() if line.startswith("a "))
    assert line.split() == ["a", "10", "0", "0.45", "0.9"]


def test_an_interrupted_command_goes_on_where_it_stopped(lesson, pretended):
    done, cut = pretended
    cut.add(2)
    with pytest.raises(KeyboardInterrupt):
        seeds.main(["--lesson", "08", "--seeds", "0", "1", "2", "3"])
    assert [r["seed"] for r in seeds.load(seeds.FOLDER / "08.json")] == [0, 1]
    cut.clear()
    assert seeds.main(["--lesson", "08", "--seeds", "0", "1", "2", "3"]) == 0
    assert [seed for seed, _ in done] == [0, 1, 2, 3]
    assert [r["seed"] for r in seeds.load(seeds.FOLDER / "08.json")] == [0, 1, 2, 3]
    assert list(seeds.FOLDER.iterdir()) == [seeds.FOLDER / "08.json"]


def test_changed_code_is_run_again_and_replaces_the_old_run(lesson, pretended):
    done, _ = pretended
    chosen = ["--lesson", "08", "--seeds", "0", "1"]
    seeds.main(chosen)
    first = seeds.load(seeds.FOLDER / "08.json")
    lesson.write_text(
        lesson.read_text(encoding="utf-8").replace("small", "very small"), encoding="utf-8"
    )
    seeds.main(["--lesson", "08", "--seeds", "1"])
    assert [seed for seed, _ in done] == [0, 1, 1]
    old, new = seeds.load(seeds.FOLDER / "08.json")
    assert old == first[0]
    assert new["source"] != old["source"]


def test_a_cell_that_stops_is_told_and_the_other_seeds_run(lesson, capsys):
    cells = executed.read(lesson)
    cells.cells[-1].source = "if chosen.seed == 7:\n    raise OSError('no disk')\n" + CLAIMS
    nbformat.write(cells, lesson)
    assert seeds.main(["--lesson", "08", "--seeds", "7", "8"]) == 1
    assert "Seed 7 stopped: OSError: no disk" in capsys.readouterr().out
    assert [r["seed"] for r in seeds.load(seeds.FOLDER / "08.json")] == [8]


def test_an_unknown_lesson_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no lesson 77"):
        executed.lesson("77", tmp_path)


@pytest.mark.parametrize("tool", ["bench", "seeds", "results"])
def test_each_tool_says_what_it_takes(tool):
    path = executed.HOUSE / "tools" / f"{tool}.py"
    done = subprocess.run([sys.executable, path, "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {"bench": "--only", "seeds": "--seeds", "results": "--check"}[tool] in done.stdout


def test_recorded_runs_are_strict_json(tmp_path):
    path = tmp_path / "04.json"
    seeds.save(path, [run(0, {"loss": ("nan", "missed")})])
    json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda name: pytest.fail(name))
    assert seeds.missed(seeds.load(path)) == ["Seed 0 (float32) missed 'loss' with nan."]
