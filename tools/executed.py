"""Lessons as files: where they are, what their outputs say, and how they are run headless."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from course_utils import checkpoint

HOUSE = Path(__file__).resolve().parents[1]
NOTEBOOKS = HOUSE / "notebooks"
_LIMIT_SECONDS = 900


def lessons(folder: Path = NOTEBOOKS) -> list[Path]:
    """Return the lessons' files in order."""
    return sorted(folder.glob("[0-9][0-9]_*.ipynb"))


def lesson(number: str, folder: Path = NOTEBOOKS) -> Path:
    """Return the file of lesson `number`, such as ``"4"`` or ``"04"``.

    Raises
    ------
    FileNotFoundError
        There is no such lesson.
    """
    for path in lessons(folder):
        if path.name[:2] == number.zfill(2):
            return path
    raise FileNotFoundError(f"There is no lesson {number} in {folder}.")


def read(path: Path) -> NotebookNode:
    """Return the notebook at `path`."""
    return nbformat.read(path, as_version=4)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells that have code."""
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def tagged_cells(number: str, tag: str) -> list[str]:
    """Return the code of a lesson's cells that carry `tag`, for what runs a part of the lesson."""
    cells = code_cells(read(lesson(number)))
    return [cell.source for cell in cells if tag in cell.metadata.get("tags", ())]


def digest(notebook: NotebookNode) -> str:
    """Return the digest of the notebook's whole code."""
    return checkpoint.digest(cell.source for cell in code_cells(notebook))


def checkpoints(notebook: NotebookNode) -> list[dict]:
    """Return what the notebook's checkpoints recorded in its outputs, in order."""
    outputs = [output for cell in code_cells(notebook) for output in cell.get("outputs", [])]
    found = [output.get("data", {}).get(checkpoint.MIME) for output in outputs]
    return [dict(record) for record in found if record is not None]


def title(notebook: NotebookNode) -> str:
    """Return the notebook's first heading, without the number sign."""
    first = notebook.cells[0].source.splitlines()[0]
    return first.lstrip("# ").strip()


def execute(path: Path, environment: Mapping[str, str]) -> tuple[NotebookNode, float]:
    """Run the notebook at `path` in a fresh kernel, in its own folder; the file stays as it is.

    Parameters
    ----------
    path : Path
    environment : mapping
        Variables for the kernel. Of the caller's own ``COURSE_…`` it keeps ``COURSE_DATA`` alone.

    Returns
    -------
    NotebookNode, float
        The executed notebook, and the seconds with the kernel's start and end.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell stopped with an error.
    """
    notebook = read(path)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("COURSE_") or name == "COURSE_DATA"
    }
    client = NotebookClient(
        notebook,
        timeout=_LIMIT_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,
        coalesce_streams=True,
    )
    begun = time.perf_counter()
    # what a kernel writes before it listens is no lesson's
    client.execute(env=kept | dict(environment), stderr=subprocess.DEVNULL)
    return notebook, time.perf_counter() - begun
