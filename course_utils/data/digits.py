"""Handwritten digits: scikit-learn's built in, or MNIST in IDX files of your own."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from course_utils import runtime
from course_utils.data.packages import file_in
from course_utils.data.records import Digits
from course_utils.errors import DataError

_TRAIN = 1437
_PREFIX = {"train": "train", "test": "t10k"}
_UNSIGNED_BYTE = 0x08


def load_digits(split: str) -> Digits:
    """Return handwritten digits.

    Built in are scikit-learn's 1,797 digits of 8×8 pixels (Alpaydin and Kaynak, 1998, UCI), split
    once and for all into 1,437 to train and 360 to test. Where ``COURSE_SOURCE`` is a folder with
    MNIST's IDX files (LeCun, Cortes, Burges), packed or not, they are those.

    Parameters
    ----------
    split : str
        ``"train"`` or ``"test"``.

    Returns
    -------
    Digits

    Raises
    ------
    DataError
        An IDX file is missing, cut off, of another kind, or not as long as its labels.
    """
    if split not in _PREFIX:
        raise ValueError(f"split is {split!r}; it can be 'train' or 'test'.")
    folder = Path(runtime.settings().source).expanduser()
    if holds_digits(folder):
        return _mnist(folder, split)

    # a row: 64 pixels from 0 to 16, then the digit
    rows = np.loadtxt(file_in("sklearn", "datasets", "data", "digits.csv.gz"), delimiter=",")
    order = np.random.default_rng(0).permutation(len(rows))
    chosen = rows[order[:_TRAIN] if split == "train" else order[_TRAIN:]]
    images = np.round(chosen[:, :-1].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    return Digits(images, chosen[:, -1].astype(np.int32), "scikit-learn's digits")


def holds_digits(folder: Path) -> bool:
    """Tell whether a folder holds MNIST's IDX files, or some of them."""
    return any(_find(folder, part, kind) for part in _PREFIX.values() for kind in _KINDS)


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes, packed by gzip or not.

    The format is described on MNIST's home page: two zero bytes, the type, the number of
    dimensions, each dimension in four bytes, highest first, then the values.

    Returns
    -------
    array uint8
        Of the dimensions that the file gives.

    Raises
    ------
    DataError
        The file is cut off or of another kind.
    """
    try:
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} can't be read ({error}): get the file again.") from None
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _UNSIGNED_BYTE:
        raise DataError(
            f"{path} is no IDX file of bytes (it begins with {data[:4].hex(' ') or 'nothing'}, "
            "expected 00 00 08): get the file again."
        )
    head, values = data[4 : 4 + 4 * data[3]], data[4 + 4 * data[3] :]
    dimensions = [int.from_bytes(head[at : at + 4], "big") for at in range(0, 4 * data[3], 4)]
    if len(head) < 4 * data[3] or len(values) != math.prod(dimensions):
        raise DataError(
            f"{path} is cut off: it has {len(values):,} values, expected "
            f"{' × '.join(map(str, dimensions))}; get the file again."
        )
    return np.frombuffer(values, np.uint8).reshape(dimensions)


_KINDS = ("images-idx3", "labels-idx1")


def _find(folder: Path, part: str, kind: str) -> Path | None:
    """Find an IDX file under the names it goes by: train-images-idx3-ubyte, train-images.idx3…"""
    for name in (f"{part}-{kind}-ubyte", f"{part}-{kind.replace('-idx', '.idx')}-ubyte"):
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    return None


def _mnist(folder: Path, split: str) -> Digits:
    found = []
    for kind in _KINDS:
        path = _find(folder, _PREFIX[split], kind)
        if path is None:
            raise DataError(
                f"{folder} lacks {_PREFIX[split]}-{kind}-ubyte(.gz), which belongs to MNIST's "
                "other files there: get it too."
            )
        found.append((path, read_idx(path)))
    (images_path, images), (labels_path, labels) = found
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise DataError(
            f"{images_path} has the shape {images.shape} and {labels_path.name} {labels.shape}: "
            "they don't belong together; get both again."
        )
    return Digits(images, labels.astype(np.int32), f"MNIST from {folder}")
