"""Measures in NumPy: of generated pictures, and of detections."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_utils import boxes as boxes_

Detections = Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]
Truth = Sequence[tuple[np.ndarray, np.ndarray]]


def frechet_distance(features: np.ndarray, others: np.ndarray) -> float:
    """How far two sets of features lie apart, each taken for a Gaussian cloud.

    |m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^½) for the means m and the covariances C: 0 for equal
    clouds, in squared units of the features (Dowson and Landau, Journal of Multivariate Analysis
    1982). With features of an Inception network it is the FID of Heusel et al., NeurIPS 2017. It
    falls with the number of pictures, so compare sets of equal sizes only.

    Parameters
    ----------
    features, others : array (N, D) and (M, D)
        One row a picture; N and M at least 2, and well above D to be of use.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        The arrays have other shapes.
    """
    first, second = (np.asarray(rows, np.float64) for rows in (features, others))
    matrices = first.ndim == second.ndim == 2 and min(len(first), len(second)) >= 2
    if not matrices or first.shape[1] != second.shape[1]:
        raise ValueError(
            f"The features are {first.shape} and {second.shape}; expected (N, D) and (M, D) with "
            "at least two rows each."
        )
    apart = np.sum((first.mean(axis=0) - second.mean(axis=0)) ** 2)
    c1, c2 = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (first, second))
    # (C1 C2)^½ has the trace of (C1^½ C2 C1^½)^½, whose argument is symmetric: no complex numbers
    values, vectors = np.linalg.eigh(c1)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    shared = np.linalg.eigvalsh(root @ c2 @ root)
    return float(apart + np.trace(c1) + np.trace(c2) - 2 * np.sqrt(np.maximum(shared, 0)).sum())


def effective_classes(labels: np.ndarray, classes: int) -> float:
    """How many classes the labels cover, each counted by how often it comes.

    exp(-Σ p log p) for the shares p, the exponential of their entropy (Hill, Ecology 1973):
    `classes` where all are equally often, 1 where one is all there is.

    Parameters
    ----------
    labels : array (N,) int
        From 0 to `classes` - 1; at least one.
    classes : int

    Returns
    -------
    float
    """
    shares = np.bincount(labels, minlength=classes) / len(labels)
    if len(shares) > classes:
        raise ValueError(f"A label is {len(shares) - 1}; with {classes} classes it can't be.")
    seen = shares[shares > 0]
    return float(np.exp(-np.sum(seen * np.log(seen))))


def average_precision(detections: Detections, truth: Truth, label: int, iou: float = 0.5) -> float:
    """How well the objects of one class are found, over all thresholds of the score at once.

    Detections are taken by falling score, over all pictures. One is right if it overlaps an object
    of its class by `iou` or more that no better one has claimed (of several such objects, the one
    it overlaps most); else it is wrong, so of two boxes around one cat the second is wrong.
    Precision, made to fall with recall, is averaged at the recalls 0, 0.01 … 1: the measure of
    COCO (Lin et al., ECCV 2014; `pycocotools`) at one overlap and without its limit of 100
    detections a picture.

    Parameters
    ----------
    detections : list of (boxes (K, 4), scores (K,), labels (K,)), one a picture
        Any K, 0 as well. Of equal scores the earlier one counts as the better one.
    truth : list of (boxes (M, 4), labels (M,)), one a picture
        A box without area counts as an object that nothing can find.
    label : int
        The class.
    iou : float
        Above 0.

    Returns
    -------
    float
        From 0 to 1; NaN if no picture has an object of this class.

    Raises
    ------
    ValueError
        There are more pictures in one list than in the other.
    """
    if len(detections) != len(truth):
        raise ValueError(
            f"There are detections for {len(detections)} pictures and the truth of {len(truth)}; "
            "both lists need one entry for each picture, an empty one where nothing is."
        )
    scores, right, objects = [np.zeros(0)], [np.zeros(0, bool)], 0
    for found, (true_boxes, true_labels) in zip(detections, truth, strict=True):
        own, true_own = np.equal(found[2], label), np.equal(true_labels, label)
        objects += np.count_nonzero(true_own)
        found_scores = np.asarray(found[1], np.float64)[own]
        order = np.argsort(-found_scores, kind="stable")
        scores.append(found_scores[order])
        overlap = boxes_.iou(np.asarray(found[0])[own][order], np.asarray(true_boxes)[true_own])
        right.append(_claims(overlap, iou))
    if objects == 0:
        return float("nan")
    order = np.argsort(-np.concatenate(scores), kind="stable")
    hits = np.cumsum(np.concatenate(right)[order])
    precision = hits / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(hits / objects, np.linspace(0, 1, 101))
    return float(np.append(precision, 0.0)[at].mean())  # 0 at a recall that is never reached


def mean_average_precision(detections: Detections, truth: Truth, iou: float = 0.5) -> float:
    """The mean of `average_precision` over the classes that the truth has ("mAP").

    Parameters
    ----------
    detections : list of (boxes (K, 4), scores (K,), labels (K,)), one a picture
    truth : list of (boxes (M, 4), labels (M,)), one a picture
        For scenes: ``list(zip(scenes.boxes, scenes.labels))``.
    iou : float
        Above 0.

    Returns
    -------
    float
        From 0 to 1; NaN if there is no object in any picture.

    Raises
    ------
    ValueError
        There are more pictures in one list than in the other.
    """
    classes = sorted({int(label) for _, labels in truth for label in labels})
    if not classes:
        return float("nan")
    each = [average_precision(detections, truth, label, iou) for label in classes]
    return float(np.mean(each))


def recall(proposals: Sequence[np.ndarray], truth: Sequence[np.ndarray], iou: float = 0.5) -> float:
    """Which share of the true boxes some proposal of their picture overlaps by `iou` or more.

    Parameters
    ----------
    proposals, truth : lists of arrays (K, 4) and (M, 4), one a picture
        Boxes; any K and M, 0 as well. For scenes the truth is ``scenes.boxes``.
    iou : float

    Returns
    -------
    float
        From 0 to 1; NaN if there is no true box.
    """
    pairs = zip(proposals, truth, strict=True)
    most = [boxes_.iou(true, found).max(axis=1, initial=0) for found, true in pairs]
    most = np.concatenate([np.zeros(0), *most])
    return float(np.mean(most >= iou)) if len(most) else float("nan")


def _claims(overlap: np.ndarray, least: float) -> np.ndarray:
    """Which rows, from the first to the last, find a column that none before has taken."""
    free = overlap >= least
    right = np.zeros(len(overlap), bool)
    for row in np.flatnonzero(free.any(axis=1)):
        candidates = np.flatnonzero(free[row])
        if len(candidates):
            # COCO's rule for equal overlaps: the last of them
            best = candidates[::-1][overlap[row, candidates[::-1]].argmax()]
            right[row] = True
            free[:, best] = False
    return right
