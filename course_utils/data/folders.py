"""A folder of your own with one folder a class, such as Kaggle's and Microsoft's cats and dogs."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path, PurePosixPath

import numpy as np

from course_utils.data.decoding import content_shares
from course_utils.data.images import SUFFIXES
from course_utils.data.listing import Listing, check_species
from course_utils.data.records import SPECIES
from course_utils.errors import DataError

TEST_SHARE = 0.2

_TRAIN = re.compile(r"train(ing)?([ _-]?(set|data))?\d*")
_TEST = re.compile(r"test(ing)?([ _-]?(set|data))?\d*")
_VALIDATION = re.compile(r"val(id(ation)?)?([ _-]?(set|data))?\d*")
# Kaggle's train/cat.0.jpg
_NAMED = re.compile(r"(cat|dog)s?(?![a-z])", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Tree:
    """What lies under a folder, hidden things left out; paths relative to `root`, sorted."""

    root: Path
    files: list[PurePosixPath]
    folders: list[PurePosixPath]

    def with_suffix(self, *suffixes: str) -> list[PurePosixPath]:
        return [file for file in self.files if file.suffix.lower() in suffixes]

    def below(self, folder: str) -> Tree:
        """Return the part in a folder at the top."""
        return Tree(
            self.root / folder,
            [PurePosixPath(*f.parts[1:]) for f in self.files if f.parts[0] == folder],
            [
                PurePosixPath(*f.parts[1:])
                for f in self.folders
                if f.parts[0] == folder and len(f.parts) > 1
            ],
        )


def tree_of(root: Path) -> Tree:
    """List what lies under a folder.

    Raises
    ------
    DataError
        There is no such folder.
    """
    if not root.is_dir():
        raise DataError(
            f"COURSE_SOURCE is {str(root)!r}, which is no folder seen from {Path.cwd()}: give the "
            "whole path, or 'drawn' or 'photos'."
        )
    files, folders = [], []
    for place, below, names in os.walk(root, followlinks=True):
        # .ipynb_checkpoints, __MACOSX
        below[:] = sorted(name for name in below if not name.startswith((".", "__")))
        inside = PurePosixPath(Path(place).relative_to(root).as_posix())
        folders += [inside / name for name in below]
        files += [inside / name for name in names if not name.startswith(".")]
    return Tree(root, sorted(files), sorted(folders))


def split_folders(names: set[str]) -> tuple[str, str] | None:
    """Find the folders to train and to test with among names; validation serves where no test is.

    Returns
    -------
    (str, str) or None
    """

    def named(pattern: re.Pattern) -> list[str]:
        return sorted(name for name in names if pattern.fullmatch(name.lower()))

    train, test = named(_TRAIN), named(_TEST) + named(_VALIDATION)
    return (train[0], test[0]) if train and test else None


def class_listing(tree: Tree, split: str) -> Listing | None:
    """List a split of a folder of class folders; None where the folder has another form.

    Accepted are one folder a class, or files named cat.0.jpg and dog.0.jpg as Kaggle has them,
    either alone (split 80/20 by a hash of the content, so that equal files stay together) or below
    train/ and test/ (or validation/), in any case, possibly inside one outer folder. Classes that
    are cats and dogs come as 0 and 1; other classes in alphabetical order.

    Parameters
    ----------
    tree : Tree
    split : str
        ``"train"`` or ``"test"``.

    Returns
    -------
    Listing or None

    Raises
    ------
    DataError
        A class folder is empty, there is one class only, or too few pictures to split.
    """
    pictures = tree.with_suffix(*SUFFIXES)
    tops = {file.parts[0] for file in pictures if len(file.parts) > 1}
    parts = split_folders(tops | {folder.parts[0] for folder in tree.folders})
    if parts:
        train = class_listing(tree.below(parts[0]), "all")
        try:
            test = class_listing(tree.below(parts[1]), "all")
        except DataError:
            if split == "test":
                raise
            test = train
        if train is not None and test is not None:
            _same_classes(train, test)
            return train if split == "train" else test
        # Kaggle's test pictures have no labels
        return train and _hashed(train, split)
    alone = len(tops) == 1 and not any(len(file.parts) == 1 for file in pictures)
    if alone and not species_of(*tops):
        inner = class_listing(tree.below(*tops), split)
        if inner is not None:
            return inner
    labels = _labels(tree, pictures)
    if not labels:
        return None
    listing = _listing(tree.root, labels)
    check_species(listing, "")
    return listing if split == "all" else _hashed(listing, split)


def species_of(name: str) -> str | None:
    """Return "cat" or "dog" where a folder or an object is named so, in any case, also plural."""
    single = name.strip().lower().removesuffix("s")
    return single if single in SPECIES else None


def in_split(shares: np.ndarray, split: str) -> np.ndarray:
    """Choose a split by `content_shares`, bool (N,)."""
    return shares < TEST_SHARE if split == "test" else shares >= TEST_SHARE


def _labels(tree: Tree, pictures: list[PurePosixPath]) -> dict[PurePosixPath, str]:
    """Give each picture its class's name; empty where the folder is not of that form."""
    tops = {file.parts[0] for file in pictures if len(file.parts) > 1}
    if not tops:
        named = {file: _NAMED.match(file.name) for file in pictures}
        return {file: match.group(1).lower() for file, match in named.items() if match}
    for folder in tree.folders:
        name = folder.parts[0]
        kept = any(file.parts[0] == name for file in tree.files)
        if len(folder.parts) == 1 and name not in tops and (species_of(name) or not kept):
            raise DataError(
                f"The class folder {tree.root / name} is empty: put its pictures into it or take "
                "it away."
            )
    if len(tops) == 1 and not species_of(*tops):
        return {}
    return {file: file.parts[0] for file in pictures if len(file.parts) > 1}


def _listing(root: Path, labels: dict[PurePosixPath, str]) -> Listing:
    names = {name: species_of(name) or name for name in set(labels.values())}
    kinds = set(names.values())
    classes = SPECIES if kinds == set(SPECIES) else tuple(sorted(kinds, key=str.lower))
    index = {name: classes.index(kind) for name, kind in names.items()}
    return Listing(
        root=root,
        files=[root / file for file in labels],
        species=np.array([index[name] for name in labels.values()], np.int32),
        species_names=classes,
    )


def _same_classes(train: Listing, test: Listing) -> None:
    if train.species_names != test.species_names:
        raise DataError(
            f"{train.root} has the classes {', '.join(train.species_names)}, but {test.root} has "
            f"{', '.join(test.species_names)}: give both the same class folders."
        )


def _hashed(listing: Listing, split: str) -> Listing:
    part = listing.take(in_split(content_shares(listing.files), split))
    check_species(
        part, f"to {split} with ({len(listing):,} pictures in all are too few to split by content)"
    )
    return part
