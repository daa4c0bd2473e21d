"""Runs one answer's cells and the tests' expressions, and writes plain data.

This is the only module that runs beside a learner's code. Nothing here is relied on: whatever the
code does to it, all that it can do is write values, which are compared elsewhere with expected ones
that never come here.
"""

from __future__ import annotations

import builtins
import contextlib
import json
import linecache
import os
import signal
import sys
import threading  # noqa: F401 - for answers that may not read Python's own files
import traceback
from collections.abc import Iterator
from typing import Any

from course_utils import homework
from course_utils.homework import NotPlainError, error_text, plain

_MOST_NUMBERS = 1_000_000
_MOST_TEXT = 1000
_AROUND_A_CELL = ("%%time", "%%capture", "%%prun")  # magics that run the cell, %%timeit among them


class _TooLongError(BaseException):
    """A cell or a test is over its time; not an Exception, so that an answer seldom catches it."""


class _Nothing:
    """Stands for the notebook's shell: takes any call and does nothing."""

    def __getattr__(self, name: str) -> _Nothing:
        return self

    def __call__(self, *_: object, **__: object) -> _Nothing:
        return self

    def __iter__(self) -> Iterator[None]:
        return iter(())


def run(job: dict[str, Any], results: int, hidden: int) -> None:
    """Run a job's steps, then the hidden tests once they are handed over.

    Parameters
    ----------
    job : dict
        ``steps``, each a cell (``id``, ``code``), a test (``id``, ``expression``), or a place to
        keep for the hidden tests (``keep``);
        ``skip``, the ids of those that brought an earlier process down; ``limits``; ``files`` to
        lie beside the notebook, text by name.
    results : int
        Where lines of JSON go: ``{"begin": id}``, then ``{"end": id}`` with what came of it.
    hidden : int
        Where the hidden tests come from.
    """
    say = _Teller(results)
    for name, text in job["files"].items():
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
    seconds = job["limits"]["step_seconds"]
    homework.Checks = lambda _: lambda *_, **__: None  # type: ignore[assignment,misc]
    shell = _Nothing()
    builtins.get_ipython = lambda: shell  # type: ignore[attr-defined]
    builtins.display = lambda *_, **__: None  # type: ignore[attr-defined]
    sys.modules["__main__"].__dict__.clear()
    namespace = sys.modules["__main__"].__dict__
    namespace.update(__name__="__main__", __builtins__=builtins)
    kept = {}
    for step in job["steps"]:
        if "keep" in step:
            kept[step["keep"]] = dict(namespace)
        elif step["id"] not in job["skip"]:
            _one(step, namespace, seconds, say)
    say({"ready": True})
    with open(hidden, "rb") as file:
        tests = json.loads(file.read())
    for step in tests:
        if step["id"] not in job["skip"]:
            # what the expression names is as it was where the test stands
            _one(step, kept[step["at"]], seconds, say)


class _Teller:
    """Writes lines of JSON with its own copies of what it needs."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._encode = json.JSONEncoder().encode
        self._write = os.write

    def __call__(self, said: dict[str, Any]) -> None:
        line = self._encode(said).encode() + b"\n"
        while line:
            line = line[self._write(self._descriptor, line) :]


def _one(step: dict[str, Any], namespace: dict, seconds: float, say: _Teller) -> None:
    say({"begin": step["id"]})
    found: dict[str, Any] = {}
    try:
        with _at_most(seconds):
            if "expression" in step:
                found = {"value": _value(step, namespace)}
            else:
                _run_cell(step, namespace)
    except _TooLongError:
        found = {"slow": seconds}
    except NotPlainError as error:
        found = {"error": str(error)[:_MOST_TEXT], "kind": "NotPlainError"}
    except NotImplementedError:
        found = {"blank": True}
    except SyntaxError as error:
        found = {"error": _syntax(error)}
    except BaseException as error:
        found = {"error": error_text(error)[:_MOST_TEXT], "where": _line_of(error)}
        found["kind"] = type(error).__name__ if type(error).__module__ == "builtins" else ""
    try:
        say({"end": step["id"]} | found)
    except ValueError:  # a number too long to be written out
        say({"end": step["id"], "error": "the value can't be written out"})
    if "matplotlib.pyplot" in sys.modules:
        with contextlib.suppress(BaseException):
            sys.modules["matplotlib.pyplot"].close("all")


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise _TooLongError

    signal.signal(signal.SIGALRM, stop)
    # again and again: the first may fall into a bare except
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _value(step: dict[str, Any], namespace: dict) -> Any:
    code = compile(step["expression"], f"<test {step['id']}>", "eval")
    value = eval(code, namespace)
    if getattr(value, "size", 0) > _MOST_NUMBERS:
        raise NotPlainError(f"the value has more than {_MOST_NUMBERS:,} numbers")
    return plain(value)


def _run_cell(step: dict[str, Any], namespace: dict) -> None:
    code, name = step["code"], f"<cell {step['id']}>"
    while code.lstrip().startswith(_AROUND_A_CELL):
        code = code.lstrip().partition("\n")[2]
    if any(line.lstrip().startswith(("%", "!", "?")) for line in code.splitlines()):
        from IPython.core.inputtransformer2 import TransformerManager

        code = TransformerManager().transform_cell(code)
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)
    exec(compile(code, name, "exec"), namespace)


def _syntax(error: SyntaxError) -> str:
    line = f" (in the line: {error.text.strip()})" if error.text else ""
    return f"it is not Python: {error.msg}{line}"[:_MOST_TEXT]


def _line_of(error: BaseException) -> str:
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith("<cell") and frame.line:
            return f" (in the line: {frame.line})"[:_MOST_TEXT]
    return ""
