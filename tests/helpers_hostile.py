"""The hostile and broken submissions: what each hands in, and what it must get for it.

Most are files in tests/hostile: code that stands in for one solution cell of homework 03 (remark
``replaces``, by default the cell `transposed`), the tests that it ``loses`` and words that its
learner must be told (``says``). The others are notebooks that are no notebooks, made here.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

from course_utils.grading import protections, room
from course_utils.grading.limits import Limits

HOMEWORK = "03_convolution"
FILES = Path(__file__).with_name("hostile")
SOURCE = FILES.parents[1] / "notebooks" / "homework" / "source" / HOMEWORK / f"{HOMEWORK}.ipynb"
OWN_TESTS = {
    "visible": ["one stamp", "stamps that overlap", "stamps at a stride"],
    "hidden": ["transposed, other inputs"],
    "nothing": [],
}
OWN_TESTS["transposed"] = OWN_TESTS["visible"] + OWN_TESTS["hidden"]


@dataclasses.dataclass(frozen=True)
class Hostile:
    """One submission: its notebook, the tests that it loses ("all" or names), what it is told."""

    name: str
    write: Callable[[Path], None]
    loses: list[str] | str
    says: str = ""


def source():
    """Return the source notebook as JSON."""
    return json.loads(SOURCE.read_text(encoding="utf-8"))


def label(cell):
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def cell_of(book, grade_id):
    return next(cell for cell in book["cells"] if label(cell) == grade_id)


def with_code(code, replaces="transposed"):
    """Return the solved notebook with `code` in place of one solution cell."""
    book = copy.deepcopy(source())
    cell_of(book, replaces)["source"] = code
    return book


def solved(grade_id):
    """Return a solution cell's code."""
    return "".join(cell_of(source(), grade_id)["source"])


def remark(code, key, otherwise=""):
    found = re.search(rf"^# {key}: *(.+?) *$", code, re.MULTILINE)
    return found[1] if found else otherwise


def from_files():
    """Return the submissions of tests/hostile."""
    found = []
    for path in sorted(FILES.glob("*.py")):
        code = path.read_text(encoding="utf-8")
        loses = remark(code, "loses")
        book = with_code(code, remark(code, "replaces", "transposed"))
        lost = [test for one in loses.split("; ") for test in OWN_TESTS.get(one, [one])]
        found.append(Hostile(path.stem, saver(book), lost, remark(code, "says")))
    return found


def saver(book):
    return lambda path: path.write_text(json.dumps(book), encoding="utf-8")


def broken():
    """Return the submissions that are broken as notebooks."""
    transposed = OWN_TESTS["transposed"]
    # the visible tests that a learner sees hold no hidden ones to begin with
    wrong = "def transposed(g, F, stride=1):\n    return 0\n"

    def edited_test():
        book = with_code(wrong)
        cell_of(book, "test_transposed")["source"] = "print('✔ one stamp: right (100 points)')"
        return book

    def deleted_test():
        book = with_code(wrong)
        book["cells"].remove(cell_of(book, "test_transposed"))
        return book

    def renamed_test():
        book = with_code(wrong)
        cell = cell_of(book, "test_transposed")
        cell["metadata"]["nbgrader"]["grade_id"], cell["id"] = "test_nothing", "renamed"
        cell["source"] = "pass"
        return book

    def no_tests_right():
        book = source()
        book["cells"] = [
            c for c in book["cells"] if not c["metadata"].get("nbgrader", {}).get("grade")
        ]
        return book

    def no_metadata():
        """As some editors save it: ids and nbgrader's metadata are gone."""
        book = source()
        for cell in book["cells"]:
            cell["metadata"] = {}
            cell.pop("id", None)
        return book

    def no_kernel():
        book = source()
        book["metadata"] = {}
        return book

    def version_3():
        book = source()
        rows = [c for c in book["cells"] if c["cell_type"] == "code"]
        for cell in rows:
            cell["input"] = "".join(cell.pop("source"))
        return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": rows}]}

    def python_2():
        book = with_code('print "Hello"')
        book["metadata"]["kernelspec"] = {"name": "python2", "language": "python"}
        book["metadata"]["language_info"] = {"name": "python", "version": "2.7.18"}
        return book

    def julia():
        book = source()
        book["metadata"]["kernelspec"] = {"name": "julia-1.9", "language": "julia"}
        book["metadata"]["language_info"] = {"name": "julia"}
        return book

    def odd_cells():
        book = source()
        odd = [None, 7, {"cell_type": "code"}, {"cell_type": "code", "source": {"a": 1}, "id": []}]
        odd.append(
            {"cell_type": "code", "source": ["1", 2], "metadata": {"nbgrader": {"grade_id": {}}}}
        )
        book["cells"] = odd + book["cells"]
        return book

    def solution_twice():
        book = source()
        again = copy.deepcopy(cell_of(book, "transposed"))
        again["id"], again["source"] = "again", wrong
        book["cells"].append(again)
        return book

    def two_hundred_megabytes(path):
        with path.open("wb") as file:
            file.truncate(200 * 2**20)  # a sparse file: it takes no room

    def text(content):
        return lambda path: path.write_bytes(content)

    habits = "%%time\n%matplotlib inline\n!ls\n%timeit -n 1 pass\nimport matplotlib.pyplot as plt\n"
    habits += 'plt.plot([1])\nplt.show()\ndisplay("a picture")\n\n\n' + solved("transposed")

    unread = "all"
    not_python = "def transposed(g F):\n    return g"
    return [
        Hostile("syntax_error", saver(with_code(not_python)), transposed, "not Python"),
        Hostile("notebook_habits", saver(with_code(habits)), []),
        Hostile("test_edited", saver(edited_test()), transposed, "The value is the number 0"),
        Hostile("test_deleted", saver(deleted_test()), transposed, "The value is the number 0"),
        Hostile("test_renamed", saver(renamed_test()), transposed, "The value is the number 0"),
        Hostile("tests_gone", saver(no_tests_right()), []),
        Hostile("metadata_gone", saver(no_metadata()), []),
        Hostile("no_kernel", saver(no_kernel()), []),
        Hostile("format_of_2013", saver(version_3()), []),
        Hostile("odd_cells", saver(odd_cells()), []),
        Hostile("solution_twice", saver(solution_twice()), transposed, "The value is the number 0"),
        Hostile("python_2", saver(python_2()), unread, "Python 2"),
        Hostile("julia", saver(julia()), unread, "julia"),
        Hostile("not_json", text(b"PK\x03\x04 a document"), unread, "no notebook"),
        Hostile("empty_file", text(b""), unread, "no notebook"),
        Hostile("json_without_cells", text(b'{"cells": 3}'), unread, "no list of cells"),
        Hostile("json_of_brackets", text(b"[" * 100_000), unread, "no notebook"),
        Hostile("no_text", text(b"\xff\xfe\x00\x80" * 100), unread, "no notebook"),
        Hostile("very_large", two_hundred_megabytes, unread, "200 MB"),
        Hostile("link", lambda path: path.symlink_to("/etc/passwd"), unread, "It is a link"),
        Hostile("pipe", os.mkfifo, unread, "not a file"),
    ]  # fmt: skip


def all_of_them():
    """Return every hostile and broken submission."""
    return from_files() + broken()


def missing_protections(folder):
    """Return what is not protected on this machine: with a gap, hostile answers are not run."""
    with room.Room() as opened:
        return protections.missing(opened, Limits(), SOURCE.parents[2], folder)


def docstring(name):
    """Return what a file of tests/hostile says that it tries."""
    code = (FILES / f"{name}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse("\n".join(code.splitlines()[:1])))
