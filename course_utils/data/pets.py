"""Pictures of cats and dogs, drawn or photographed: one call, one result, whatever the source."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from course_utils import runtime
from course_utils.data import digits
from course_utils.data.folders import class_listing, tree_of
from course_utils.data.listing import Listing, read_pets
from course_utils.data.oxford import downloaded, is_oxford, oxford_listing, oxford_scenes
from course_utils.data.records import Pets, Scenes
from course_utils.data.voc import pairs, voc_pets, voc_scenes
from course_utils.errors import DataError

DRAWN = {"train": 2400, "test": 600}
_NEEDS = ("breed", "head_box", "trimap", "keypoints")


def load_pets(
    split: str, *, count: int | None = None, size: int = 64, need: Collection[str] = ()
) -> Pets:
    """Return pictures with one pet each from the lesson's source, in an order drawn from its seed.

    Parameters
    ----------
    split : str
        ``"train"`` or ``"test"``; no picture is in both.
    count : int, optional
        So many at most, half of them cats where the source has them; by default 2,400 to train
        and 600 to test where they are drawn, else all that the source has.
    size : int
        Side in pixels; photographs are stretched to a square, boxes and trimaps with them.
    need : collection of str
        Any of ``"breed"``, ``"head_box"``, ``"trimap"``, ``"keypoints"``: pictures without it are
        left out.

    Returns
    -------
    Pets
        Photographs that together take more than 128 MiB stay on disk and are read when indexed.

    Raises
    ------
    DataError
        The source can't be had or read, or has nothing of what is needed.
    """
    chosen = runtime.settings()
    _check(split)
    if unknown := set(need) - set(_NEEDS):
        raise ValueError(f"need has {sorted(unknown)}; it can have {', '.join(_NEEDS)}.")
    if chosen.source == "drawn":
        return _drawn_pets(split, count, size)
    if chosen.source == "photos":
        listing = oxford_listing(downloaded(), split)
    else:
        folder = Path(chosen.source).expanduser()
        if _only_digits(folder):
            return _drawn_pets(split, count, size)
        listing = _listing(folder, split)
    return read_pets(listing, count=count, size=size, need=need, seed=chosen.seed)


def load_scenes(split: str, *, count: int | None = None, size: int = 128) -> Scenes:
    """Return pictures with boxes around their objects from the lesson's source.

    Parameters
    ----------
    split : str
        ``"train"`` or ``"test"``; no picture is in both.
    count : int, optional
        So many at most.
    size : int
        Side of drawn pictures, and of Oxford's, which have one pet and the box around it; other
        photographs keep their shape, with a longer side of `size` at most.

    Returns
    -------
    Scenes

    Raises
    ------
    DataError
        The source can't be had or read, or has no boxes.
    """
    chosen = runtime.settings()
    _check(split)
    if chosen.source == "photos":
        return oxford_scenes(downloaded(), split, count=count, size=size, seed=chosen.seed)
    if chosen.source != "drawn":
        folder = Path(chosen.source).expanduser()
        if is_oxford(folder):
            return oxford_scenes(folder, split, count=count, size=size, seed=chosen.seed)
        if not _only_digits(folder):
            scenes = voc_scenes(tree_of(folder), split, count=count, size=size, seed=chosen.seed)
            if scenes is None:
                raise DataError(
                    f"{folder} has no boxes: accepted are Pascal VOC folders (JPEGImages and "
                    "Annotations, or images and annotations, with an XML file for each picture) "
                    "and Oxford-IIIT Pet's (images, annotations/trimaps)."
                )
            return scenes
    from course_utils.data.rendering import draw_scenes

    return draw_scenes(split, count or DRAWN[split], size, chosen.seed)


def _check(split: str) -> None:
    if split not in DRAWN:
        raise ValueError(f"split is {split!r}; it can be 'train' or 'test'.")


def _drawn_pets(split: str, count: int | None, size: int) -> Pets:
    from course_utils.data.rendering import draw_pets

    return draw_pets(split, count or DRAWN[split], size, runtime.settings().seed)


def _only_digits(folder: Path) -> bool:
    """Say that the drawn pets stand in where the folder of the source holds MNIST."""
    if not digits.holds_digits(folder):
        return False
    print(f"{folder} holds digits and no pets: the pets of this lesson are the drawn ones.")
    return True


def _listing(folder: Path, split: str) -> Listing:
    if is_oxford(folder):
        return oxford_listing(folder, split)
    tree = tree_of(folder)
    if pairs(tree):
        listing = voc_pets(tree, split)
        if listing is None:
            raise DataError(
                f"{folder} has boxes, but no {split} picture with exactly one cat or dog in it: "
                "set COURSE_SOURCE to a folder that has some, or to 'drawn' or 'photos'."
            )
        return listing
    listing = class_listing(tree, split)
    if listing is None:
        raise DataError(
            f"{folder} has no form that is known here: accepted are one folder a class (cat, dog), "
            "also below train and test; files named cat.0.jpg and dog.0.jpg; Pascal VOC folders "
            "(images and annotations, an XML file for each picture); Oxford-IIIT Pet's folder."
        )
    return listing
