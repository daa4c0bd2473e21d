"""Files that appear whole or not at all: what was drawn, decoded or downloaded, kept for next time.

A file is written under a temporary name and moved to its own when it is complete, so that a
process that is killed, a full disk or a second process at the same work leave nothing that loads
wrong. Temporary files carry their process's number; those of processes that are gone are swept.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import psutil

from course_utils import runtime
from course_utils.errors import DataError

_NAME = "name of the entry"
_BUSY_SECONDS = 0.2
_FULL = (errno.ENOSPC, errno.EDQUOT)


def cached_arrays(name: str, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return the arrays kept under `name`; where there are none that load, `make` and keep them.

    Where they can't be kept (a full disk, a folder without the right to write) they are returned
    all the same, and one printed sentence says so.

    Parameters
    ----------
    name : str
        Says everything that the arrays depend on, such as ``"pets train 2400 64 px seed 0 v1"``.
    make : callable
        Returns the arrays by name; no objects in them.

    Returns
    -------
    dict of arrays
    """
    path = cache_path(name, ".npz")
    kept = _load(path, name)
    if kept is not None:
        return kept
    arrays = make()
    try:
        with written_whole(path) as file:
            np.savez(file, allow_pickle=False, **arrays, **{_NAME: np.array(name)})
    except DataError as error:
        print(f"{error} (The lesson goes on; it will have to make this again the next time.)")
    return arrays


def cache_path(name: str, suffix: str) -> Path:
    """Return the path in the cache that belongs to `name`, readable and safe as a file name."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60]
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return runtime.settings().data / f"{readable}-{digest}{suffix}"


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write that gets the name `path` when the block ends without an error.

    Raises
    ------
    DataError
        The disk is full or the folder can't be written; nothing is left behind.
    """
    with explained(path), _temporary(path) as part:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)


@contextlib.contextmanager
def folder_written_whole(path: Path) -> Iterator[Path]:
    """Give a folder to fill that gets the name `path` when the block ends without an error.

    Raises
    ------
    DataError
        The disk is full or the folder can't be written; nothing is left behind.
    """
    with explained(path), _temporary(path) as part:
        part.mkdir()
        yield part
        part.replace(path)


@contextlib.contextmanager
def one_at_a_time(path: Path, work: str) -> Iterator[None]:
    """Let one process at a time into the block; a second waits and says so once.

    The operating system gives the lock of a killed process back.

    Parameters
    ----------
    path : Path
        A file that is created for the lock and stays.
    work : str
        What the other process is doing, for the printed line.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    with file:
        said = False
        while not _locked(file):
            if not said:
                print(f"Another process is {work}; waiting for it.")
                said = True
            time.sleep(_BUSY_SECONDS)
        yield


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write near `path` into a sentence."""
    try:
        yield
    except OSError as error:
        why = "the disk is full" if error.errno in _FULL else error.strerror or str(error)
        remedy = "free some space" if error.errno in _FULL else "check the folder's permissions"
        raise DataError(
            f"{path} can't be written ({why}): {remedy}, or set COURSE_DATA to a folder elsewhere."
        ) from None


def sweep(folder: Path) -> None:
    """Remove temporary files and folders of processes on this machine that no longer live."""
    for part in folder.glob(f".*.{_machine()}.*.part"):
        process = part.name.split(".")[-3]
        if process.isdecimal() and not psutil.pid_exists(int(process)):
            _remove(part)


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """Give a name beside `path` that no other process or thread uses; remove what it holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    token = os.urandom(4).hex()
    part = path.with_name(f".{path.name}.{_machine()}.{os.getpid()}.{token}.part")
    try:
        yield part
    finally:
        _remove(part)


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):  # another process may have swept it
            part.unlink()


def _machine() -> str:
    # a cache on a shared disk: a process's number means something on its own machine only
    return re.sub(r"[^A-Za-z0-9-]", "-", platform.node())


def _load(path: Path, name: str) -> dict[str, np.ndarray] | None:
    """Read what `cached_arrays` wrote; None where it is missing, cut or something else."""
    try:
        # reading to the end compares each array's checksum (zip format)
        with np.load(path, allow_pickle=False) as kept:
            arrays = {key: kept[key] for key in kept.files}
    except Exception:  # whatever is wrong with the file, it is made again
        return None
    return arrays if str(arrays.pop(_NAME, "")) == name else None


def _locked(file: BinaryIO) -> bool:
    """Try to take the operating system's lock on `file`."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
