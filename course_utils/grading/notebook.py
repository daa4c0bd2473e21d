"""Reads a notebook that anybody may have written: the code of its cells, or a sentence."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

from course_utils.errors import PlainError

LARGEST = 20 * 2**20


class NotebookError(PlainError):
    """A submission is no notebook that can be run; the message is said to the learner."""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One code cell.

    Attributes
    ----------
    labels : tuple of str
        nbgrader's id for it and its own, where it has them.
    code : str
    graded : bool
        Whether nbgrader's metadata call it a test.
    """

    labels: tuple[str, ...]
    code: str
    graded: bool = False


def read_bytes(path: Path) -> bytes:
    """Return the content of a regular file of at most `LARGEST` bytes.

    Raises
    ------
    NotebookError
        It is a link, a device or a pipe, too large, or can't be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotebookError("It is a link: hand in the notebook itself.") from None
        raise NotebookError(f"The file can't be opened ({error.strerror}).") from None
    with open(descriptor, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise NotebookError("It is not a file: hand in the notebook itself.")
        if about.st_size > LARGEST:
            raise too_large(about.st_size)
        return file.read(LARGEST)


def too_large(size: int) -> NotebookError:
    """Return the error for a file of `size` bytes."""
    return NotebookError(
        f"The notebook has {size / 2**20:.0f} MB, {LARGEST // 2**20} are allowed: clear its "
        "outputs (Kernel, Restart Kernel and Clear Outputs) and hand it in again."
    )


def read_cells(content: bytes) -> list[Cell]:
    """Return a notebook's code cells, in order.

    Raises
    ------
    NotebookError
        `content` is no notebook, or one in another language.
    """
    try:
        book = json.loads(content)
    except (ValueError, RecursionError):
        raise NotebookError(
            "The file is no notebook: its content can't be read as JSON. Save it from Jupyter "
            "and hand in the file that ends in .ipynb."
        ) from None
    rows = _rows(book)
    if rows is None:
        raise NotebookError("The file is JSON but no notebook: it has no list of cells.")
    metadata = _dict(book.get("metadata"))
    language = _dict(metadata.get("language_info"))
    spec = _dict(metadata.get("kernelspec"))
    name = str(language.get("name") or spec.get("language") or "python").lower()
    if name not in ("python", "ipython"):
        raise NotebookError(f"The notebook is written for {name[:40]}, not for Python.")
    if str(language.get("version", "3")).startswith("2") or spec.get("name") == "python2":
        raise NotebookError("The notebook is written for Python 2: open it with a Python 3 kernel.")
    return [cell for row in rows if (cell := _cell(row)) is not None]


def _rows(book: Any) -> list[Any] | None:
    if not isinstance(book, dict):
        return None
    rows = book.get("cells")
    if rows is None and isinstance(book.get("worksheets"), list):  # before 2015
        sheets = [_dict(sheet).get("cells") for sheet in book["worksheets"]]
        rows = [row for sheet in sheets if isinstance(sheet, list) for row in sheet]
    return rows if isinstance(rows, list) else None


def _cell(row: Any) -> Cell | None:
    row = _dict(row)
    if row.get("cell_type") != "code":
        return None
    code = row.get("source", row.get("input", ""))
    if isinstance(code, list):
        code = "".join(line for line in code if isinstance(line, str))
    if not isinstance(code, str):
        return None
    marks = _dict(_dict(row.get("metadata")).get("nbgrader"))
    labels = tuple(
        label for label in (marks.get("grade_id"), row.get("id")) if isinstance(label, str)
    )
    return Cell(labels, code, marks.get("grade") is True)


def _dict(value: Any) -> dict:
    return value if isinstance(value, dict) else {}
