"""Photographs: samples that scikit-image and scikit-learn carry, or pictures of your own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from course_utils import runtime
from course_utils.data.images import SUFFIXES, read_image, shrink
from course_utils.data.packages import file_in
from course_utils.errors import DataError

_SCIKIT_IMAGE = {
    "astronaut": "astronaut.png",
    "brick": "brick.png",
    "camera": "camera.png",
    "cell": "cell.png",
    "chelsea": "chelsea.png",
    "clock": "clock_motion.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "hubble_deep_field": "hubble_deep_field.jpg",
    "immunohistochemistry": "ihc.png",
    "moon": "moon.png",
    "motorcycle": "motorcycle_left.png",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
}
_SCIKIT_LEARN = {"china": "china.jpg", "flower": "flower.jpg"}
_COLOURFUL = ("astronaut", "chelsea", "china", "coffee", "flower", "motorcycle", "rocket")

PHOTOGRAPHS = tuple(sorted(_SCIKIT_IMAGE | _SCIKIT_LEARN))


def load_photo(name: str | Path, size: int | None = None) -> np.ndarray:
    """Return one photograph.

    Parameters
    ----------
    name : str or path
        One of `PHOTOGRAPHS`, or the path of a picture of your own.
    size : int, optional
        Longer side at most, in pixels; a larger picture is shrunk by averaging areas.

    Returns
    -------
    array (H, W, 3) uint8
        RGB.

    Raises
    ------
    DataError
        There is no such photograph, or the file can't be read.
    """
    if name in PHOTOGRAPHS:
        path = _path_of(str(name))
    else:
        path = Path(name).expanduser()
        if not path.is_file():
            raise DataError(
                f"There is no photograph {str(name)!r}: give the path of a picture of your own or "
                f"one of {', '.join(PHOTOGRAPHS)}."
            )
    return shrink(read_image(path), size)


def load_photos(count: int, size: int | None = None) -> list[np.ndarray]:
    """Return up to `count` colour photographs: built in, or those of ``COURSE_SOURCE``'s folder.

    From a folder they are taken at even distances in the order of their names, so that each
    subfolder has its share; files that can't be read are passed over.

    Parameters
    ----------
    count : int
    size : int, optional
        Longer side at most, in pixels.

    Returns
    -------
    list of arrays (H, W, 3) uint8
        RGB, each of its own size; fewer than `count` where the source has fewer.

    Raises
    ------
    DataError
        The folder has no picture that can be read.
    """
    source = runtime.settings().source
    if source in ("drawn", "photos"):
        return [load_photo(name, size) for name in _COLOURFUL[:count]]
    folder = Path(source).expanduser()
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in SUFFIXES and f.is_file())
    order = np.arange(len(files))
    if len(files) > count:
        first = np.linspace(0, len(files) - 1, count).round().astype(int)
        order = np.concatenate([first, np.setdiff1d(order, first)])
    photos: list[np.ndarray] = []
    for place in order:
        if len(photos) == count:
            break
        try:
            photos.append(load_photo(files[place], size))
        except DataError:
            continue
    if not photos:
        raise DataError(
            f"{folder} holds no picture that can be read: set COURSE_SOURCE to a folder with "
            "photographs, or to 'drawn' for those that are built in."
        )
    return photos


def _path_of(name: str) -> Path:
    if name in _SCIKIT_LEARN:
        return file_in("sklearn", "datasets", "images", _SCIKIT_LEARN[name])
    return file_in("skimage", "data", _SCIKIT_IMAGE[name])
