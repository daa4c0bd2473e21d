"""Makes what a learner gets of a homework from its source, and tries its wrong answers.

    python tools/homework.py build 03_convolution     (or --all)
    python tools/homework.py try 03_convolution

`build` runs the source notebook's cells, records the value of every check, runs each wrong answer
and records its values as known mistakes with its sentence; then it writes the expected values
(``source/NN_name/checks.json``, ``source/hidden/NN_name.json``) and ``release/NN_name/``.
`try` shows what a learner would read for each wrong answer.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import dataclasses
import io
import itertools
import json
import linecache
import os
import re
import symtable
import sys
import time
import tomllib
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).resolve().parents[1]
_HIDDEN_BEGIN, _HIDDEN_END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
_BLANK_BEGIN, _BLANK_END = "### BEGIN SOLUTION", "### END SOLUTION"
_HINT_KEYS = {"hint", "section", "tolerance"}
_DIGITS = 7
_runs = itertools.count()


class HomeworkError(Exception):
    """A homework breaks a rule of its form; the message is a sentence for its author."""


@dataclasses.dataclass(frozen=True)
class Places:
    """Where the homework lies.

    Attributes
    ----------
    course : Path
        Root of the nbgrader course: ``source/``, ``release/`` and ``nbgrader_config.py``.
    wrong_answers : Path
        One folder a homework.
    """

    course: Path = HOUSE / "notebooks" / "homework"
    wrong_answers: Path = HOUSE / "tests" / "wrong_answers"

    def names(self) -> list[str]:
        """Return every homework's name, in order."""
        return sorted(path.stem for path in self.course.glob("source/*/*.ipynb") if _named(path))

    def source(self, name: str) -> Path:
        """Return the path of the source notebook."""
        return self.course / "source" / name / f"{name}.ipynb"

    def release(self, name: str) -> Path:
        """Return the path of the generated notebook."""
        return self.course / "release" / name / f"{name}.ipynb"

    def outputs(self, name: str) -> dict[str, Path]:
        """Return the path of each generated file by what it is."""
        return {
            "visible": self.source(name).with_name("checks.json"),
            "hidden": self.course / "source" / "hidden" / f"{name}.json",
            "release": self.release(name),
            "released checks": self.release(name).with_name("checks.json"),
        }


@dataclasses.dataclass(frozen=True)
class Check:
    """One call of `check` as it stands in a test cell."""

    name: str
    points: int
    hidden: bool
    cell: str


@dataclasses.dataclass(frozen=True)
class WrongAnswer:
    """A plausible mistake: the code that replaces a solution cell, and what to tell the learner."""

    path: Path
    sentence: str
    replaces: str
    caught_by: str
    code: str


Values = dict[str, dict[str, Any]]  # by check name: {"value": plain data} or {"error": text}


def _named(path: Path) -> bool:
    return path.stem == path.parent.name and bool(re.fullmatch(r"\d\d_\w+", path.stem))


# --- the source's form ---


def read_source(path: Path) -> Any:
    """Read a source notebook and hold it to the rules of its form.

    Raises
    ------
    HomeworkError
        The notebook is missing or breaks a rule.
    """
    import nbformat

    if not path.is_file():
        raise HomeworkError(f"There is no source notebook {path}.")
    book = nbformat.read(path, as_version=4)
    seen: set[str] = set()
    for cell in _code_cells(book):
        label = f"{path.name}, cell {label_of(cell)}"
        try:
            tree = ast.parse(cell.source)
        except SyntaxError as error:
            raise HomeworkError(
                f"{label}: line {error.lineno} is not plain Python ({error.msg}); "
                "a homework holds no magics."
            ) from None
        if _role(cell) == "solution":
            _hold_blank_to_rules(cell.source, tree, label)
        elif _BLANK_BEGIN in cell.source:
            raise HomeworkError(f"{label} holds a blank but is not marked as a solution cell.")
    points: dict[str, int] = {}
    for check in checks_of(book):
        if check.name in seen:
            raise HomeworkError(f"{path.name}: two checks are called {check.name!r}.")
        seen.add(check.name)
        points[check.cell] = points.get(check.cell, 0) + check.points
    for cell in _code_cells(book):
        given = points.get(label_of(cell))
        if given is not None and given != cell.metadata.nbgrader.points:
            raise HomeworkError(
                f"{path.name}, cell {label_of(cell)}: its checks give {given} points, "
                f"its metadata says {cell.metadata.nbgrader.points}."
            )
    if not seen:
        raise HomeworkError(f"{path.name} holds no checks.")
    return book


def checks_of(book: Any) -> list[Check]:
    """Return the calls of `check` in a notebook's test cells, in order.

    Raises
    ------
    HomeworkError
        A test cell holds something else, or no visible check.
    """
    found = []
    for cell in _code_cells(book):
        if _role(cell) != "test":
            continue
        label = f"Test cell {label_of(cell)}"
        lines = cell.source.splitlines()
        begin, end = _region(lines, _HIDDEN_BEGIN, _HIDDEN_END, label)
        own = []
        for statement in ast.parse(cell.source).body:
            name, points = _check_call(statement, label)
            own.append(Check(name, points, begin < statement.lineno < end, label_of(cell)))
        if any(one.hidden and not other.hidden for one, other in itertools.pairwise(own)):
            raise HomeworkError(f"{label}: the hidden checks stand last.")
        if not any(not check.hidden for check in own):
            raise HomeworkError(f"{label} holds no visible check.")
        found += own
    return found


def _check_call(statement: ast.stmt, label: str) -> tuple[str, int]:
    match statement:
        case ast.Expr(
            ast.Call(
                func=ast.Name("check"),
                args=[ast.Constant(str() as name), ast.Lambda(args=arguments)],
                keywords=[ast.keyword("points", ast.Constant(int() as points))],
            )
        ) if not ast.unparse(arguments) and points > 0:
            return name, points
    raise HomeworkError(
        f"{label}, line {statement.lineno}: a test cell holds only calls of "
        'check("name", lambda: EXPRESSION, points=N).'
    )


def _hold_blank_to_rules(source: str, tree: ast.Module, label: str) -> None:
    lines = source.splitlines()
    begin, end = _region(lines, _BLANK_BEGIN, _BLANK_END, label)
    inside = any(
        isinstance(node, ast.FunctionDef) and node.lineno < begin and end <= node.end_lineno + 1
        for node in ast.walk(tree)
    )
    if not begin or not inside:
        raise HomeworkError(
            f"{label}: a solution cell holds a function with one blank in its body, "
            f"between {_BLANK_BEGIN} and {_BLANK_END}."
        )


def _region(lines: list[str], begin: str, end: str, label: str) -> tuple[int, int]:
    """Return the numbers of the two marker lines, counted from 1; (0, 0) where there are none."""
    begins = [i for i, line in enumerate(lines, 1) if line.strip() == begin]
    ends = [i for i, line in enumerate(lines, 1) if line.strip() == end]
    if not begins and not ends:
        return 0, 0
    if len(begins) != 1 or len(ends) != 1 or ends < begins:
        raise HomeworkError(f"{label}: {begin} and {end} stand once each, in this order.")
    return begins[0], ends[0]


def _code_cells(book: Any) -> list[Any]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def _role(cell: Any) -> str:
    marks = cell.metadata.get("nbgrader", {})
    if marks.get("grade"):
        return "test"
    return "solution" if marks.get("solution") else ""


def label_of(cell: Any) -> str:
    """Return a cell's nbgrader id, or its own where it has none."""
    return cell.metadata.get("nbgrader", {}).get("grade_id") or cell["id"]


# --- wrong answers and hints ---


def read_wrong_answers(folder: Path, book: Any) -> list[WrongAnswer]:
    """Read a homework's wrong answers, in the order of their file names.

    Raises
    ------
    HomeworkError
        A file lacks its sentence, or names a cell or a visible check that is not there.
    """
    visible = {check.name for check in checks_of(book) if not check.hidden}
    solutions = {label_of(cell) for cell in _code_cells(book) if _role(cell) == "solution"}
    answers = []
    for path in sorted(folder.glob("*.py")):
        code = path.read_text(encoding="utf-8")
        where = f"{folder.name}/{path.name}"
        try:
            sentence = " ".join((ast.get_docstring(ast.parse(code)) or "").split())
        except SyntaxError as error:
            raise HomeworkError(f"{where}, line {error.lineno}: {error.msg}.") from None
        if not sentence:
            raise HomeworkError(f"{where}: its docstring is the sentence that the learner reads.")
        replaces, caught_by = _remark(code, "replaces"), _remark(code, "caught by")
        if replaces not in solutions:
            raise HomeworkError(
                f"{where}: '# replaces: {replaces}' names no solution cell; "
                f"there are {_listed(solutions)}."
            )
        if caught_by not in visible:
            raise HomeworkError(
                f"{where}: '# caught by: {caught_by}' names no visible check; "
                f"there are {_listed(visible)}."
            )
        answers.append(WrongAnswer(path, sentence, replaces, caught_by, code))
    return answers


def read_hints(path: Path, checks: list[Check]) -> dict[str, dict]:
    """Read the hand-written hints by check name.

    Raises
    ------
    HomeworkError
        The file can't be read, or names a check or a key that does not exist.
    """
    if not path.is_file():
        return {}
    try:
        hints = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise HomeworkError(f"{path.name} can't be read: {error}.") from None
    names = {check.name for check in checks}
    for name, entry in hints.items():
        if name not in names:
            raise HomeworkError(f"{path.name}: no check is called {name!r}.")
        if not isinstance(entry, dict) or not set(entry) <= _HINT_KEYS:
            raise HomeworkError(
                f"{path.name}, {name!r}: the keys can be {_listed(_HINT_KEYS)}, nothing else."
            )
    return hints


def _remark(code: str, key: str) -> str:
    found = re.search(rf"^# {key}: *(.+?) *$", code, re.MULTILINE)
    return found[1] if found else ""


def _listed(names: set[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names))


# --- running ---


class _Recorder:
    """Stands in for `Checks`: keeps each check's value, or the error that it stopped with."""

    def __init__(self) -> None:
        self.values: Values = {}

    def __call__(self, name: str, expression: Callable[[], Any], points: int) -> None:
        from course_utils import homework

        try:
            self.values[name] = {"value": rounded(homework.plain(expression()))}
        except Exception as error:
            self.values[name] = {"error": homework.error_text(error)}


def run(book: Any, folder: Path, answer: WrongAnswer | None = None) -> Values:
    """Run a notebook's code cells in this process and return what its checks yield.

    Parameters
    ----------
    book : NotebookNode
    folder : Path
        The notebook's folder; the cells run there.
    answer : WrongAnswer, optional
        Replaces its solution cell. Cells that it makes fail are passed over, and so are the
        checks that it can't reach (`_reached`).

    Raises
    ------
    HomeworkError
        A cell of the source itself failed.
    """
    from course_utils import homework

    recorder = _Recorder()
    namespace: dict[str, Any] = {"__name__": "__main__"}
    original = homework.Checks
    homework.Checks = lambda _: recorder  # type: ignore[assignment,misc]
    try:
        with _quietly(), contextlib.chdir(folder):
            reached = None if answer is None else _reached(book, answer.replaces)
            for cell in _code_cells(book):
                replaced = answer is not None and answer.replaces == label_of(cell)
                known = reached is not None and label_of(cell) not in reached
                if "slow" in cell.metadata.get("tags", ()) or (known and _role(cell) == "test"):
                    continue
                try:
                    exec(_compiled(answer.code if replaced else cell.source, cell), namespace)
                except Exception as error:
                    if answer is None:
                        trace = "".join(traceback.format_exception(error)[-3:])
                        raise HomeworkError(
                            f"{folder.name}: cell {label_of(cell)} failed.\n{trace}"
                        ) from None
                _close_figures()
    finally:
        homework.Checks = original
    return recorder.values


def _reached(book: Any, label: str) -> set[str]:
    """Return the labels of the cells that use what cell `label` defines, straight or by others."""
    labels = {label}
    names: set[str] = set()
    for cell in _code_cells(book):
        defined, used = _global_names(cell.source)
        if label_of(cell) == label or used & names:
            labels.add(label_of(cell))
            names |= defined
    return labels


def _global_names(code: str) -> tuple[set[str], set[str]]:
    """Return the global names that `code` defines, and those that it uses anywhere."""
    top = symtable.symtable(code, "cell", "exec")
    defined = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    used = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    inner = top.get_children()
    while inner:
        table = inner.pop()
        used |= {s.get_name() for s in table.get_symbols() if s.is_global()}
        inner += table.get_children()
    return defined, used


def _compiled(code: str, cell: Any) -> types.CodeType:
    """Compile a cell so that its lines can be found again, as TensorFlow's AutoGraph does."""
    name = f"<cell {label_of(cell)} {next(_runs)}>"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    return compile(code, name, "exec")


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Hold back prints, and keep this machine's settings out of the values."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith("COURSE_")]:
        del os.environ[name]
    os.environ["COURSE_PRECISION"] = "float32"
    os.environ["MPLBACKEND"] = "agg"
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _close_figures() -> None:
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def rounded(value: Any) -> Any:
    """Round the floats of plain data to 7 significant digits, float32's own precision."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS - 1}e}")
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


# --- what is recorded ---


@dataclasses.dataclass(frozen=True)
class Built:
    """A homework's generated texts, by what they are (the keys of `Places.outputs`)."""

    texts: dict[str, str]
    remarks: list[str]
    verdicts: dict[str, str]  # by wrong answer's stem: what its check says


def make(name: str, places: Places) -> Built:
    """Run a homework and its wrong answers, and return the generated files' texts.

    Raises
    ------
    HomeworkError
        The homework breaks a rule of its form, or its source fails.
    """
    from course_utils import homework

    source = places.source(name)
    book = read_source(source)
    checks = checks_of(book)
    hints = read_hints(places.course / "source" / "checks" / f"{name}.toml", checks)
    answers = read_wrong_answers(places.wrong_answers / name, book)

    expected = run(book, source.parent)
    records: dict[str, dict] = {}
    remarks = []
    for check in checks:
        found = expected.get(check.name, {"error": "its cell is tagged slow"})
        if "error" in found:
            raise HomeworkError(f"{name}: the source's own {check.name!r} fails: {found['error']}.")
        records[check.name] = {"expected": found["value"]} | hints.get(check.name, {})
        if not check.hidden and "hint" not in records[check.name]:
            remarks.append(f"{check.name!r} has no hint in checks/{name}.toml")

    values = {answer.path.stem: run(book, source.parent, answer) for answer in answers}
    for check in checks:
        mistakes, clashes = _mistakes(check, records[check.name], answers, values)
        remarks += clashes
        records[check.name]["mistakes"] = mistakes

    verdicts = {}
    for answer in answers:
        said = homework.verdict_on(
            answer.caught_by,
            values[answer.path.stem].get(answer.caught_by, {"error": "the check was not reached"}),
            records[answer.caught_by],
        )
        verdicts[answer.path.stem] = said.sentence
        if said.passed:
            remarks.append(f"wrong answer {answer.path.name} passes {answer.caught_by!r}")
        elif answer.sentence not in said.sentence:
            remarks.append(f"wrong answer {answer.path.name} is caught without its own sentence")
    if len(answers) < 5:
        remarks.append(f"{len(answers)} wrong answers; a homework has five or more")

    hidden = {check.name for check in checks if check.hidden}
    visible_text = _as_json({k: v for k, v in records.items() if k not in hidden})
    texts = {
        "visible": visible_text,
        "hidden": _as_json({k: v for k, v in records.items() if k in hidden}),
        "release": release_text(book, places),
        "released checks": visible_text,
    }
    return Built(texts, remarks, verdicts)


def _mistakes(
    check: Check, record: dict, answers: list[WrongAnswer], values: dict[str, Values]
) -> tuple[list[dict], list[str]]:
    """Return a check's known mistakes, and what is wrong with them.

    Where several answers yield the same, the one that names this check keeps its sentence.
    """
    from course_utils import homework

    mistakes: list[dict] = []
    owners: list[WrongAnswer] = []
    clashes = []
    own_first = sorted(answers, key=lambda answer: answer.caught_by != check.name)
    for answer in own_first:
        found = values[answer.path.stem].get(check.name)
        if found is None or homework.verdict_on(check.name, found, record).passed:
            continue
        known = homework.known_mistake(found, record | {"mistakes": mistakes})
        if known is None:
            mistakes.append(found | {"sentence": answer.sentence})
            owners.append(answer)
        elif answer.caught_by == check.name:
            first = owners[mistakes.index(known)].path.name
            clashes.append(f"{first} and {answer.path.name} give the same at {check.name!r}")
    return mistakes, clashes


def _as_json(records: dict[str, dict]) -> str:
    """Write one key a line and every value on one line, so that a change is a short diff."""

    def line(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    blocks = []
    for name, record in records.items():
        rows = []
        for key, value in record.items():
            if key == "mistakes" and value:
                inner = ",\n".join(f"   {line(mistake)}" for mistake in value)
                rows.append(f'  "mistakes": [\n{inner}\n  ]')
            else:
                rows.append(f"  {line(key)}: {line(value)}")
        blocks.append(f" {line(name)}: {{\n" + ",\n".join(rows) + "\n }")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


# --- the release ---


def release_text(book: Any, places: Places) -> str:
    """Return the learner's notebook: nbgrader's own steps, without its database."""
    import copy

    import nbformat
    from nbgrader import preprocessors
    from traitlets.config.loader import PyFileConfigLoader

    with _environment_kept():
        config = PyFileConfigLoader("nbgrader_config.py", path=str(places.course)).load_config()
    released, resources = copy.deepcopy(book), {}
    for step in (
        "LockCells",
        "ClearSolutions",
        "ClearOutput",
        "CheckCellMetadata",
        "ClearHiddenTests",
        "ComputeChecksums",
        "CheckCellMetadata",
    ):
        worker = getattr(preprocessors, step)(config=config)
        released, resources = worker.preprocess(released, resources)
    return nbformat.writes(released) + "\n"


@contextlib.contextmanager
def _environment_kept() -> Iterator[None]:
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


# --- commands ---


def build(name: str, places: Places) -> list[str]:
    """Generate a homework's files and return the remarks for its author."""
    built = make(name, places)
    for what, path in places.outputs(name).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(built.texts[what], encoding="utf-8", newline="\n")
    return built.remarks


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("build", "try"))
    parser.add_argument("names", nargs="*", metavar="NN_name")
    parser.add_argument("--all", action="store_true", help="every homework")
    given = parser.parse_args(arguments)
    places = Places()
    names = places.names() if given.all else [name.rstrip("/") for name in given.names]
    if not names and not given.all:
        parser.error("name a homework, such as 03_convolution, or give --all")
    failed = False
    for name in names:
        begun = time.perf_counter()
        try:
            if given.command == "build":
                remarks = build(name, places)
            else:
                built = make(name, places)
                remarks = built.remarks
                for answer, said in built.verdicts.items():
                    print(f"  {answer}\n    {said}")
        except HomeworkError as error:
            remarks = [str(error)]
        for remark in remarks:
            print(f"✘ {name}: {remark}")
        state = "needs work" if remarks else "done"
        print(f"{name}: {state} ({time.perf_counter() - begun:.1f} s)")
        failed = failed or bool(remarks)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
