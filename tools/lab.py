"""Opens the learner's own copy of the course in JupyterLab.

    python tools/lab.py               (make lab)
    python tools/lab.py --no-start    only brings my_course/ up to date

Lessons and homework are copied into ``my_course/`` at the first start. A later start renews what
the learner has not touched, keeps what they changed and lays the new version beside it; a file
that they deleted or renamed comes back fresh. Other arguments are passed on to JupyterLab.

``my_course/.course.json`` remembers each file as it was last copied. It is written after every
copy, so a start that is cut off continues at the next.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[1]
COPY = HOUSE / "my_course"
FIRST = "01_gradients_and_losses.ipynb"
_MEMORY = ".course.json"


@dataclasses.dataclass(frozen=True)
class Unit:
    """What is renewed or kept as one: a lesson, a picture, or a homework's whole folder.

    Attributes
    ----------
    name : str
        Path of its file or folder in the learner's copy.
    main : str
        Path of the file whose changes count; a homework's notebook.
    files : dict of str to Path
        Where each file comes from, by its path in the learner's copy; `main` is one of them.
    """

    name: str
    main: str
    files: dict[str, Path]


def units(notebooks: Path) -> Iterator[Unit]:
    """Yield what a learner gets of the folder ``notebooks/``, lessons first."""
    for path in _files(notebooks):
        place = path.relative_to(notebooks).as_posix()
        if not place.startswith("homework/"):
            yield Unit(place, place, {place: path})
    release = notebooks / "homework" / "release"
    for folder in sorted(path for path in release.glob("*") if path.is_dir()):
        name = f"homework/{folder.name}"
        files = {f"{name}/{p.relative_to(folder).as_posix()}": p for p in _files(folder)}
        main = f"{name}/{folder.name}.ipynb"
        if main in files:
            yield Unit(name, main, files)


def renew(notebooks: Path, copy: Path, today: datetime.date) -> list[str]:
    """Bring the learner's copy up to date and return a sentence for each thing worth telling.

    Parameters
    ----------
    notebooks : Path
        The course's own notebooks.
    copy : Path
        The learner's folder; made if it is not there.
    today : date
        Goes into the names of new versions that are laid beside.
    """
    first = not copy.exists()
    copy.mkdir(parents=True, exist_ok=True)
    memory = _Memory(copy)
    said = []
    for unit in units(notebooks):
        said += _renew_unit(unit, copy, memory, today)
    return [] if first else said


def _renew_unit(unit: Unit, copy: Path, memory: _Memory, today: datetime.date) -> list[str]:
    main, source = copy / unit.main, unit.files[unit.main]
    known = memory.get(unit.main)
    if main.exists() and known.get("bytes") != _bytes_of(source):
        mine, new = fingerprint(main), fingerprint(source)
        # without a memory of it, a file that is there is the learner's
        if mine not in (known.get("print"), known.get("coming"), new):
            if known.get("print") != new:
                return _lay_beside(unit, copy, memory, today)
            memory.put(unit.main, source)  # only its outputs are new
    said = []
    for place, path in unit.files.items():
        said += _renew_file(place, path, copy, memory)
    return said


def _renew_file(place: str, source: Path, copy: Path, memory: _Memory) -> list[str]:
    target, known = copy / place, memory.get(place)
    if not target.exists():
        _copy(source, target)
        memory.put(place, source)
        return [f"{place} is there again." if known else f"{place} is new."]
    if known.get("bytes") == _bytes_of(source):
        return []
    mine = fingerprint(target)
    if mine == fingerprint(source) and known.get("print") != mine:
        memory.put(place, source)  # the learner has the new text already
        return []
    if mine not in (known.get("print"), known.get("coming")):
        return []  # a companion that the learner changed; its notebook did not change
    memory.expect(place, source)
    _copy(source, target)
    memory.put(place, source)
    return [f"{place} was renewed."]


def _lay_beside(unit: Unit, copy: Path, memory: _Memory, today: datetime.date) -> list[str]:
    beside = _free_name(unit.name, copy, today)
    before = memory.get(unit.main).get("beside")
    for place, source in unit.files.items():
        _copy(source, copy / (beside + place.removeprefix(unit.name)))
    _drop_untouched(before, unit, copy, memory)
    for place, source in unit.files.items():
        memory.put(place, source, beside=beside)
    return [f"{unit.name} has your changes and stays; its new version is {beside}."]


def _drop_untouched(before: str | None, unit: Unit, copy: Path, memory: _Memory) -> None:
    """Remove the version that was laid beside last, if it is still as it was."""
    if not before:
        return
    places = {place: copy / (before + place.removeprefix(unit.name)) for place in unit.files}
    for place, path in places.items():
        if not path.exists() or fingerprint(path) != memory.get(place).get("print"):
            return
    for path in places.values():
        path.unlink()
    folder = copy / before
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _free_name(name: str, copy: Path, today: datetime.date) -> str:
    stem, dot, ending = name.rpartition(".") if name.endswith(".ipynb") else (name, "", "")
    number = 1
    while True:
        again = f"-{number}" if number > 1 else ""
        found = f"{stem}.new-{today.isoformat()}{again}{dot}{ending}"
        if not (copy / found).exists():
            return found
        number += 1


def fingerprint(path: Path) -> str:
    """Return what stays the same while a file is only read and run.

    Of a notebook these are its cells' kinds and texts: outputs, counts, metadata and the empty
    cell that Jupyter adds at the end don't count. Of any other file, and of a notebook that can't
    be read, its bytes.
    """
    raw = path.read_bytes()
    if path.suffix == ".ipynb":
        try:
            cells = json.loads(raw)["cells"]
            texts = [[cell["cell_type"], "".join(cell["source"]).strip()] for cell in cells]
            raw = json.dumps([text for text in texts if text[1]]).encode()
        except (ValueError, KeyError, TypeError):
            pass
    return hashlib.sha256(raw).hexdigest()


class _Memory:
    """Each file of the learner's copy as it was last copied: its bytes' hash and fingerprint."""

    def __init__(self, copy: Path) -> None:
        self._path = copy / _MEMORY
        try:
            entries = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            entries = {}  # then whatever differs counts as the learner's and is kept
        self._entries: dict[str, dict[str, str]] = entries if isinstance(entries, dict) else {}

    def get(self, place: str) -> dict[str, str]:
        return self._entries.get(place, {})

    def expect(self, place: str, source: Path) -> None:
        """Note what is about to be copied, so that a cut-off start does not take it for work."""
        self._write(place, self.get(place) | {"coming": fingerprint(source)})

    def put(self, place: str, source: Path, **more: str) -> None:
        """Note what was copied."""
        entry = self.get(place) | {"bytes": _bytes_of(source), "print": fingerprint(source)}
        entry.pop("coming", None)
        self._write(place, entry | more)

    def _write(self, place: str, entry: dict[str, str]) -> None:
        self._entries[place] = entry
        text = json.dumps(self._entries, indent=1, sort_keys=True) + "\n"
        _write(self._path, text.encode())


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(p.startswith(".") or p == "__pycache__" for p in parts):
            yield path


def _bytes_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    _write(target, source.read_bytes())


def _write(target: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    half = target.with_name(f".{target.name}.half")
    try:
        with half.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(half, target)
    finally:
        half.unlink(missing_ok=True)


def command(copy: Path, more: list[str]) -> list[str]:
    """Return the command that starts JupyterLab in the learner's copy, at the first lesson."""
    opened = [str(copy / FIRST)] if (copy / FIRST).exists() else []
    return [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={copy}", *opened, *more]


def environment() -> dict[str, str]:
    """Return the environment for JupyterLab: the settings in ``tools/jupyter`` stand first.

    They keep it from asking the network for news, and hide nbgrader's panels for authors.
    """
    folders = [str(Path(__file__).with_name("jupyter")), os.environ.get("JUPYTER_CONFIG_PATH")]
    return os.environ | {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, folders))}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--no-start", action="store_true", help="don't start JupyterLab")
    given, more = parser.parse_known_args(arguments)
    first = not COPY.exists()
    try:
        said = renew(HOUSE / "notebooks", COPY, datetime.date.today())
    except OSError as error:
        print(f"✘ {error.filename or COPY} can't be written ({error.strerror}): nothing is lost.")
        return 1
    for sentence in said:
        print(sentence)
    if first:
        print(f"Your own copy of the course is in {COPY}: change there what you like.")
    if given.no_start:
        return 0
    print("Starting JupyterLab; Ctrl+C here ends it.", flush=True)
    os.chdir(COPY)
    words = command(COPY, more)
    if os.name == "posix":
        os.execve(words[0], words, environment())  # so that Ctrl+C reaches JupyterLab alone
    return subprocess.run(words, env=environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
