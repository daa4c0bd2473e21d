"""Pictures with boxes as Pascal VOC has them: an XML file for each picture.

Everingham, Van Gool, Williams, Winn, Zisserman: The Pascal Visual Object Classes (VOC) challenge,
International Journal of Computer Vision, 2010.
"""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import numpy as np

from course_utils.data.decoding import content_shares, quietly_unless_terminal, say_flaws
from course_utils.data.folders import Tree, in_split, species_of, split_folders
from course_utils.data.images import SUFFIXES, decode, flaw, jpeg_size, own_size, shrink
from course_utils.data.listing import Listing, balanced
from course_utils.data.records import SPECIES, Scenes
from course_utils.errors import DataError
from course_utils.progress import Bar

_TOGETHER = 64


@dataclasses.dataclass(frozen=True)
class Annotation:
    """What an XML file says of its picture.

    Attributes
    ----------
    names : list of str
    boxes : array (K, 4) float32
        (x1, y1, x2, y2) as written; programs differ in whether they count pixels from 0 or 1.
    size : (int, int)
        Width and height as written, 0 where they are missing.
    heads : bool
        Whether the boxes are those of heads, as Oxford-IIIT Pet has them.
    """

    names: list[str]
    boxes: np.ndarray
    size: tuple[int, int]
    heads: bool


def read_annotation(path: Path) -> Annotation | None:
    """Read an XML file; None where it is no annotation."""
    try:
        root = ET.parse(path).getroot()
    except (ET.ParseError, OSError, ValueError):
        return None
    if root.tag != "annotation":
        return None
    names, boxes = [], []
    for thing in root.iter("object"):
        corners = [thing.findtext(f"bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax")]
        try:
            boxes.append([float(corner) for corner in corners])  # type: ignore[arg-type]
        except (TypeError, ValueError):
            boxes.append([0.0] * 4)  # counted with the boxes that have no area
        names.append((thing.findtext("name") or "").strip())
    size = tuple(_whole(root.findtext(f"size/{side}")) for side in ("width", "height"))
    heads = root.findtext("source/annotation") == "OXIIIT"
    return Annotation(names, np.array(boxes, np.float32).reshape(-1, 4), size, heads)


def pairs(tree: Tree) -> list[tuple[PurePosixPath, PurePosixPath]]:
    """Pair XML files with pictures of the same name in the same split, wherever they lie.

    Returns
    -------
    list of (picture, XML file), relative to the tree's root
    """
    top = split_folders({folder.parts[0] for folder in tree.folders}) or ()

    def key(file: PurePosixPath) -> tuple[str, str]:
        return file.parts[0] if file.parts[0] in top else "", file.stem

    pictures = {key(file): file for file in tree.with_suffix(*SUFFIXES)}
    xmls = {key(file): file for file in tree.with_suffix(".xml")}
    return [(pictures[k], xmls[k]) for k in sorted(xmls) if k in pictures]


def voc_scenes(tree: Tree, split: str, *, count: int | None, size: int, seed: int) -> Scenes | None:
    """Read pictures with boxes; None where the folder has no XML file beside its pictures.

    The longer side is `size` at most and boxes shrink exactly as their picture does. Pictures
    without a usable box are left out, boxes outside the picture are clipped or dropped, and one
    printed sentence counts both.

    Parameters
    ----------
    tree : Tree
    split : str
        ``"train"`` or ``"test"``: folders of that name, else 80/20 by a hash of the content.
    count : int, optional
        So many pictures at most.
    size : int
        Pixels.
    seed : int
        Draws the order and which pictures.

    Raises
    ------
    DataError
        No picture has a usable box.
    """
    found = pairs(tree)
    if not found:
        return None
    classes = _classes(tree, found)
    chosen = _of_split(tree, found, split)
    order = balanced(np.zeros(len(chosen)), count, np.random.default_rng(seed))
    files = [tree.root / chosen[place][0] for place in order]
    notes = [read_annotation(tree.root / chosen[place][1]) for place in order]
    index = {name: place for place, name in enumerate(classes)}
    images, boxes, labels = [], [], []
    flaws: list[tuple[Path, str]] = []
    dropped, clipped, without = 0, 0, 0
    with (
        quietly_unless_terminal(),
        Bar(len(files), "Reading pictures") as bar,
        ThreadPoolExecutor() as pool,
    ):
        for start in range(0, len(files), _TOGETHER):
            part = slice(start, start + _TOGETHER)
            jobs = pool.map(_picture, files[part], notes[part], [size] * len(files[part]))
            for file, note, (image, own, why) in zip(files[part], notes[part], jobs, strict=True):
                if note is None:
                    why = why or "has an XML file that can't be read"
                if why:
                    flaws.append((file, why))
                    continue
                inside, kept, cut = _clipped(note.boxes, own)
                dropped, clipped = dropped + int((~kept).sum()), clipped + int((cut & kept).sum())
                if not kept.any():
                    without += 1
                    continue
                scale = np.tile(np.array(image.shape[1::-1], np.float32) / own, 2)
                images.append(image)
                boxes.append((inside[kept] * scale).astype(np.float32))
                names = [name for name, keep in zip(note.names, kept, strict=True) if keep]
                labels.append(np.array([index[species_of(n) or n] for n in names], np.int32))
            bar.update(len(files[part]))
    say_flaws(tree.root, flaws, len(files))
    say_boxes(tree.root, dropped, clipped, without)
    if not images:
        raise DataError(
            f"No picture of the {split} part of {tree.root} has a box with an area: draw boxes "
            "with a program such as labelImg, or set COURSE_SOURCE to another folder."
        )
    return Scenes(images, boxes, labels, class_names=classes, source=str(tree.root))


def voc_pets(tree: Tree, split: str) -> Listing | None:
    """List the pictures with exactly one object that is a cat or a dog; None where there are none.

    Boxes count as head boxes where the XML file says that they are Oxford-IIIT Pet's.
    """
    files, species, boxes, heads = [], [], [], False
    for picture, xml in _of_split(tree, pairs(tree), split):
        note = read_annotation(tree.root / xml)
        if note is None or len(note.names) != 1 or not species_of(note.names[0]):
            continue
        files.append(tree.root / picture)
        species.append(SPECIES.index(species_of(note.names[0])))
        heads = heads or note.heads
        usable = note.heads and (note.boxes[:, 2:] > note.boxes[:, :2]).all()
        boxes.append(note.boxes[0] if usable else np.full(4, np.nan, np.float32))
    if not files:
        return None
    return Listing(
        root=tree.root,
        files=files,
        species=np.array(species, np.int32),
        head_box=np.array(boxes, np.float32) if heads else None,
        upright=not heads,
    )


def _of_split(
    tree: Tree, found: list[tuple[PurePosixPath, PurePosixPath]], split: str
) -> list[tuple[PurePosixPath, PurePosixPath]]:
    parts = split_folders({picture.parts[0] for picture, _ in found})
    if parts:
        top = parts[0] if split == "train" else parts[1]
        return [pair for pair in found if pair[0].parts[0] == top]
    shares = content_shares([tree.root / picture for picture, _ in found])
    inside = in_split(shares, split)
    return [pair for pair, keep in zip(found, inside, strict=True) if keep]


def _classes(tree: Tree, found: list[tuple[PurePosixPath, PurePosixPath]]) -> tuple[str, ...]:
    """Name the classes of both splits, cat and dog first where there is nothing else."""
    names = set()
    for _, xml in found:
        note = read_annotation(tree.root / xml)
        names |= {species_of(name) or name for name in note.names} if note else set()
    return SPECIES if names and names <= set(SPECIES) else tuple(sorted(names, key=str.lower))


def _picture(
    file: Path, note: Annotation | None, size: int
) -> tuple[np.ndarray | None, tuple[int, int], str]:
    """Read a picture, its own width and height, and what is wrong with it."""
    try:
        data = file.read_bytes()
    except OSError as error:
        return None, (0, 0), f"can't be opened ({error.strerror})"
    # some programs draw boxes on the picture as it is stored, some as the camera was held
    upright = note is None or note.size != jpeg_size(data)
    image = decode(data, enough=size, upright=upright)
    if image is None:
        return None, (0, 0), flaw(data)
    return shrink(image, size), own_size(data, image), ""


def _clipped(boxes: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clip boxes to a picture; which have an area then, and which were clipped."""
    limit = np.tile(np.array(size, np.float32), 2)
    inside = np.clip(boxes, 0, limit)
    kept = (inside[:, 2:] > inside[:, :2]).all(axis=1)
    return inside, kept, (inside != boxes).any(axis=1)


def say_boxes(root: Path, dropped: int = 0, clipped: int = 0, without: int = 0) -> None:
    """Print one sentence on boxes that can't be used; nothing where there are none."""
    said = []
    if dropped:
        said.append(f"{dropped:,} boxes without area or outside their picture are dropped")
    if clipped:
        said.append(f"{clipped:,} boxes that reach outside are clipped")
    if without:
        said.append(f"{without:,} pictures without a usable box are left out")
    if said:
        print(f"In {root} {', '.join(said)}: mend them in their XML files, or go on.")


def _whole(text: str | None) -> int:
    try:
        return int(float(text or 0))
    except ValueError:
        return 0
