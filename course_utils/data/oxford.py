"""Oxford-IIIT Pet: 37 breeds of cats and dogs with trimaps and head boxes.

Parkhi, Vedaldi, Zisserman, Jawahar: Cats and Dogs, IEEE Conference on Computer Vision and Pattern
Recognition, 2012. Licence by its home page: CC BY-SA 4.0.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from course_utils import runtime
from course_utils.data.cache import folder_written_whole, one_at_a_time
from course_utils.data.decoding import content_shares
from course_utils.data.download import download, unpack
from course_utils.data.folders import in_split
from course_utils.data.images import SUFFIXES
from course_utils.data.listing import Listing, balanced, check_species, read_pets
from course_utils.data.records import Scenes
from course_utils.data.voc import read_annotation, say_boxes
from course_utils.errors import DataError

HOME = "https://www.robots.ox.ac.uk/~vgg/data/pets/data/"
# MD5 as torchvision gives it (torchvision/datasets/oxford_iiit_pet.py)
CHECKSUMS = {
    "images.tar.gz": "5c4f3ee8e5d25df40f4fd59a7f44e54c",
    "annotations.tar.gz": "95a8c909bbe2e81eed6a22bccdf3f68f",
}
_FOLDER = "oxford-iiit-pet"


def downloaded() -> Path:
    """Return the folder of the data set, downloading and unpacking it where it is not there yet.

    A mirror is named by ``COURSE_PETS_URL`` and, where its archives differ, ``COURSE_PETS_MD5``
    (the checksums of images and annotations, with a comma between them).

    Raises
    ------
    DataError
        As `download` and `unpack` say.
    """
    data = runtime.settings().data
    folder = data / _FOLDER
    if folder.is_dir():
        return folder
    url = os.environ.get("COURSE_PETS_URL", HOME).rstrip("/") + "/"
    given = os.environ.get("COURSE_PETS_MD5", ",".join(CHECKSUMS.values())).split(",")
    with one_at_a_time(data / f"{_FOLDER}.lock", "getting Oxford-IIIT Pet"):
        if folder.is_dir():
            return folder
        print(
            f"Oxford-IIIT Pet (about 800 MB, licence CC BY-SA 4.0) comes from {url} into {data}; "
            "stopped on the way, it goes on from there the next time."
        )
        for name, md5 in zip(CHECKSUMS, given, strict=True):
            download(url + name, data / name, md5)
        with folder_written_whole(folder) as part:
            for name in CHECKSUMS:
                unpack(data / name, part)
        for name in CHECKSUMS:
            (data / name).unlink()
    return folder


def is_oxford(folder: Path) -> bool:
    """Tell whether a folder has the data set's form: images/ and annotations/ with trimaps."""
    notes = folder / "annotations"
    return (folder / "images").is_dir() and (
        (notes / "trimaps").is_dir() or (notes / "list.txt").is_file()
    )


def oxford_listing(folder: Path, split: str) -> Listing:
    """List a split of the data set, or of a folder of the same form.

    The lists trainval.txt and test.txt are the split where the folder has them, but with one
    change: the set has head boxes in trainval alone, so a fifth of it, by a hash of the content,
    counts as test. Without lists a fifth of all is test, by the same hash.

    Raises
    ------
    DataError
        A species has no picture.
    """
    notes = folder / "annotations"
    species_of = _species(folder)
    pictures = {
        file.stem: file
        for file in sorted((folder / "images").iterdir())
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    }
    names = [name for name in sorted(species_of) if name in pictures]
    breeds = sorted({_breed(name) for name in names}, key=str.lower)  # the set's own order
    listing = Listing(
        root=folder,
        files=[pictures[name] for name in names],
        species=np.array([species_of[name] for name in names], np.int32),
        breed=np.array([breeds.index(_breed(name)) for name in names], np.int32),
        breed_names=tuple(breed.replace("_", " ") for breed in breeds),
        head_box=_head_boxes(notes / "xmls", names),
        trimaps=_trimaps(notes / "trimaps", names),
        upright=False,
    )
    held_out = in_split(content_shares(listing.files), "test")
    train, test = (_names(notes / f"{part}.txt") for part in ("trainval", "test"))
    if train and test:
        listed = np.isin(names, list(test))
        has_box = listing.has("head_box")
        boxes_to_test_with = (has_box & listed).any() or not has_box.any()
        held_out = listed | (False if boxes_to_test_with else held_out)
        known = listed | np.isin(names, list(train))
    else:
        known = np.ones(len(names), bool)
    chosen = listing.take(known & (held_out if split == "test" else ~held_out))
    check_species(chosen, f"to {split} with")
    return chosen


def oxford_scenes(folder: Path, split: str, *, count: int | None, size: int, seed: int) -> Scenes:
    """Read pictures with the box around their pet, taken from the trimap, as scenes.

    Raises
    ------
    DataError
        The folder has no trimaps.
    """
    listing = oxford_listing(folder, split)
    listing = listing.take(listing.has("trimap"))
    if not len(listing):
        raise DataError(
            f"{folder} has no trimaps to take boxes from: unpack annotations.tar.gz there too."
        )
    order = balanced(listing.species, count, np.random.default_rng(seed))
    pets = read_pets(
        listing.take(np.sort(order)), count=None, size=size, need=("trimap",), seed=seed
    )
    boxes = [_box_around(trimap == 1) for trimap in pets.trimap]
    kept = [place for place, box in enumerate(boxes) if box is not None]
    say_boxes(folder, without=len(boxes) - len(kept))
    return Scenes(
        images=[pets.images[place] for place in kept],
        boxes=[boxes[place] for place in kept],
        labels=[pets.species[place : place + 1] for place in kept],
        trimaps=[pets.trimap[place] for place in kept],
        source=str(folder),
    )


def _species(folder: Path) -> dict[str, int]:
    """Give each picture's species, 0 cat and 1 dog.

    list.txt has lines NAME CLASS SPECIES BREED with species 1 or 2; a shorter form NAME SPECIES
    is read too. Without the list a capital first letter means a cat, as the set's README says.
    """
    path = folder / "annotations" / "list.txt"
    if not path.is_file():
        return {file.stem: int(file.stem[:1].islower()) for file in (folder / "images").iterdir()}
    species = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        kind = words[2 if len(words) >= 4 else 1] if len(words) >= 2 else ""
        if kind not in ("1", "2"):
            raise DataError(
                f"{path} has the line {line!r}, expected NAME CLASS SPECIES BREED with species 1 "
                "(cat) or 2 (dog): mend it, or unpack annotations.tar.gz again."
            )
        species[words[0]] = int(kind) - 1
    return species


def _breed(name: str) -> str:
    return name.rsplit("_", 1)[0]


def _names(path: Path) -> set[str]:
    if not path.is_file():
        return set()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def _head_boxes(folder: Path, names: list[str]) -> np.ndarray | None:
    boxes = np.full((len(names), 4), np.nan, np.float32)
    for place, name in enumerate(names):
        path = folder / f"{name}.xml"
        note = read_annotation(path) if path.is_file() else None
        if note is not None and len(note.boxes):
            x1, y1, x2, y2 = note.boxes[0]
            if x1 < x2 and y1 < y2:
                boxes[place] = note.boxes[0]
    return None if np.isnan(boxes).all() else boxes


def _trimaps(folder: Path, names: list[str]) -> list[Path | None] | None:
    paths = [folder / f"{name}.png" for name in names]
    trimaps = [path if path.is_file() else None for path in paths]
    return trimaps if any(trimaps) else None


def _box_around(pet: np.ndarray) -> np.ndarray | None:
    """Return the box (1, 4) around the True pixels of a mask (H, W); None where there is none."""
    rows, columns = np.flatnonzero(pet.any(axis=1)), np.flatnonzero(pet.any(axis=0))
    if not len(rows):
        return None
    return np.array([[columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]], np.float32)
