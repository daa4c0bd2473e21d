"""Style pictures: drawn for the course, or pictures of your own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from course_utils import runtime
from course_utils.data.images import SUFFIXES, read_image, shrink
from course_utils.errors import DataError

_FOLDER = runtime.SHIPPED / "styles"  # made by tools/make_styles.py

STYLES = ("night", "mosaic", "waves", "dots", "glass")


def load_style(name: str | Path, size: int | None = None) -> np.ndarray:
    """Return one style picture.

    Parameters
    ----------
    name : str or path
        One of `STYLES`, or the path of a picture of your own.
    size : int, optional
        Longer side at most, in pixels; a larger picture is shrunk by averaging areas.

    Returns
    -------
    array (H, W, 3) uint8
        RGB.

    Raises
    ------
    DataError
        There is no such style, or the file can't be read.
    """
    path = _FOLDER / f"{name}.jpg" if name in STYLES else Path(name).expanduser()
    if not path.is_file():
        raise DataError(
            f"There is no style {str(name)!r}: give the path of a picture of your own or one of "
            f"{', '.join(STYLES)}."
        )
    return shrink(read_image(path), size)


def contents_and_styles() -> tuple[list[str], list[str]]:
    """Return what lessons 13 and 14 use: names for `load_photo`, and names for `load_style`.

    Built in, these are photographs and the drawn styles. Where ``COURSE_SOURCE`` is a folder with
    subfolders ``content`` and ``style``, they are the paths of the pictures there, by name.

    Returns
    -------
    tuple of two lists of str
        Each holds four at least: a folder with fewer begins anew.

    Raises
    ------
    DataError
        The folder lacks one of the two, or has no pictures in it.
    """
    source = runtime.settings().source
    if source in ("drawn", "photos"):
        return ["china", "chelsea", "coffee", "flower"], list(STYLES)
    found = []
    for part in ("content", "style"):
        folder = Path(source).expanduser() / part
        files = sorted(str(f) for f in folder.glob("*") if f.suffix.lower() in SUFFIXES)
        if not files:
            raise DataError(
                f"{folder} holds no pictures: COURSE_SOURCE for this lesson is a folder with "
                "content/ and style/, or 'drawn' for what is built in."
            )
        found.append((files * 4)[: max(len(files), 4)])
    return found[0], found[1]
