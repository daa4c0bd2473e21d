"""What a homework asks for: its source's cells, its tests, and what is expected of them."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import json
from pathlib import Path

from course_utils.errors import PlainError

HIDDEN_BEGIN = "### BEGIN HIDDEN TESTS"


class AssignmentError(PlainError):
    """A homework's source or its expected values can't be used; the message says what to do."""


@dataclasses.dataclass(frozen=True)
class Test:
    """One call of `check` in a source's test cell."""

    __test__ = False  # not one of pytest's

    name: str
    points: int
    expression: str
    hidden: bool


@dataclasses.dataclass(frozen=True)
class SourceCell:
    """One code cell of a source; `tests` where it is a test cell."""

    labels: tuple[str, ...]
    code: str
    solution: bool
    slow: bool
    tests: tuple[Test, ...]


@dataclasses.dataclass(frozen=True)
class Assignment:
    """A homework as the grader needs it.

    Attributes
    ----------
    name : str
        Such as ``"03_convolution"``.
    title : str
        Such as ``"Homework 03 · Convolution"``.
    cells : tuple of SourceCell
    recorded : dict
        By test: what `course_utils.homework.verdict_on` takes.
    modules : tuple of str
        What its source imports.
    files : dict
        Text of the files that are handed out beside the notebook, but for the expected values.
    """

    name: str
    title: str
    cells: tuple[SourceCell, ...]
    recorded: dict[str, dict]
    modules: tuple[str, ...]
    files: dict[str, str]

    @property
    def tests(self) -> list[Test]:
        """Its tests, in order."""
        return [test for cell in self.cells for test in cell.tests]

    @property
    def points(self) -> int:
        """The most that can be reached."""
        return sum(test.points for test in self.tests)

    @property
    def fingerprint(self) -> str:
        """Changes when anything changes that a mark depends on."""
        parts = [self.cells, self.files, sorted(self.recorded.items())]
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def names(course: Path) -> list[str]:
    """Return the names of the homework in a course, in order."""
    return sorted(
        path.stem for path in course.glob("source/*/*.ipynb") if path.stem == path.parent.name
    )


def read(course: Path, name: str) -> Assignment:
    """Read a homework.

    Parameters
    ----------
    course : Path
        nbgrader's root: ``source/`` and ``release/``.
    name : str

    Raises
    ------
    AssignmentError
        It is not there, or its expected values do not fit its tests.
    """
    source = course / "source" / name / f"{name}.ipynb"
    try:
        book = json.loads(source.read_text(encoding="utf-8"))
        recorded = {}
        for path in (
            source.with_name("checks.json"),
            course / "source" / "hidden" / f"{name}.json",
        ):
            recorded |= json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AssignmentError(
            f"The homework {name} can't be read ({error}): make it with "
            f"'python tools/homework.py build {name}'."
        ) from None
    cells = tuple(_cell(row) for row in book["cells"] if row["cell_type"] == "code")
    tests = [test.name for cell in cells for test in cell.tests]
    if sorted(tests) != sorted(recorded):
        odd = sorted(set(tests) ^ set(recorded))
        raise AssignmentError(
            f"The homework {name} and its expected values do not fit ({', '.join(odd)}): make it "
            f"anew with 'python tools/homework.py build {name}'."
        )
    beside = (course / "release" / name).glob("*")
    files = {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(beside)
        if path.is_file() and path.suffix != ".ipynb" and path.name != "checks.json"
    }
    return Assignment(name, _title(book) or name, cells, recorded, _modules(cells), files)


def _title(book: dict) -> str:
    texts = ("".join(row["source"]) for row in book["cells"] if row["cell_type"] == "markdown")
    lines = next(texts, "").splitlines()
    return lines[0].lstrip("# ").strip() if lines else ""


def _cell(row: dict) -> SourceCell:
    code = "".join(row["source"])
    marks = row["metadata"].get("nbgrader", {})
    labels = tuple(filter(None, (marks.get("grade_id"), row.get("id"))))
    slow = "slow" in row["metadata"].get("tags", ())
    tests = _tests(code) if marks.get("grade") else ()
    return SourceCell(labels, code, bool(marks.get("solution")), slow, tests)


def _tests(code: str) -> tuple[Test, ...]:
    before = code.partition(HIDDEN_BEGIN)[0].count("\n")
    found = []
    for statement in ast.parse(code).body:
        match statement:
            case ast.Expr(
                ast.Call(
                    args=[ast.Constant(str() as name), ast.Lambda(body=body)],
                    keywords=[ast.keyword("points", ast.Constant(int() as points))],
                )
            ):
                hidden = HIDDEN_BEGIN in code and statement.lineno > before
                found.append(Test(name, points, ast.unparse(body), hidden))
            case _:
                raise AssignmentError(f"A test cell holds more than calls of check: {code[:60]!r}.")
    return tuple(found)


def _modules(cells: tuple[SourceCell, ...]) -> tuple[str, ...]:
    """Return the modules that a source imports, the packages that they lie in, and what they bring.

    A homework that opens with Keras (see `course_utils.runtime.start`) gets Keras.
    """
    found = ["course_utils.homework", "course_utils.plotting", "matplotlib.pyplot"]
    for cell in cells:
        for node in ast.walk(ast.parse(cell.code)):
            match node:
                case ast.Import(names=aliases):
                    found += [alias.name for alias in aliases]
                case ast.ImportFrom(module=str() as module, names=aliases):
                    found += [module, *(f"{module}.{alias.name}" for alias in aliases)]
                case ast.Call(func=ast.Attribute(attr="start"), keywords=keywords):
                    without = any(
                        k.arg == "keras" and getattr(k.value, "value", True) is False
                        for k in keywords
                    )
                    found += [] if without else ["tensorflow", "keras"]
    return tuple(dict.fromkeys(found))
