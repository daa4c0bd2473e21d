"""Lesson 19's own code on awkward pictures and beside plain references."""

import math
import re

import executed
import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers_data import real
from helpers_scenes import AWKWARD, awkward_scenes

from course_utils import boxes as boxes_
from course_utils import losses, metrics, runtime
from course_utils.backbone import CHANNELS, STRIDE, detection_backbone
from course_utils.data.pets import load_scenes
from course_utils.pooling import RoIPooling, SpatialPyramidPooling
from course_utils.selective_search import selective_search

NUMBER = "19"
MOST = 40


def lesson(train, test, steps, most=MOST):
    """Run the lesson's tagged cells on these scenes and return its names."""
    names = {"train": train, "test": test, "names": train.class_names, "MOST": most}
    names |= {"C": len(train.class_names), "rng": np.random.default_rng(0), "example": 1}
    for kind, scenes in (("train", train), ("test", test)):
        names[f"P_{kind}"] = [selective_search(image, most=most) for image in scenes.images]
    for cell in executed.tagged_cells(NUMBER, "detector"):
        cell = re.sub(r"STEPS = \d+", f"STEPS = {steps}", cell)
        # precision and determinism stay those of the other tests
        cell = cell.replace("seed = runtime.start(lesson=19).seed", "seed = 0")
        exec(cell, names)
    assert names["STEPS"] == steps
    return names


@pytest.fixture(scope="module")
def awkward():
    scenes = awkward_scenes()
    return lesson(scenes, scenes, steps=4)


# ---------------------------------------------------------------- the map and its parts


def plain_bins(count, n):
    return [(math.floor(i * count / n), math.ceil((i + 1) * count / n)) for i in range(n)]


def plain_roi(features, box, n):
    """Fast R-CNN's pooling of one box inside the picture, number by number."""
    h, w, channels = features.shape
    x1, y1, x2, y2 = (math.floor(float(corner) / STRIDE + 0.5) for corner in box)
    pooled = np.zeros((n, n, channels))
    for i, (top, bottom) in enumerate(plain_bins(y2 - y1 + 1, n)):
        for j, (left, right) in enumerate(plain_bins(x2 - x1 + 1, n)):
            for c in range(channels):
                cells = [
                    features[y, x, c]
                    for y in range(y1 + top, min(y1 + bottom, h))
                    for x in range(x1 + left, min(x1 + right, w))
                ]
                pooled[i, j, c] = max(cells, default=0)
    return pooled


BOXES = {
    "inside": [8, 16, 60, 40],
    "the whole picture": [0, 0, 80, 56],
    "one pixel": [17, 17, 18, 18],
    "at the lower right corner": [75, 50, 80, 56],
    "smaller than the grid": [16, 16, 24, 40],
    "long": [0, 24, 80, 26],
    "halves of cells": [4, 12, 20, 28],
}


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
@pytest.mark.parametrize("n", [3, 5])
def test_regions_of_the_map_are_the_plain_loop(awkward, box, n):
    features = -np.abs(np.random.default_rng(0).normal(size=(7, 10, 3))).astype(np.float32)
    box = np.float32(box)
    expected = plain_roi(features, box, n)
    np.testing.assert_array_equal(awkward["roi_pool_loop"](features, box, n), expected)
    pooled = awkward["RoIPool"](n)(features[None], box[None], np.zeros(1, np.int32))
    np.testing.assert_array_equal(pooled[0], expected)


def test_many_regions_of_several_maps_as_the_package_pools_them(awkward):
    rng = np.random.default_rng(1)
    features = tf.constant(np.maximum(rng.normal(size=(3, 12, 14, 4)), 0), tf.float32)  # ties at 0
    corners = np.sort(rng.uniform(0, 1, (60, 2, 2)), axis=1) * [14 * STRIDE, 12 * STRIDE]
    rois, owner = np.float32(corners.reshape(60, 4)), rng.integers(0, 3, 60).astype(np.int32)
    push = rng.normal(size=(60, 5, 5, 4)).astype(np.float32)
    answers = []
    for layer in (awkward["RoIPool"](), RoIPooling(5, STRIDE)):
        with tf.GradientTape() as tape:
            tape.watch(features)
            pooled = layer(features, rois, owner)
            cost = tf.reduce_sum(pooled * push)
        answers.append((pooled, tape.gradient(cost, features)))
    (ours, our_gradient), (theirs, their_gradient) = answers
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_allclose(our_gradient, their_gradient, atol=1e-5)
    assert np.count_nonzero(our_gradient)


def test_equal_cells_send_their_gradient_to_the_first(awkward):
    features = tf.constant([[0.0, 2, 1], [2, 1, 2], [0, 2, 2]])[None, :, :, None]
    box = np.float32([[0, 0, 2 * STRIDE, 2 * STRIDE]])
    with tf.GradientTape() as tape:
        tape.watch(features)
        pooled = tf.reduce_sum(awkward["RoIPool"](1)(features, box, np.zeros(1, np.int32)))
    gradient = tape.gradient(pooled, features)
    np.testing.assert_array_equal(gradient[0, :, :, 0], [[0, 1, 0], [0, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (37, 2), (6, 7), (16, 16)])
def test_the_pyramid_of_any_size(awkward, shape):
    features = np.random.default_rng(2).normal(size=(*shape, 5)).astype(np.float32)
    found = awkward["pyramid"](features)
    assert found.shape == (21 * 5,)
    np.testing.assert_array_equal(found, SpatialPyramidPooling()(features[None])[0])
    np.testing.assert_array_equal(found[-5:], features.max(axis=(0, 1)))


# ---------------------------------------------------------------- what it is taught


def test_labels_against_loops(awkward):
    at = 0
    scenes = awkward["train"]
    for image, true, kinds in zip(scenes.images, scenes.boxes, scenes.labels, strict=True):
        for side in (0, 1):  # as it is, and mirrored
            objects = true if side == 0 else mirrored_by_hand(true, image.shape[1])
            for k, box in enumerate(awkward["proposals"][at]):
                overlaps = [float(boxes_.iou(box[None], one[None])[0, 0]) for one in objects]
                best = max(overlaps, default=0.0)
                assert awkward["overlap"][at][k] == pytest.approx(best, abs=1e-6)
                y = awkward["y"][at][k]
                assert (y > 0) == (best >= 0.5)
                if y > 0:
                    assert y - 1 in kinds[np.isclose(overlaps, best)]
            at += 1
    assert at == len(awkward["proposals"]) == len(awkward["images"])


def mirrored_by_hand(boxes, width):
    return np.float32([(width - x2, y1, width - x1, y2) for x1, y1, x2, y2 in boxes])


def test_mirrored_proposals_lie_on_the_mirrored_picture(awkward):
    for i in range(0, len(awkward["images"]), 2):
        image, flipped = awkward["images"][i : i + 2]
        np.testing.assert_array_equal(flipped, image[:, ::-1])
        own = mirrored_by_hand(awkward["proposals"][i], image.shape[1])
        np.testing.assert_allclose(awkward["proposals"][i + 1], own, atol=1e-4)


def test_targets_lead_from_the_proposal_to_its_object(awkward):
    scenes = awkward["train"]
    at, seen = 0, 0
    for image, true in zip(scenes.images, scenes.boxes, strict=True):
        for objects in (true, mirrored_by_hand(true, image.shape[1])):
            parts = (awkward[name][at] for name in ("proposals", "y", "targets"))
            for box, y, t in zip(*parts, strict=True):
                if y > 0:
                    moved = boxes_.decode(
                        (t * awkward["SPREAD"] + awkward["MEAN"])[None], box[None]
                    )
                    best = objects[boxes_.iou(box[None], objects)[0].argmax()]
                    np.testing.assert_allclose(moved[0], best, atol=1e-2)
                    seen += 1
            at += 1
    assert seen
    t = np.concatenate(awkward["targets"])[np.concatenate(awkward["y"]) > 0]
    assert t.mean(axis=0) == pytest.approx(0, abs=1e-3)
    assert (t.std(axis=0) < 1.001).all()


def test_a_quarter_of_a_sample_are_objects_at_most(awkward):
    R, sample = awkward["R"], awkward["sample"]
    rng = np.random.default_rng(3)
    for count, objects in ((200, 0), (200, 3), (200, 150), (10, 4), (1, 1), (1, 0)):
        y = np.zeros(count, np.int32)
        y[rng.permutation(count)[:objects]] = 1
        overlap = np.where(y > 0, 0.8, rng.uniform(0, 0.5, count))
        rows = sample(y, overlap)
        assert rows.shape == (R,)
        drawn = rows[rows >= 0]
        assert len(set(drawn.tolist())) == len(drawn)
        assert np.sum(y[drawn]) == min(objects, R // 4)
        background = drawn[y[drawn] == 0]
        assert len(background) == min(np.sum(y == 0), R - min(objects, R // 4))
        near = np.flatnonzero((y == 0) & (overlap >= 0.1))
        # what overlaps less only fills up
        assert np.isin(background, near).sum() == min(len(near), len(background))
        assert (rows[len(drawn) :] == -1).all()


def test_drawn_regions_fit_the_network(awkward):
    N, R = awkward["N"], awkward["R"]
    for _ in range(5):
        (X, rois), kinds, t = awkward["draw_regions"]()
        assert X.shape == (N, awkward["H"], awkward["W"], 3)
        assert rois.shape == (N, R, 4)
        assert t.shape == (N * R, 4)
        assert kinds.min() >= -1
        assert kinds.max() <= awkward["C"]
        assert (np.sum(kinds.reshape(N, R) > 0, axis=1) <= R // 4).all()


def test_the_loss_is_the_packages(awkward):
    rng = np.random.default_rng(4)
    C = awkward["C"]
    for y in (rng.integers(-1, C + 1, 40), np.zeros(40, int), np.full(40, -1)):
        y = y.astype(np.int32)
        shapes = (40, 4), (40, C + 1), (40, C, 4)
        parts = [3 * rng.normal(size=shape).astype(np.float32) for shape in shapes]
        ours = awkward["multitask_loss"](y, *parts)
        np.testing.assert_allclose(ours, losses.multitask_loss(y, *parts), rtol=1e-5, atol=1e-6)


def test_one_wild_box_pulls_no_harder_than_a_line(awkward):
    loss = awkward["multitask_loss"]
    y, logits = np.ones(1, np.int32), np.zeros((1, 3), np.float32)
    costs = []
    for d in (0.5, 10, 20):
        deltas = np.zeros((1, 2, 4), np.float32)
        deltas[0, 0, 2], deltas[0, 1] = d, 1000  # the other class's box is not asked
        costs.append(float(loss(y, np.zeros((1, 4), np.float32), logits, deltas)[1]))
    assert costs == pytest.approx([0.125, 9.5, 19.5])


def test_background_teaches_no_box(awkward):
    C = awkward["C"]
    y = np.zeros(6, np.int32)
    wild = np.full((6, 4), 100, np.float32)
    answers = np.zeros((6, C + 1), np.float32), np.zeros((6, C, 4), np.float32)
    of_class, of_box = awkward["multitask_loss"](y, wild, *answers)
    assert float(of_class) == pytest.approx(np.log(C + 1), abs=1e-5)
    assert float(of_box) == 0


# ---------------------------------------------------------------- the whole


def test_awkward_pictures_train_without_nan(awkward):
    assert np.isfinite(awkward["history"]).all()
    assert awkward["history"][0, 0] == pytest.approx(np.log(3), abs=1e-3)
    for model in ("backbone", "head", "crop_backbone", "crop_head"):
        for weights in awkward[model].get_weights():
            assert np.isfinite(weights).all()


def test_training_reaches_the_convolutions(awkward):
    keras.utils.set_random_seed(0)
    fresh = awkward["detection_backbone"]()
    trained = awkward["backbone"]
    for old, new in zip(fresh.get_weights()[::2], trained.get_weights()[::2], strict=True):
        assert not np.array_equal(old, new)


def finished(awkward, logits, deltas):
    """Detections of all scenes from the same answer for each proposal."""
    rois, sides = awkward["rois_test"], awkward["sides_test"]
    answers = [np.tile(np.float32(part), (rois[..., 0].size, 1)) for part in (logits, deltas)]
    answers[1] = answers[1].reshape(-1, 2, 4)
    return awkward["as_lists"](*awkward["finish"](*answers, rois, sides))


@pytest.mark.parametrize("kind", AWKWARD)
def test_detections_on_awkward_pictures_are_boxes_of_the_picture(awkward, kind):
    i = list(AWKWARD).index(kind)
    width, height = awkward["test"].images[i].shape[1::-1]
    every = finished(awkward, (0, 0, 0), np.zeros(8))[i]
    wild = finished(awkward, (0, 9, 0), np.tile([5, -5, 40, 40], 2))[i]
    none = finished(awkward, (9, 0, 0), np.zeros(8))[i]
    assert [len(part) for part in none] == [0, 0, 0]
    assert set(every[2].tolist()) == {0, 1}  # each class suppresses for itself
    assert set(wild[2].tolist()) == {0}
    for boxes, scores, labels in (every, wild, awkward["found"][i], awkward["found_crops"][i]):
        assert len(boxes) == len(scores) == len(labels) <= 50
        assert np.isfinite(boxes).all()
        assert (boxes >= 0).all()
        assert (boxes <= [width, height, width, height]).all()
        assert ((scores > 0.05) & (scores <= 1)).all()
        for label in (0, 1):
            own = boxes[labels == label]
            overlap = boxes_.iou(own, own) - np.eye(len(own))
            assert overlap.max(initial=0) <= 0.3 + 1e-6


def test_detections_are_those_of_numpy(awkward):
    rng = np.random.default_rng(5)
    C, limit = awkward["C"], 200
    P = np.sort(rng.uniform(0, 64, (30, 2, 2)), axis=1).reshape(30, 4).astype(np.float32)
    logits, deltas = rng.normal(0, 2, (30, C + 1)), rng.normal(0, 1, (30, C, 4))
    logits, deltas = logits.astype(np.float32), deltas.astype(np.float32)
    sides = np.float32([[limit, 60, limit, 60]])
    ((boxes, scores, labels),) = awkward["as_lists"](
        *awkward["finish"](logits, deltas, P[None], sides)
    )
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for c in range(C):
        sure = np.flatnonzero(p[:, c + 1] > 0.05)
        moved = boxes_.decode(deltas[sure, c] * awkward["SPREAD"] + awkward["MEAN"], P[sure])
        moved = boxes_.clip(moved, 60, limit)
        kept = boxes_.nms(moved, p[sure, c + 1], 0.3)
        np.testing.assert_allclose(boxes[labels == c], moved[kept], atol=1e-2)
        np.testing.assert_allclose(scores[labels == c], p[sure[kept], c + 1], atol=1e-4)


def test_proposals_that_fill_up_are_never_found(awkward):
    P = awkward["P_test"][1]
    X, sides = awkward["X_test"][1:2], awkward["sides_test"][1:2]
    ways = [np.concatenate([P, np.zeros((more, 4), np.float32)])[None] for more in (0, 30)]
    (one,), (other,) = (awkward["as_lists"](*awkward["detect"](X, P, sides)) for P in ways)
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-2)


def test_scenes_together_are_judged_as_one_by_one(awkward):
    X, rois = awkward["X_test"], awkward["rois_test"]
    logits, deltas = awkward["look"](X, tf.constant(rois))
    logits, deltas = (np.reshape(part, (*rois.shape[:2], -1)) for part in (logits, deltas))
    for i in range(len(X)):
        alone = awkward["look"](X[i : i + 1], tf.constant(rois[i : i + 1]))
        np.testing.assert_allclose(alone[0], logits[i], atol=0.05)
        np.testing.assert_allclose(np.reshape(alone[1], (len(rois[i]), -1)), deltas[i], atol=0.05)
        assert np.ptp(logits[i, :, 0]) > 0 or len(awkward["P_test"][i]) < 3


def test_a_padded_picture_says_what_it_says_alone(awkward):
    # but for the cells that see the border, where there is grey in place of nothing
    backbone = detection_backbone()
    image = awkward["test"].images[1]
    alone = backbone(image[None]).numpy()[0]
    padded = backbone(awkward["pad"]([image])).numpy()[0]
    part = padded[: alone.shape[0], : alone.shape[1]]
    assert alone.shape[-1] == CHANNELS
    off = np.abs(part - alone)[:-4, :-4]  # 55 pixels are seen
    assert off.max() < 0.02 * alone.max()


@pytest.mark.parametrize("name", ["raccoon", "bccd_cells"])
def test_photographs_train_and_are_searched(name, monkeypatch):
    monkeypatch.setattr(runtime, "_current", runtime._from_environment({"source": str(real(name))}))
    train = load_scenes("train", count=12, size=128)
    test = load_scenes("test", count=4, size=128)
    found = lesson(train, test, steps=4)
    assert np.isfinite(found["history"]).all()
    truth = list(zip(test.boxes, test.labels, strict=True))
    value = metrics.mean_average_precision(found["found"], truth)
    assert 0 <= value <= 1
