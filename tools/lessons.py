"""Executes lessons without a browser and leaves each as an HTML page.

    python tools/lessons.py                  every lesson, pages in build/lessons
    python tools/lessons.py 03 04            these lessons
    python tools/lessons.py --in-place 03    also saves the notebook itself with its new outputs

A page needs no network: pictures are embedded and formulas are MathML.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import executed

PAGES = executed.HOUSE / "build" / "lessons"
_WIDGET = "application/vnd.jupyter.widget-view+json"
# the blocks of the usual page that load scripts from elsewhere
_TEMPLATE = """{% extends 'lab/index.html.j2' %}
{% block html_head_js %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}
"""


class LessonError(Exception):
    """A lesson stopped; the message is a sentence."""


def run(path: Path, environment: Mapping[str, str]) -> Any:
    """Run a notebook in its folder, in a fresh kernel, and return it with what it showed.

    What changes by itself from run to run is left out: times, the interpreter's version, and
    widgets, of which only the text stays (the static picture stands beside it).

    Parameters
    ----------
    path : Path
    environment : mapping
        The settings ``COURSE_…``.

    Raises
    ------
    LessonError
        A cell failed.
    """
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    try:
        book, _ = executed.execute(path, environment)
    except CellExecutionError as error:
        # behind a sentence and a ruler stands the cell
        first = str(error).splitlines()[2]
        raise LessonError(
            f"{path.name}: the cell that begins with {first!r} "
            f"failed with {error.ename}: {error.evalue}"
        ) from None
    except (CellTimeoutError, DeadKernelError) as error:
        raise LessonError(f"{path.name}: {error}") from None
    book.metadata.pop("widgets", None)
    book.metadata["language_info"] = {"name": "python"}
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(_WIDGET, None)
    return book


def make_page(path: Path, folder: Path, *, in_place: bool = False) -> str:
    """Execute a lesson, write its page into `folder`, and say how long it took.

    Raises
    ------
    LessonError
        A cell failed; nothing was written.
    """
    begun = time.perf_counter()
    given = {name: value for name, value in os.environ.items() if name.startswith("COURSE_")}
    book = run(path, {} if in_place else given)
    if in_place:
        _save(book, path)
    folder.mkdir(parents=True, exist_ok=True)
    resources = {"metadata": {"name": path.stem, "path": str(path.parent)}}
    page, _ = _exporter().from_notebook_node(book, resources=resources)
    (folder / f"{path.stem}.html").write_text(page, encoding="utf-8", newline="\n")
    return f"{path.stem}: {time.perf_counter() - begun:.1f} s"


def run_in_place(path: Path) -> None:
    """Execute a lesson with the default settings and save it with its outputs.

    Raises
    ------
    LessonError
        A cell failed; the file is as it was.
    """
    _save(run(path, {}), path)


def _save(book: Any, path: Path) -> None:
    import nbformat

    # beside the notebook, so that the last step replaces it whole
    half = path.with_name(f".{path.name}.half")
    half.write_text(nbformat.writes(book) + "\n", encoding="utf-8", newline="\n")
    os.replace(half, path)


@functools.cache
def _exporter() -> Any:
    from latex2mathml.converter import convert
    from nbconvert import HTMLExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        """Markdown as HTML, with formulas that a browser draws without a script."""

        def block_math(self, body: str) -> str:
            return convert(body, display="block")

        def inline_math(self, body: str) -> str:
            return convert(body)

        def latex_environment(self, name: str, body: str) -> str:
            return convert(f"\\begin{{{name}}}{body}\\end{{{name}}}", display="block")

    class Exporter(HTMLExporter):
        """A page that loads nothing."""

        def markdown2html(self, context: Any, source: str) -> str:
            cell = context.get("cell", {})
            path = context.get("resources", {}).get("metadata", {}).get("path", "")
            renderer = Renderer(
                escape=False,
                embed_images=True,
                path=path,
                attachments=cell.get("attachments", {}),
            )
            return MarkdownWithMath(renderer=renderer).render(source)

        markdown2html.jinja_pass_arg = HTMLExporter.markdown2html.jinja_pass_arg

    return Exporter(raw_template=_TEMPLATE)


def find(names: list[str], folder: Path = executed.NOTEBOOKS) -> list[Path]:
    """Return the lessons that begin with the given names or numbers; all without a name.

    Raises
    ------
    LessonError
        No lesson begins so.
    """
    every = executed.lessons(folder)
    if not names:
        return every
    found = []
    for name in names:
        stem = Path(name).stem
        fitting = [path for path in every if path.stem.startswith(stem)]
        if not fitting:
            raise LessonError(f"There is no lesson {name!r} in {folder}.")
        found += fitting
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lessons", nargs="*", metavar="NN")
    parser.add_argument("--in-place", action="store_true", help="save the notebooks too")
    given = parser.parse_args(arguments)
    try:
        chosen = find(given.lessons)
    except LessonError as error:
        print(f"✘ {error}")
        return 2
    failed = 0
    for path in chosen:
        try:
            print(make_page(path, PAGES, in_place=given.in_place), flush=True)
        except LessonError as error:
            failed += 1
            print(f"✘ {error}", flush=True)
    if chosen and failed < len(chosen):
        print(f"Pages: {PAGES}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
