"""Selective search: boxes that may hold an object, from regions that grow together.

Uijlings, van de Sande, Gevers, Smeulders: Selective Search for Object Recognition, IJCV 2013, in
its "fast" mode: two colour spaces, two sizes of the first regions, two sets of similarities. The
first regions are those of Felzenszwalb and Huttenlocher, Efficient Graph-Based Image Segmentation,
IJCV 2004, as scikit-image has it. Lesson 18 builds all of it step by step.
"""

from __future__ import annotations

import dataclasses
import hashlib
import heapq
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from course_utils import runtime
from course_utils.data.cache import cached_arrays
from course_utils.progress import Bar

# raised whenever the boxes change, so that no cache of older ones is read
VERSION = 1
SHIPPED = runtime.SHIPPED / "proposals" / "training_scenes.npz"
_FEW = 10  # fewer pictures are done sooner than a process starts
_STRIDE = 5  # pictures between two signs of life

Strategy = tuple[float, float, float, float]

COLOUR_BINS = 25
TEXTURE_BINS = 10
DIRECTIONS = 8
SMOOTHING = 0.8
# sizes are the paper's, for its pictures of 500 by 375 pixels
PAPER_SIDE = float(np.sqrt(500 * 375))
SCALES = (50, 100)
SMALLEST = 20
SPACES = (cv2.COLOR_RGB2HSV_FULL, cv2.COLOR_RGB2LAB)
# colour, texture, size, fill
STRATEGIES = ((1, 1, 1, 1), (0, 1, 1, 1))


@dataclasses.dataclass(frozen=True)
class Regions:
    """Regions of a picture and what tells them apart.

    Attributes
    ----------
    sizes : array (n,) float64
        Pixels.
    boxes : array (n, 4) int64
        (x1, y1, x2, y2), the smallest that hold the region; x2 and y2 are one past the last pixel.
    colours : array (n, 75) float32
        25 bins for each of 3 channels; each row sums to 1.
    textures : array (n, 240) float32
        10 bins for each of 8 directions of 3 channels; each row sums to 1.
    """

    sizes: np.ndarray
    boxes: np.ndarray
    colours: np.ndarray
    textures: np.ndarray


def selective_search(image: np.ndarray, *, most: int | None = None, seed: int = 0) -> np.ndarray:
    """Return boxes that may hold an object, the likeliest first.

    The sizes of the first regions and the smallest box are scaled to the picture's size.
    Takes about 0.1 s for 128 by 128 pixels.

    Parameters
    ----------
    image : array (H, W, 3) uint8
        RGB, 1 by 1 pixels or more.
    most : int, optional
        So many boxes at most.
    seed : int
        Draws the random part of the order (paper, section 4.4).

    Returns
    -------
    array (N, 4) float32
        (x1, y1, x2, y2) in pixels inside the picture, each once; the whole picture among them,
        unless `most` cuts it off.

    Raises
    ------
    ValueError
        The picture has another shape or type.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(
            f"The picture is {image.shape} {image.dtype}; expected (H, W, 3) uint8, RGB."
        )
    rng = np.random.default_rng(seed)
    boxes, ranks = [], []
    for space in SPACES:
        converted = cv2.cvtColor(image, space)
        bins = pixel_bins(converted)
        for scale in SCALES:
            labels = segment(converted, scaled(scale, image.shape))
            regions, pairs = describe(labels, *bins), neighbours(labels)
            for strategy in STRATEGIES:
                grown = group(regions, pairs, strategy, labels.size)
                # 1 for the last region, which is the whole picture
                place = np.arange(len(grown), 0, -1)
                boxes.append(grown)
                ranks.append(place * rng.random(len(grown)))
    return _best_once(np.concatenate(boxes), np.concatenate(ranks), image.shape)[:most]


def propose(images: Sequence[np.ndarray], most: int) -> list[np.ndarray]:
    """Search many pictures, on all cores; what was searched before comes from a file.

    That is the cache, or `SHIPPED` for the drawn training scenes of lessons 18 and 19.

    Parameters
    ----------
    images : sequence of arrays (H, W, 3) uint8
        Of any sizes.
    most : int
        So many boxes a picture at most.

    Returns
    -------
    list of arrays (N, 4) float32
        As `selective_search` returns them.
    """
    name = _name(images, most)
    with np.load(SHIPPED) as file:
        kept = dict(file) if str(file["name"]) == name else None
    if kept is None:
        kept = cached_arrays(name, lambda: _pack(_search_all(list(images), most)))
    boxes = kept["boxes"].astype(np.float32, copy=False)
    return np.split(boxes, np.cumsum(kept["counts"])[:-1]) if len(images) else []


def ship(images: Sequence[np.ndarray], most: int) -> None:
    """Search many pictures and write `SHIPPED`; corners are whole numbers, 255 at most."""
    found = _pack(_search_all(list(images), most))
    np.savez_compressed(
        SHIPPED,
        name=_name(images, most),
        boxes=found["boxes"].astype(np.uint8),
        counts=found["counts"],
    )


def _name(images: Sequence[np.ndarray], most: int) -> str:
    """Say everything that the proposals depend on."""
    content = hashlib.sha256()
    for image in images:
        content.update(repr(image.shape).encode())
        content.update(np.ascontiguousarray(image))
    return f"proposals {most} of {len(images)} pictures v{VERSION} {content.hexdigest()}"


def _pack(found: list[np.ndarray]) -> dict[str, np.ndarray]:
    boxes = np.concatenate([np.zeros((0, 4), np.float32), *found])
    return {"boxes": boxes, "counts": np.array([len(part) for part in found], np.int64)}


def _search_all(images: list[np.ndarray], most: int) -> list[np.ndarray]:
    if len(images) < _FEW:
        return [selective_search(image, most=most) for image in images]
    workers = min(os.cpu_count() or 1, 8)
    found: list = [None] * len(images)
    signs: queue.Queue[int] = queue.Queue()
    errors: list[Exception] = []

    def run(first: int) -> None:
        try:
            # every so-manieth, so that all workers end at about the same time
            found[first::workers] = _one_process(images[first::workers], most, signs)
        except Exception as error:
            errors.append(error)
        signs.put(-1)

    for first in range(workers):
        threading.Thread(target=run, args=(first,)).start()
    ended = 0
    with Bar(len(images), "Selective search") as bar:
        while ended < workers:
            sign = signs.get()
            ended += sign < 0
            bar.update(max(sign, 0))
    if errors:
        raise errors[0]
    return found


def _one_process(images: list[np.ndarray], most: int, signs: queue.Queue[int]) -> list[np.ndarray]:
    """Search in a new process: a fork after TensorFlow has run hangs, threads hold each other."""
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder, "given.npz"), Path(folder, "answer.npz")
        np.savez(given, *images)
        command = [sys.executable, "-m", "course_utils.selective_search"]
        process = subprocess.Popen(
            [*command, str(given), str(answer), str(most)], stderr=subprocess.PIPE, text=True
        )
        said = []
        for line in process.stderr:
            if line == "\n":
                signs.put(_STRIDE)
            else:
                said.append(line)
        if process.wait() != 0:
            raise RuntimeError(f"Selective search stopped: {''.join(said[-3:]).strip()}")
        signs.put(len(images) % _STRIDE)
        with np.load(answer) as kept:
            return np.split(kept["boxes"], np.cumsum(kept["counts"])[:-1])


def _worker(given: str, answer: str, most: str) -> None:
    cv2.setNumThreads(1)  # one process a core already
    found = []
    with np.load(given) as images:
        for name in images.files:
            found.append(selective_search(images[name], most=int(most)))
            if len(found) % _STRIDE == 0:
                print(file=sys.stderr, flush=True)
    np.savez(answer, **_pack(found))


def scaled(length: float, shape: tuple[int, ...]) -> float:
    """Scale a size in pixels from the paper's pictures to one of `shape` (H, W, …)."""
    return length * np.sqrt(shape[0] * shape[1]) / PAPER_SIDE


def segment(image: np.ndarray, scale: float) -> np.ndarray:
    """Part a picture into connected regions of alike pixels (Felzenszwalb and Huttenlocher).

    Parameters
    ----------
    image : array (H, W, C) uint8
    scale : float
        k of the paper: the larger, the larger the regions; also the smallest region in pixels.

    Returns
    -------
    array (H, W) int64
        Labels 0 … n - 1.
    """
    from skimage.segmentation import felzenszwalb

    return felzenszwalb(image, scale=scale, sigma=SMOOTHING, min_size=max(round(scale), 1))


def pixel_bins(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort each pixel's colour and texture into the bins of histograms.

    Texture is the slope in eight directions, by Gaussian derivatives with σ = 1, its negative part
    cut off: a slope down to the left is one up to the right. Each channel's largest slope is the
    upper end of its bins.

    Parameters
    ----------
    image : array (H, W, 3) uint8
        Values from 0 to 255 in each channel, hue too.

    Returns
    -------
    colour : array (H * W, 3) int64
        Bins 0 … 74.
    texture : array (H * W, 24) int64
        Bins 0 … 239.
    """
    colour = image.reshape(-1, 3).astype(np.int64) * COLOUR_BINS // 256
    smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1.0)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=1)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=1)
    angles = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
    turns = np.stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    slopes = np.stack([across, down], axis=-1).reshape(-1, 3, 2) @ turns
    top = slopes.max(axis=(0, 2), keepdims=True)
    texture = slopes * (TEXTURE_BINS / np.maximum(top, 1e-6))
    texture = np.clip(texture, 0, TEXTURE_BINS - 1).astype(np.int64).reshape(len(colour), -1)
    return (
        colour + COLOUR_BINS * np.arange(3),
        texture + TEXTURE_BINS * np.arange(3 * DIRECTIONS),
    )


def describe(labels: np.ndarray, colour: np.ndarray, texture: np.ndarray) -> Regions:
    """Measure each region: size, box, histograms of colour and texture.

    Parameters
    ----------
    labels : array (H, W) int
        0 … n - 1, each at least once.
    colour, texture : arrays
        As `pixel_bins` returns them.
    """
    flat = labels.ravel()
    sizes = np.bincount(flat)
    count = len(sizes)

    def histograms(bins: np.ndarray, width: int) -> np.ndarray:
        where = (flat[:, None] * width + bins).ravel()
        counted = np.bincount(where, minlength=count * width).reshape(count, width)
        # float32 halves the time that grouping takes to read them
        return (counted / counted.sum(axis=1, keepdims=True)).astype(np.float32)

    rows, columns = np.divmod(np.arange(labels.size), labels.shape[1])
    boxes = np.empty((count, 4), np.int64)
    boxes[:, :2] = labels.size
    boxes[:, 2:] = 0
    for side, place in ((0, columns), (1, rows)):
        np.minimum.at(boxes[:, side], flat, place)
        np.maximum.at(boxes[:, side + 2], flat, place + 1)
    return Regions(
        sizes=sizes.astype(np.float64),
        boxes=boxes,
        colours=histograms(colour, 3 * COLOUR_BINS),
        textures=histograms(texture, 3 * DIRECTIONS * TEXTURE_BINS),
    )


def neighbours(labels: np.ndarray) -> np.ndarray:
    """Return the pairs of regions that touch: some pixel of one lies beside or below the other's.

    Returns
    -------
    array (P, 2) int64
        The smaller label first, each pair once.
    """
    sides = [(labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])]
    touching = np.concatenate([np.stack([a[a != b], b[a != b]], axis=1) for a, b in sides])
    touching.sort(axis=1)
    coded = np.unique(touching[:, 0] * (labels.max() + 1) + touching[:, 1])
    return np.stack(np.divmod(coded, labels.max() + 1), axis=1)


def similarity(
    regions: Regions, i: np.ndarray, j: np.ndarray | int, strategy: Strategy, whole: int
) -> np.ndarray:
    """How alike regions `i` and `j` are in colour, texture, size and fill (equations 1 to 4).

    Parameters
    ----------
    regions : Regions
    i : array (P,) int
    j : array (P,) int, or one int
    strategy : four numbers
        Weights of colour, texture, size and fill.
    whole : int
        Pixels of the picture.

    Returns
    -------
    array (P,) float64
        The weighted sum of four numbers from 0 to 1.
    """
    colour, texture, size, fill = strategy
    together = regions.sizes[i] + regions.sizes[j]
    alike = size * (1 - together / whole)
    if colour:
        alike += colour * np.minimum(regions.colours[i], regions.colours[j]).sum(axis=1)
    if texture:
        alike += texture * np.minimum(regions.textures[i], regions.textures[j]).sum(axis=1)
    if fill:
        box = _around(regions.boxes[i], regions.boxes[j])
        width, height = (box[:, 2:] - box[:, :2]).T
        alike += fill * (1 - (width * height - together) / whole)
    return alike


def group(regions: Regions, pairs: np.ndarray, strategy: Strategy, whole: int) -> np.ndarray:
    """Merge the two most alike neighbours until one region is left.

    Parameters
    ----------
    regions : Regions
    pairs : array (P, 2) int
        Which of them touch.
    strategy : four numbers
        Weights of colour, texture, size and fill.
    whole : int
        Pixels of the picture.

    Returns
    -------
    array (2n - 1, 4) int64
        The boxes of all regions that ever were, in the order in which they came to be.
    """
    count = len(regions.sizes)
    # room for those to come
    grown = Regions(*(_with_room(column, count - 1) for column in dataclasses.astuple(regions)))
    touching: list[set[int]] = [set() for _ in range(2 * count - 1)]
    for i, j in pairs.tolist():
        touching[i].add(j)
        touching[j].add(i)
    alike = similarity(grown, pairs[:, 0], pairs[:, 1], strategy, whole)
    queue = [(-s, i, j) for s, (i, j) in zip(alike.tolist(), pairs.tolist(), strict=True)]
    heapq.heapify(queue)
    gone = np.zeros(2 * count - 1, bool).tolist()
    for new in range(count, 2 * count - 1):
        _, i, j = heapq.heappop(queue)
        while gone[i] or gone[j]:
            _, i, j = heapq.heappop(queue)
        gone[i] = gone[j] = True
        _merge(grown, i, j, new)
        touching[new] = (touching[i] | touching[j]) - {i, j}
        for other in touching[new]:
            touching[other].difference_update((i, j))
            touching[other].add(new)
        others = sorted(touching[new])
        alike = similarity(grown, np.array(others, np.int64), new, strategy, whole)
        for s, other in zip(alike.tolist(), others, strict=True):
            heapq.heappush(queue, (-s, other, new))
    return grown.boxes


def _with_room(column: np.ndarray, more: int) -> np.ndarray:
    return np.concatenate([column, np.zeros((more, *column.shape[1:]), column.dtype)])


def _merge(regions: Regions, i: int, j: int, new: int) -> None:
    """Write the union of `i` and `j` into row `new`; its histograms are those of all its pixels."""
    sizes = regions.sizes
    sizes[new] = sizes[i] + sizes[j]
    share = sizes[i] / sizes[new]
    regions.boxes[new] = _around(regions.boxes[i], regions.boxes[j])
    for histograms in (regions.colours, regions.textures):
        histograms[new] = share * histograms[i] + (1 - share) * histograms[j]


def _around(box: np.ndarray, other: np.ndarray) -> np.ndarray:
    around = np.minimum(box, other)
    np.maximum(box[..., 2:], other[..., 2:], out=around[..., 2:])
    return around


def _best_once(boxes: np.ndarray, ranks: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Order boxes by rank, each once, without those with a side that is too short."""
    smallest = scaled(SMALLEST, shape)
    sides = boxes[:, 2:] - boxes[:, :2]
    large = (sides >= smallest).all(axis=1) | (sides == shape[1::-1]).all(axis=1)
    order = np.argsort(ranks[large], kind="stable")
    boxes = boxes[large][order]
    _, first = np.unique(boxes, axis=0, return_index=True)
    return boxes[np.sort(first)].astype(np.float32)


if __name__ == "__main__":
    _worker(*sys.argv[1:])
