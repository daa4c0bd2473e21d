"""Finds what was handed in: a plain folder, nbgrader's ``submitted/`` tree, or a zip of either."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import re
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from course_utils.errors import PlainError
from course_utils.grading import notebook

_MOST_FILES = 20_000
_LARGEST_ZIP = 2 * 2**30


class CollectError(PlainError):
    """The submissions can't be read; the message says what to do."""


@dataclasses.dataclass(frozen=True)
class Submission:
    """One notebook of one learner.

    Attributes
    ----------
    learner : str
    homework : str
        Empty where it can't be told.
    place : str
        Where it lies, for people.
    handed_in : datetime
        From nbgrader's ``timestamp.txt``, else the file's own time; with a time zone.
    content : bytes
    broken : str
        Why there is no content.
    others : tuple of str
        Where the same learner's older submissions of the same homework lie.
    """

    learner: str
    homework: str
    place: str
    handed_in: datetime.datetime
    content: bytes = b""
    broken: str = ""
    others: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Changes when what was handed in changes."""
        return hashlib.sha256(self.content + self.broken.encode()).hexdigest()


@dataclasses.dataclass(frozen=True)
class _File:
    place: PurePosixPath
    time: datetime.datetime
    read: Callable[[], bytes]


def collect(path: Path, homework: list[str], only: str | None = None) -> list[Submission]:
    """Return the newest submission of each learner for each homework, ordered by both.

    Parameters
    ----------
    path : Path
        ``NAME.ipynb`` and ``NAME/…ipynb``; or ``NAME/HOMEWORK/…ipynb`` as nbgrader lays it out; or
        a zip file of one of these.
    homework : list of str
        The homework that there is.
    only : str, optional
        What all are submissions for; by default each is asked.

    Raises
    ------
    CollectError
        `path` does not exist, is no zip, or holds no notebook.
    """
    if not path.exists():
        raise CollectError(f"There is no folder or zip file {path}.")
    with _files_of(path) as files:
        found = [_submission(file, files, homework, only) for file in _notebooks(files)]
    if not found:
        raise CollectError(f"{path} holds no notebooks: name the folder with the submissions.")
    return _newest(_told_by_neighbours(found))


def _told_by_neighbours(found: list[Submission]) -> list[Submission]:
    """Take notebooks that can't tell for what all others are, but for a learner's second one."""
    told = {one.homework for one in found if one.homework}
    if len(told) != 1:
        return found
    (name,) = told
    handed_in = {one.learner for one in found if one.homework}
    return [
        one if one.homework else dataclasses.replace(one, homework=name)
        for one in found
        if one.homework or one.learner not in handed_in
    ]


def _newest(found: Iterable[Submission]) -> list[Submission]:
    groups: dict[tuple[str, str], list[Submission]] = {}
    for one in found:
        groups.setdefault((one.homework, one.learner), []).append(one)
    chosen = []
    for _, group in sorted(groups.items()):
        *older, newest = sorted(group, key=lambda one: (one.handed_in, one.place))
        chosen.append(dataclasses.replace(newest, others=tuple(one.place for one in older)))
    return chosen


def _notebooks(files: dict[PurePosixPath, _File]) -> Iterator[_File]:
    for place, file in files.items():
        hidden = any(part.startswith((".", "__MACOSX")) for part in place.parts)
        if place.suffix == ".ipynb" and not hidden:
            yield file


def _submission(
    file: _File, files: dict[PurePosixPath, _File], homework: list[str], only: str | None
) -> Submission:
    parts = file.place.parts
    learner = parts[0] if len(parts) > 1 else file.place.stem
    content, broken = b"", ""
    try:
        content = file.read()
    except notebook.NotebookError as error:
        broken = str(error)
    asked = only or _homework_of(file.place, content, homework)
    return Submission(learner, asked, str(file.place), _time_of(file, files), content, broken)


def _homework_of(place: PurePosixPath, content: bytes, homework: list[str]) -> str:
    """Tell what a notebook is a submission for: by its folder, its name, then what stands in it."""
    for part in (*reversed(place.parts[:-1]), place.stem):
        if part in homework:
            return part
    named = [name for name in homework if place.stem.startswith(name)]
    if named:
        return max(named, key=len)  # "03_convolution (1)"
    inside = {name.decode() for name in re.findall(rb'Checks\(\\?["\'](\w+)\\?["\']\)', content)}
    said = sorted(inside & set(homework))
    return said[0] if len(said) == 1 else ""


def _time_of(file: _File, files: dict[PurePosixPath, _File]) -> datetime.datetime:
    stamp = files.get(file.place.parent / "timestamp.txt")
    if stamp is not None:
        with contextlib.suppress(ValueError, notebook.NotebookError):
            text = stamp.read()[:100].decode("ascii").strip()
            return _zoned(datetime.datetime.fromisoformat(text.replace(" UTC", "+00:00")))
    return file.time


def _zoned(time: datetime.datetime) -> datetime.datetime:
    # nbgrader writes UTC
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)


@contextlib.contextmanager
def _files_of(path: Path) -> Iterator[dict[PurePosixPath, _File]]:
    if path.is_dir():
        yield {file.place: file for file in _in_folder(path)}
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise CollectError(f"{path} is neither a folder nor a zip file ({error}).") from None
    with archive:
        yield _without_common_folder({file.place: file for file in _in_zip(archive)})


def _in_folder(folder: Path) -> Iterator[_File]:
    for number, path in enumerate(sorted(folder.rglob("*"))):
        if number >= _MOST_FILES:
            raise CollectError(
                f"{folder} holds more than {_MOST_FILES:,} files: name a smaller one."
            )
        if path.is_dir() and not path.is_symlink():
            continue
        seconds = path.lstat().st_mtime
        time = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
        place = PurePosixPath(path.relative_to(folder).as_posix())
        yield _File(place, time, lambda path=path: notebook.read_bytes(path))


def _in_zip(archive: zipfile.ZipFile) -> Iterator[_File]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > _MOST_FILES or sum(entry.file_size for entry in entries) > _LARGEST_ZIP:
        raise CollectError(f"{archive.filename} unpacks to more than a class's homework.")
    for entry in entries:
        place = PurePosixPath(entry.filename)
        if place.is_absolute() or ".." in place.parts:
            continue  # nothing is unpacked, but such a name is no learner's
        time = datetime.datetime(*entry.date_time).astimezone()
        yield _File(place, time, lambda entry=entry: _read_entry(archive, entry))


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise notebook.NotebookError("It is a link: hand in the notebook itself.")
    if entry.file_size > notebook.LARGEST:
        raise notebook.too_large(entry.file_size)
    try:
        with archive.open(entry) as file:
            content = file.read(notebook.LARGEST + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        raise notebook.NotebookError(f"It can't be unpacked ({error}).") from None
    if len(content) > notebook.LARGEST:
        raise notebook.too_large(len(content))
    return content


def _without_common_folder(files: dict[PurePosixPath, _File]) -> dict[PurePosixPath, _File]:
    """Leave out the folder that a zip of a folder has around everything."""
    tops = {place.parts[0] for place in files if not place.parts[0].startswith("__MACOSX")}
    # a single learner's folder looks the same: one around a class holds folders, or many notebooks
    deep = [place for place in files if place.suffix == ".ipynb"]
    if len(tops) != 1 or any(len(place.parts) < 2 for place in deep):
        return files
    below = {place.parts[1] for place in deep}
    if len(below) < 2 and all(len(place.parts) < 3 for place in deep):
        return files
    cut = {}
    for place, file in files.items():
        shorter = PurePosixPath(*place.parts[1:])
        cut[shorter] = dataclasses.replace(file, place=shorter)
    return cut
