"""Decodes many picture files once, in parallel, to one size, into a file that is read by rows."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np

from course_utils.data.cache import cache_path, cached_arrays, written_whole
from course_utils.data.images import decode, flaw, own_size, quietly, stretch
from course_utils.errors import DataError
from course_utils.progress import Bar

IN_MEMORY = 128 * 2**20  # bytes; a larger set of pictures stays on disk
_TOGETHER = 256
_VERSION = 1

# one file's bytes and the size -> its row of pixels and its own (width, height); None: unreadable
Reader = Callable[[bytes, int], tuple[np.ndarray, tuple[int, int]] | None]


class PicturesOnDisk:
    """Pictures in a file, read when they are indexed, as an array of NumPy's is.

    Rows are read at their position (no memory map), so that resident memory holds what was asked
    for and no more. It can be handed to other processes and read by several threads.

    Parameters
    ----------
    path : Path
    offset : int
        Where the first row begins, in bytes.
    shape : tuple of int
        Of one row.
    rows : array (N,) int64
        Which rows of the file, in which order.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, path: Path, offset: int, shape: tuple[int, ...], rows: np.ndarray) -> None:
        self.shape = (len(rows), *shape)
        self._path, self._offset, self._rows = path, offset, rows
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None

    def __reduce__(self) -> tuple:
        return PicturesOnDisk, (self._path, self._offset, self.shape[1:], self._rows)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    def __repr__(self) -> str:
        return f"PicturesOnDisk(shape={self.shape}, dtype=uint8, path={str(self._path)!r})"

    def __getitem__(self, key: Any) -> np.ndarray:
        if not isinstance(key, tuple):
            return self._read(self._rows[key])
        if not key or key[0] is Ellipsis:
            return self._read(self._rows)[key]
        first, rest = key[0], key[1:]
        rows = self._rows[first]
        picked = self._read(rows)
        if rows.ndim == 0:
            return picked[rest]
        # an index array goes through the rows together with those that follow it
        return picked[(slice(None) if isinstance(first, slice) else np.arange(len(rows)), *rest)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        everything = self._read(self._rows)
        return everything if dtype is None else everything.astype(dtype, copy=False)

    def view(self, chosen: np.ndarray | slice) -> PicturesOnDisk:
        """Return the pictures at `chosen` without reading them."""
        return PicturesOnDisk(self._path, self._offset, self.shape[1:], self._rows[chosen])

    def _read(self, rows: np.ndarray | np.integer) -> np.ndarray:
        wanted = np.atleast_1d(rows).ravel()
        pictures = np.empty((len(wanted), *self.shape[1:]), np.uint8)
        length = int(np.prod(self.shape[1:]))
        with self._lock:
            try:
                if self._file is None:
                    self._file = self._path.open("rb", buffering=0)
                for picture, row in zip(pictures, wanted.tolist(), strict=True):
                    self._file.seek(self._offset + row * length)
                    if self._file.readinto(memoryview(picture)) != length:
                        raise DataError(f"{self._path} was cut off: delete it and run this again.")
            except OSError as error:
                raise DataError(
                    f"{self._path} can't be read ({error.strerror}): run the cell that loads the "
                    "pictures again."
                ) from None
        return pictures.reshape(np.shape(rows) + self.shape[1:])


@dataclasses.dataclass(frozen=True)
class Decoded:
    """What became of a list of picture files.

    Attributes
    ----------
    pictures : PicturesOnDisk (N, …)
        A row for each file; zeros where it can't be read.
    sizes : array (N, 2) int32
        The files' own width and height; 0 where a file can't be read.
    flaws : dict of int to str
        What is wrong with the file at that place.
    """

    pictures: PicturesOnDisk
    sizes: np.ndarray
    flaws: dict[int, str]


def read_upright(data: bytes, size: int) -> tuple[np.ndarray, tuple[int, int]] | None:
    """Read a photograph as the camera was held."""
    return _read_picture(data, size, upright=True)


def read_as_stored(data: bytes, size: int) -> tuple[np.ndarray, tuple[int, int]] | None:
    """Read a photograph whose boxes or trimap were made without regard to how it was held."""
    return _read_picture(data, size, upright=False)


def _read_picture(
    data: bytes, size: int, *, upright: bool
) -> tuple[np.ndarray, tuple[int, int]] | None:
    image = decode(data, enough=size, upright=upright)
    if image is None:
        return None
    return stretch(image, size), own_size(data, image)


def read_trimap(data: bytes, size: int) -> tuple[np.ndarray, tuple[int, int]] | None:
    """Read a trimap of values 1 to 3 in a grey PNG; anything else is refused."""
    coded = np.frombuffer(data, np.uint8)
    trimap = cv2.imdecode(coded, cv2.IMREAD_UNCHANGED) if data else None
    if trimap is None or trimap.ndim != 2 or trimap.min() < 1 or trimap.max() > 3:
        return None
    height, width = trimap.shape
    trimap = cv2.resize(trimap, (size, size), interpolation=cv2.INTER_NEAREST_EXACT)
    return trimap.astype(np.uint8), (width, height)


def decoded(
    label: str, files: Sequence[Path], size: int, shape: tuple[int, ...], read: Reader
) -> Decoded:
    """Decode files to `shape`, or take them from the cache where that was done before.

    Parameters
    ----------
    label : str
        What they are, for the progress bar; ``"pictures"``.
    files : sequence of Path
    size : int
        Side of a row in pixels.
    shape : tuple of int
        Of a row.
    read : Reader
        Called in several threads at once.

    Returns
    -------
    Decoded

    Raises
    ------
    DataError
        The cache's disk is full or can't be written; nothing is left behind.
    """
    name = f"{label} {len(files)} at {size} px {_state(files)} v{_VERSION} {read.__name__}"
    path = cache_path(name, ".npy")
    kept = _open(path, name, (len(files), *shape))
    if kept is None:
        _fill(path, name, label, files, size, shape, read)
        kept = _open(path, name, (len(files), *shape))
    if kept is None:
        raise DataError(f"{path} vanished or was changed: run this again.")
    return kept


def content_shares(files: Sequence[Path]) -> np.ndarray:
    """Return for each file a number in [0, 1) that its content alone decides.

    Equal files have equal numbers, so that a split by them has no file on both sides.

    Returns
    -------
    array (N,) float64
    """

    def share(file: Path) -> float:
        try:
            digest = hashlib.blake2b(file.read_bytes(), digest_size=6).digest()
        except OSError:
            digest = b""  # said when the picture is read
        return int.from_bytes(digest) / 2**48

    def make() -> dict[str, np.ndarray]:
        with Bar(len(files), "Comparing files") as bar, ThreadPoolExecutor() as pool:
            shares = np.empty(len(files))
            for start in range(0, len(files), _TOGETHER):
                batch = files[start : start + _TOGETHER]
                shares[start : start + len(batch)] = list(pool.map(share, batch))
                bar.update(len(batch))
        return {"shares": shares}

    return cached_arrays(f"shares of {len(files)} files {_state(files)}", make)["shares"]


def say_flaws(root: Path, flaws: Sequence[tuple[Path, str]], total: int) -> None:
    """Print one sentence on the files that are passed over; nothing where there are none."""
    if not flaws:
        return
    first = ", ".join(f"{_below(file, root)} {why}" for file, why in flaws[:3])
    more = f" and {len(flaws) - 3:,} more" if len(flaws) > 3 else ""
    print(
        f"{len(flaws):,} of {total:,} files in {root} are passed over, the rest is used: "
        f"{first}{more}; replace or delete them and this line goes."
    )


def _below(file: Path, root: Path) -> Path:
    return file.relative_to(root) if file.is_relative_to(root) else file


def _state(files: Sequence[Path]) -> str:
    """Return a digest of the files' names, sizes and times of change."""
    digest = hashlib.sha256()
    for file in files:
        try:
            state = os.stat(file)
            digest.update(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\0".encode())
        except OSError:
            digest.update(f"{file}\0gone\0".encode())
    return digest.hexdigest()[:16]


def _fill(
    path: Path,
    name: str,
    label: str,
    files: Sequence[Path],
    size: int,
    shape: tuple[int, ...],
    read: Reader,
) -> None:
    """Write the rows as NumPy's own format has them, then what else is known of them, as JSON."""
    sizes, flaws = np.zeros((len(files), 2), np.int32), {}

    def row(file: Path) -> tuple[np.ndarray | None, tuple[int, int], str]:
        try:
            data = file.read_bytes()
        except OSError as error:
            return None, (0, 0), f"can't be opened ({error.strerror})"
        try:
            found = read(data, size)
        except cv2.error:
            found = None
        return (None, (0, 0), flaw(data)) if found is None else (*found, "")

    header = {"descr": "|u1", "fortran_order": False, "shape": (len(files), *shape)}
    missing = np.zeros(shape, np.uint8)
    with (
        written_whole(path) as file,
        quietly_unless_terminal(),
        Bar(len(files), f"Reading {label}") as bar,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(files), _TOGETHER):
            batch = files[start : start + _TOGETHER]
            for place, (pixels, own, why) in enumerate(pool.map(row, batch), start):
                file.write((missing if pixels is None else pixels).tobytes())
                sizes[place] = own
                if why:
                    flaws[place] = why
            bar.update(len(batch))
        file.write(json.dumps({"name": name, "sizes": sizes.tolist(), "flaws": flaws}).encode())


def quietly_unless_terminal() -> contextlib.AbstractContextManager:
    """Hold the decoders' complaints back where no progress bar writes to the same place."""
    import sys

    return contextlib.nullcontext() if sys.stderr.isatty() else quietly()


def _open(path: Path, name: str, shape: tuple[int, ...]) -> Decoded | None:
    """Open what `_fill` wrote; None where it is missing, cut or something else."""
    try:
        with path.open("rb") as file:
            np.lib.format.read_magic(file)
            found, _, dtype = np.lib.format.read_array_header_1_0(file)
            if found != shape or dtype != np.uint8:
                return None
            offset = file.tell()
            file.seek(offset + int(np.prod(shape, dtype=np.int64)))
            known = json.loads(file.read())
        if known["name"] != name:
            return None
        sizes = np.array(known["sizes"], np.int32).reshape(-1, 2)
        flaws = {int(place): why for place, why in known["flaws"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    rows = np.arange(shape[0])
    return Decoded(PicturesOnDisk(path, offset, shape[1:], rows), sizes, flaws)
