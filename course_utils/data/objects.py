"""Pictures with one object each, its class and its box, whatever the source (lesson 17)."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from course_utils import runtime
from course_utils.data.digits import holds_digits
from course_utils.data.images import stretch
from course_utils.data.oxford import is_oxford
from course_utils.data.pets import DRAWN, load_pets, load_scenes
from course_utils.data.records import Objects, Pets, Scenes


def load_objects(split: str, *, count: int | None = None, size: int = 64) -> Objects:
    """Return pictures with one object each: a pet and the box around its head, where there are any.

    Drawn pets and Oxford-IIIT Pet have head boxes. Of a Pascal VOC folder each picture's largest
    box is taken, with its class.

    Parameters
    ----------
    split : str
        ``"train"`` or ``"test"``; no picture is in both.
    count : int, optional
        So many at most; by default as `load_pets` and `load_scenes` have it.
    size : int
        Side in pixels; photographs are stretched to a square, boxes with them.

    Returns
    -------
    Objects

    Raises
    ------
    DataError
        The source can't be had or read, or has no boxes.
    """
    source = runtime.settings().source
    folder = Path(source).expanduser()
    has_heads = source in ("drawn", "photos") or is_oxford(folder) or holds_digits(folder)
    if not has_heads:
        return _largest(load_scenes(split, count=count, size=2 * size), size)
    pets = load_pets(split, count=count, size=size, need=("head_box",))
    return Objects(
        images=np.asarray(pets.images),
        labels=pets.species,
        boxes=np.clip(pets.head_box, 0, size),
        class_names=pets.species_names,
        source=pets.source,
    )


def load_pets_with_keypoints(split: str, *, count: int | None = None, size: int = 64) -> Pets:
    """Return pets with key points: the drawn ones, since no set of photographs here has any.

    Where the source is another one, a printed sentence says so. Parameters as `load_pets` has them.
    """
    chosen = runtime.settings()
    if chosen.source == "drawn":
        return load_pets(split, count=count, size=size, need=("keypoints",))
    from course_utils.data.rendering import draw_pets

    print(f"{chosen.source} has no key points: the {split} pets of this part are drawn ones.")
    return draw_pets(split, count or DRAWN[split], size, chosen.seed)


def cut_windows(found: Objects, side: int, *, tries: int = 4, seed: int = 0) -> Objects:
    """Cut square windows out of pictures: one around each object, others where there is none.

    Windows around an object are up to half as large again as it is and shifted by up to 12 %;
    the others are squares of any size and place that overlap the object by less than IoU 0.2.

    Parameters
    ----------
    found : Objects
        Square pictures.
    side : int
        What each window is resized to, in pixels.
    tries : int
        Places in each picture that are drawn for windows without an object.
    seed : int

    Returns
    -------
    Objects
        Class 0 is ``"nothing"``, with a box of NaN; boxes are in pixels of their window.
    """
    rng = np.random.default_rng(seed)
    boxes, whole = found.boxes, found.images.shape[1]
    around = _around(boxes, whole, rng)
    sides = rng.uniform(min(14, whole), whole, (tries * len(found), 1))
    corners = rng.uniform(0, 1, (len(sides), 2)) * (whole - sides)
    squares = np.concatenate([around, np.concatenate([corners, corners + sides], axis=1)])
    which = np.tile(np.arange(len(found)), 1 + tries)
    labels = np.where(np.arange(len(which)) < len(found), 1 + found.labels[which], 0)
    keep = (labels > 0) | (_overlaps(squares, boxes[which]) < 0.2)
    squares, which, labels = squares[keep], which[keep], labels[keep]
    scale = (squares[:, 2:3] - squares[:, :1]) / side  # pixels of the picture in one of the window
    inside = (boxes[which] - np.tile(squares[:, :2], 2)) / scale
    inside[labels == 0] = np.nan
    rows = zip(which, squares, scale[:, 0], strict=True)
    return Objects(
        images=np.stack([_cut(found.images[i], s[:2], ratio, side) for i, s, ratio in rows]),
        labels=labels.astype(np.int32),
        boxes=inside.astype(np.float32),
        class_names=("nothing", *found.class_names),
        source=found.source,
    )


def _around(boxes: np.ndarray, whole: int, rng: np.random.Generator) -> np.ndarray:
    """Return a square (x1, y1, x2, y2) around each box, inside a picture of side `whole`."""
    longer = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    sides = np.minimum(longer * rng.uniform(1.0, 1.5, len(boxes)), whole)[:, None]
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2 + rng.uniform(-0.12, 0.12, (len(boxes), 2)) * sides
    corners = np.clip(centres - sides / 2, 0, whole - sides)
    return np.concatenate([corners, corners + sides], axis=1)


def _overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the IoU of each box of `a` with the box of `b` in the same row."""
    shared = np.minimum(a, b)[:, 2:] - np.maximum(a, b)[:, :2]
    shared = np.maximum(shared, 0).prod(axis=1)
    areas = [(box[:, 2:] - box[:, :2]).prod(axis=1) for box in (a, b)]
    return shared / (areas[0] + areas[1] - shared)


def _cut(image: np.ndarray, corner: np.ndarray, ratio: float, side: int) -> np.ndarray:
    """Resize the square at `corner` (x, y) whose side is `ratio` times `side`."""
    # a pixel's centre lies half a pixel inside its edge
    x, y = corner + ratio / 2 - 0.5
    place = np.array([[ratio, 0, x], [0, ratio, y]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, place, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _largest(scenes: Scenes, size: int) -> Objects:
    """Keep each scene's largest box, and stretch the scene to `size` × `size`."""
    places = [int(np.prod(b[:, 2:] - b[:, :2], axis=1).argmax()) for b in scenes.boxes]
    scales = [size / np.array(image.shape[1::-1], np.float32) for image in scenes.images]
    rows = zip(scenes.boxes, places, scales, strict=True)
    return Objects(
        images=np.stack([stretch(image, size) for image in scenes.images]),
        labels=np.array([k[i] for k, i in zip(scenes.labels, places, strict=True)], np.int32),
        boxes=np.stack([boxes[i] * np.tile(scale, 2) for boxes, i, scale in rows]),
        class_names=scenes.class_names,
        source=scenes.source,
    )
