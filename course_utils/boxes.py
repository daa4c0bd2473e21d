"""Boxes in NumPy: overlap, coding, non-maximum suppression, anchors, matching.

A box is (x1, y1, x2, y2) in pixels, float32, in continuous coordinates: the picture spans
0 to width and 0 to height, pixel (i, j) covers [j, j + 1] × [i, i + 1], and a box is x2 - x1
wide. Older detectors name the first and the last pixel instead, so that a box is x2 - x1 + 1 wide;
mixing the two shifts every overlap (`base_anchors` says how to get from theirs to ours).

A box without area (x2 <= x1, y2 <= y1, or NaN somewhere) overlaps nothing.
"""

from __future__ import annotations

import math

import numpy as np

LARGEST_GROWTH = math.log(1000 / 16)  # a box may grow to 62.5 times its anchor, no further
BLOCK = 128  # boxes that suppression looks at together


def area(boxes: np.ndarray) -> np.ndarray:
    """Width times height, in square pixels; 0 for a box without area.

    Parameters
    ----------
    boxes : array (N, 4)

    Returns
    -------
    array (N,) float32
    """
    boxes = _rows(boxes)
    sides = boxes[:, 2:] - boxes[:, :2]
    return np.where((sides > 0).all(axis=1), sides[:, 0] * sides[:, 1], np.float32(0))


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of every box of `a` with every box of `b`.

    Parameters
    ----------
    a : array (N, 4)
    b : array (M, 4)

    Returns
    -------
    array (N, M) float32
        From 0 to 1; 0 wherever a box has no area.
    """
    a, b = _rows(a), _rows(b)
    area_a, area_b = area(a)[:, None], area(b)[None, :]
    wide = np.minimum(a[:, None, 2], b[:, 2]) - np.maximum(a[:, None, 0], b[:, 0])
    high = np.minimum(a[:, None, 3], b[:, 3]) - np.maximum(a[:, None, 1], b[:, 1])
    shared = np.maximum(wide, 0) * np.maximum(high, 0)
    union = area_a + area_b - shared
    met = (area_a > 0) & (area_b > 0)
    return np.divide(shared, union, out=np.zeros_like(union), where=met)


def clip(boxes: np.ndarray, height: float, width: float) -> np.ndarray:
    """Cut boxes off at the border of a picture; one that lies outside keeps no area.

    Parameters
    ----------
    boxes : array (N, 4)
    height, width : float
        Of the picture, in pixels.

    Returns
    -------
    array (N, 4) float32
    """
    return np.clip(_rows(boxes), 0, np.float32([width, height, width, height]))


def encode(boxes: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Where each box lies, told from its anchor: what a network learns to answer.

    tx = (x - xa) / wa, ty = (y - ya) / ha, tw = log(w / wa), th = log(h / ha) for centres (x, y)
    and sides w, h (Girshick et al., CVPR 2014, appendix C; Ren et al., NeurIPS 2015, equation 2).

    Parameters
    ----------
    boxes, anchors : array (N, 4)
        Row by row. Each with an area: choose the rows first, ``boxes.area(truth) > 0``.

    Returns
    -------
    array (N, 4) float32
        (tx, ty, tw, th), without unit; zeros where box and anchor are the same.

    Raises
    ------
    ValueError
        A box or an anchor has no area (its logarithm would be infinite), or the shapes differ.
    """
    boxes, anchors = _rows(boxes), _rows(anchors)
    _same_length(boxes, anchors)
    for name, rows in (("box", boxes), ("anchor", anchors)):
        empty = np.flatnonzero(area(rows) <= 0)
        if len(empty):
            where = f"{name} {empty[0]} is {rows[empty[0]].tolist()}"
            raise ValueError(f"The {where}, without area: leave out such rows before encoding.")
    centres, sides = _centres(boxes)
    anchor_centres, anchor_sides = _centres(anchors)
    shifts = (centres - anchor_centres) / anchor_sides
    return np.concatenate([shifts, np.log(sides / anchor_sides)], axis=1)


def decode(deltas: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Boxes from what a network answers: the inverse of `encode`.

    tw and th above log(1000 / 16) count as that, so that no answer of an untrained network becomes
    infinite.

    Parameters
    ----------
    deltas : array (N, 4)
        (tx, ty, tw, th).
    anchors : array (N, 4)

    Returns
    -------
    array (N, 4) float32
        Not clipped to any picture.
    """
    deltas, anchors = _rows(deltas), _rows(anchors)
    _same_length(deltas, anchors)
    anchor_centres, anchor_sides = _centres(anchors)
    centres = deltas[:, :2] * anchor_sides + anchor_centres
    half = np.exp(np.minimum(deltas[:, 2:], LARGEST_GROWTH)) * anchor_sides / 2
    return np.concatenate([centres - half, centres + half], axis=1)


def nms(
    boxes: np.ndarray, scores: np.ndarray, threshold: float, limit: int | None = None
) -> np.ndarray:
    """Non-maximum suppression: the best box stays, those that overlap it more go, and so on.

    Answers as `tf.image.non_max_suppression` does: an overlap of exactly `threshold` stays; of
    equal scores the earlier box comes first.

    Parameters
    ----------
    boxes : array (N, 4)
    scores : array (N,)
    threshold : float
        The largest IoU that two boxes may keep.
    limit : int, optional
        So many at most.

    Returns
    -------
    array (K,) int64
        Indices into `boxes`, by falling score.
    """
    boxes = _rows(boxes)
    scores = np.asarray(scores, np.float64).ravel()
    _same_length(boxes, scores)
    threshold = float(threshold)  # compared in float32, as TensorFlow does
    order = np.argsort(-scores, kind="stable")
    kept = np.zeros(0, np.int64)
    while len(order) and (limit is None or len(kept) < limit):
        # a block at a time: few calls of NumPy, and no table of all pairs
        block, order = order[:BLOCK], order[BLOCK:]
        rivals = iou(boxes[block], boxes[block]) > threshold
        alive = np.ones(len(block), bool)
        for i in range(len(block)):
            if alive[i]:
                alive[i + 1 :] &= ~rivals[i, i + 1 :]
        block = block[alive]
        kept = np.concatenate([kept, block])
        order = order[(iou(boxes[block], boxes[order]) <= threshold).all(axis=0)]
    return kept[:limit]


def nms_per_class(
    boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, threshold: float
) -> np.ndarray:
    """`nms` among the boxes of each class by itself: a dog does not suppress the cat beside it.

    Parameters
    ----------
    boxes : array (N, 4)
    scores : array (N,)
    labels : array (N,) int
    threshold : float
        The largest IoU that two boxes of one class may keep.

    Returns
    -------
    array (K,) int64
        Indices into `boxes`, by falling score over all classes.
    """
    boxes = _rows(boxes)
    scores, labels = np.asarray(scores, np.float64).ravel(), np.asarray(labels).ravel()
    _same_length(boxes, scores)
    _same_length(boxes, labels)
    kept = np.zeros(len(boxes), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        kept[members[nms(boxes[members], scores[members], threshold)]] = True
    order = np.argsort(-scores, kind="stable")
    return order[kept[order]]


def base_anchors(
    base: int = 16,
    ratios: tuple[float, ...] = (0.5, 1, 2),
    scales: tuple[float, ...] = (8, 16, 32),
) -> np.ndarray:
    """The table of anchors as it was published with Faster R-CNN (Ren et al., NeurIPS 2015).

    Its numbers name pixels, the first one is 1, and both ends belong to the box: (-83, -39, 100,
    56) is 184 × 96 pixels. Minus (1, 1, 0, 0) they are boxes in our coordinates, around the centre
    (base / 2, base / 2) of the map's first cell. Sides are rounded before they are scaled, so
    shapes are near `ratios` only.

    Parameters
    ----------
    base : int
        Side of a cell of the feature map, in pixels: its stride.
    ratios : tuple of float
        Height / width.
    scales : tuple of float
        Side of a square anchor in cells.

    Returns
    -------
    array (A, 4) float32
        In the published convention, scales running faster than ratios.
    """
    widths = np.floor(np.sqrt(base**2 / np.asarray(ratios, np.float64)) + 0.5)
    heights = np.floor(widths * ratios + 0.5)
    sides = np.stack([widths, heights], axis=1)[:, None] * np.reshape(scales, (-1, 1))
    sides = sides.reshape(-1, 2)
    centre = (base + 1) / 2
    ends = [centre - (sides - 1) / 2, centre + (sides - 1) / 2]
    return np.concatenate(ends, axis=1).astype(np.float32)


def anchors(
    height: int, width: int, stride: float, sizes: tuple[float, ...], ratios: tuple[float, ...]
) -> np.ndarray:
    """Anchors over a feature map: the same shapes around the centre of each of its cells.

    Parameters
    ----------
    height, width : int
        Of the feature map.
    stride : float
        Pixels of the picture from one cell to the next; cell i is centred at (i + 1/2) stride.
    sizes : tuple of float
        Square roots of the anchors' areas, in pixels.
    ratios : tuple of float
        Height / width.

    Returns
    -------
    array (height * width * A, 4) float32
        A = len(ratios) * len(sizes); row by row of the map, in it column by column, at each cell
        all anchors, sizes running faster than ratios: the order of a (H, W, A * 4) answer
        reshaped to (-1, 4).
    """
    roots = np.sqrt(np.asarray(ratios, np.float64))[:, None]
    sides = np.stack([sizes / roots, sizes * roots], axis=-1).reshape(-1, 2)
    shapes = np.concatenate([-sides / 2, sides / 2], axis=1)
    y, x = np.meshgrid(np.arange(height) + 0.5, np.arange(width) + 0.5, indexing="ij")
    centres = np.stack([x, y, x, y], axis=-1).reshape(-1, 1, 4) * stride
    return (centres + shapes).reshape(-1, 4).astype(np.float32)


def match(
    anchors: np.ndarray, truth: np.ndarray, positive: float = 0.7, negative: float = 0.3
) -> tuple[np.ndarray, np.ndarray]:
    """Which anchors (or proposals) count as object, which as background, which not at all.

    An anchor is positive where it overlaps a true box by `positive` or more, or where no other
    anchor overlaps that box more (all of them where several are equal): so a box that no anchor
    fits still has one. It is negative where it overlaps every box by less than `negative` (Ren et
    al., NeurIPS 2015, section 3.1.2). A box that overlaps no anchor at all makes none positive.

    Parameters
    ----------
    anchors : array (N, 4)
    truth : array (M, 4)
        M may be 0; boxes without area are matched by nothing.
    positive, negative : float
        IoU. With both equal nothing is ignored.

    Returns
    -------
    labels : array (N,) int32
        1 object, 0 background, -1 ignored.
    matched : array (N,) int64
        The true box that the anchor overlaps most; 0 where it overlaps none, so of use only where
        labels is 1: ``encode(truth[matched[labels == 1]], anchors[labels == 1])``.
    """
    overlap = iou(anchors, truth)
    if overlap.shape[1] == 0:
        return np.zeros(len(overlap), np.int32), np.zeros(len(overlap), np.int64)
    matched = overlap.argmax(axis=1)
    most = overlap.max(axis=1)
    labels = np.where(most < negative, 0, -1).astype(np.int32)
    best = (overlap == overlap.max(axis=0, initial=0)) & (overlap > 0)
    labels[best.any(axis=1) | ((most >= positive) & (most > 0))] = 1
    return labels, matched


def sample(
    labels: np.ndarray, count: int, positive_share: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw a mini-batch of anchors or proposals, without one coming twice.

    At most ``count * positive_share`` positives (rounded down), then negatives up to `count`:
    where positives are few, negatives take their places; where both are few, fewer come.

    Parameters
    ----------
    labels : array (N,) int
        Above 0 object (1, or its class), 0 background, below 0 never drawn.
    count : int
    positive_share : float
        From 0 to 1: 1/2 for anchors (Ren et al. 2015), 1/4 for Fast R-CNN (Girshick 2015).
    rng : numpy.random.Generator

    Returns
    -------
    array (K,) int64
        K <= count indices, the positives first.
    """
    labels = np.asarray(labels)
    positives, negatives = np.flatnonzero(labels > 0), np.flatnonzero(labels == 0)
    positives = rng.permutation(positives)[: int(count * positive_share)]
    negatives = rng.permutation(negatives)[: count - len(positives)]
    return np.concatenate([positives, negatives])


def _rows(boxes: np.ndarray) -> np.ndarray:
    boxes = np.asarray(boxes, np.float32)
    if boxes.size == 0:
        return boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"Boxes have the shape {boxes.shape}; expected (N, 4), one row a box.")
    return boxes


def _centres(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sides = boxes[:, 2:] - boxes[:, :2]
    return boxes[:, :2] + sides / 2, sides


def _same_length(one: np.ndarray, other: np.ndarray) -> None:
    if len(one) != len(other):
        raise ValueError(f"There are {len(one)} rows here and {len(other)} there; one for one.")
