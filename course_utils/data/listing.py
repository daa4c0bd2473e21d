"""Labelled picture files of one split, and how they become pets."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection
from pathlib import Path

import numpy as np

from course_utils.data.decoding import (
    IN_MEMORY,
    PicturesOnDisk,
    decoded,
    read_as_stored,
    read_trimap,
    read_upright,
    say_flaws,
)
from course_utils.data.records import SPECIES, Pets
from course_utils.errors import DataError


@dataclasses.dataclass(frozen=True)
class Listing:
    """Picture files with what is known of them before they are read.

    Attributes
    ----------
    root : Path
        The folder that holds them.
    files : list of Path
    species : array (N,) int32
        An index into `species_names`.
    breed : array (N,) int32 or None
    head_box : array (N, 4) float32 or None
        (x1, y1, x2, y2) in pixels of the files; NaN where a file has none.
    trimaps : list of (Path or None), or None
        The files of the trimaps.
    upright : bool
        Whether a rotation noted by the camera is carried out.
    """

    root: Path
    files: list[Path]
    species: np.ndarray
    species_names: tuple[str, ...] = SPECIES
    breed: np.ndarray | None = None
    breed_names: tuple[str, ...] = ()
    head_box: np.ndarray | None = None
    trimaps: list[Path | None] | None = None
    upright: bool = True

    def __len__(self) -> int:
        return len(self.files)

    def has(self, need: str) -> np.ndarray:
        """Return for each file whether it has what is needed, bool (N,)."""
        if need == "breed" and self.breed is not None:
            return self.breed >= 0
        if need == "head_box" and self.head_box is not None:
            return ~np.isnan(self.head_box).any(axis=1)
        if need == "trimap" and self.trimaps is not None:
            return np.array([trimap is not None for trimap in self.trimaps], bool)
        return np.zeros(len(self), bool)

    def take(self, chosen: np.ndarray) -> Listing:
        """Return the files at `chosen` (indices or a mask)."""
        places = np.arange(len(self))[chosen]
        trimaps = self.trimaps
        return dataclasses.replace(
            self,
            files=[self.files[place] for place in places],
            species=self.species[places],
            breed=None if self.breed is None else self.breed[places],
            head_box=None if self.head_box is None else self.head_box[places],
            trimaps=None if trimaps is None else [trimaps[place] for place in places],
        )


def read_pets(
    listing: Listing, *, count: int | None, size: int, need: Collection[str], seed: int
) -> Pets:
    """Read the pictures of a listing, stretched to `size` × `size`, in an order drawn from `seed`.

    Files that can't be read are passed over and counted in one printed sentence.

    Parameters
    ----------
    listing : Listing
    count : int, optional
        So many at most, of each species equally many where it has them.
    size : int
        Side in pixels.
    need : collection of str
        Fields of `Pets`; pictures without them are left out.
    seed : int

    Returns
    -------
    Pets
        ``images`` in memory up to 128 MiB, else `PicturesOnDisk`.

    Raises
    ------
    DataError
        No picture has what is needed, or a species is left without a picture.
    """
    for field in need:
        has = listing.has(field)
        if not has.any():
            raise DataError(
                f"No picture in {listing.root} comes with {field.replace('_', ' ')}, which this "
                "lesson needs: set COURSE_SOURCE to another source, such as 'drawn' or 'photos'."
            )
        listing = listing.take(has)
    rng = np.random.default_rng(seed)
    order = balanced(listing.species, count, rng)
    # read in the listing's order, so that another seed finds the same file in the cache
    listing = listing.take(np.sort(order))
    shuffled = np.argsort(np.argsort(order))
    reader = read_upright if listing.upright else read_as_stored
    found = decoded("pictures", listing.files, size, (size, size, 3), reader)
    flaws = [(listing.files[place], why) for place, why in found.flaws.items()]

    trimap = None
    if listing.trimaps is not None:
        trimap, trimap_flaws = _trimaps(listing, size)
        flaws += [(listing.trimaps[place], why) for place, why in trimap_flaws.items()]
        if "trimap" in need:
            found.flaws.update(trimap_flaws)
    say_flaws(listing.root, flaws, len(listing))

    usable = np.array([place for place in shuffled if place not in found.flaws], np.int64)
    listing_taken = listing.take(usable)
    check_species(listing_taken, "after the unreadable ones were passed over")
    head_box = listing_taken.head_box
    if head_box is not None:
        scale = size / found.sizes[usable].astype(np.float32)
        head_box = head_box * np.tile(scale, 2)
    return Pets(
        images=_loaded(found.pictures.view(usable)),
        species=listing_taken.species,
        breed=listing_taken.breed,
        head_box=head_box,
        trimap=None if trimap is None else _loaded(trimap.view(usable)),
        species_names=listing.species_names,
        breed_names=listing.breed_names,
        source=str(listing.root),
    )


def balanced(species: np.ndarray, count: int | None, rng: np.random.Generator) -> np.ndarray:
    """Return places in a random order: all, or `count` with equally many of each species.

    Parameters
    ----------
    species : array (N,) int32
    count : int, optional
    rng : np.random.Generator

    Returns
    -------
    array (M,) int64
        M is `count`, or less where there are no more.
    """
    order = rng.permutation(len(species))
    if count is None or count >= len(species):
        return order
    kinds = np.unique(species)
    queues = [order[species[order] == kind] for kind in kinds]
    # one of each in turn; where one species runs out the others fill up
    turns = [np.arange(len(queue)) * len(kinds) + k for k, queue in enumerate(queues)]
    dealt = np.concatenate(queues)[np.argsort(np.concatenate(turns))][:count]
    return rng.permutation(dealt)


def check_species(listing: Listing, when: str) -> None:
    """Raise unless each species has a picture and there are two species at least."""
    if len(listing.species_names) < 2:
        raise DataError(
            f"{listing.root} has one class only ({', '.join(listing.species_names)}): a second "
            "folder, named for what its pictures show, is needed beside it."
        )
    counts = np.bincount(listing.species, minlength=len(listing.species_names))
    for name, number in zip(listing.species_names, counts, strict=True):
        if not number:
            raise DataError(
                f"{listing.root} has no picture of the class {name!r} {when}: add pictures to it "
                "or take its folder away."
            )


def _trimaps(listing: Listing, size: int) -> tuple[PicturesOnDisk, dict[int, str]]:
    """Read the trimaps of a listing; the rows of pictures without one are zeros."""
    assert listing.trimaps is not None
    places = [place for place, file in enumerate(listing.trimaps) if file is not None]
    # the null device stands for a trimap that there is none of
    files = [file or Path(os.devnull) for file in listing.trimaps]
    found = decoded("trimaps", files, size, (size, size), read_trimap)
    return found.pictures, {place: found.flaws[place] for place in places if place in found.flaws}


def _loaded(pictures: PicturesOnDisk) -> PicturesOnDisk | np.ndarray:
    return np.asarray(pictures) if pictures.nbytes <= IN_MEMORY else pictures
