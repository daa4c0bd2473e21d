"""Lesson 20's own code: on awkward pictures, on photographs, and beside plain references."""

import re

import executed
import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers_data import real
from helpers_scenes import AWKWARD, awkward_scenes

from course_utils import boxes as boxes_
from course_utils import metrics, runtime
from course_utils.data.pets import load_scenes

NUMBER = "20"


def lesson(train, test, steps):
    """Run the lesson's tagged cells on these scenes and return its names."""
    names = {"train": train, "test": test, "names": train.class_names}
    for cell in executed.tagged_cells(NUMBER, "detector"):
        cell = re.sub(r"STEPS, BATCH = \d+", f"STEPS, BATCH = {steps}", cell)
        # precision and determinism stay those of the other tests
        cell = cell.replace("runtime.start(lesson=20)", "runtime.settings()")
        exec(cell, names)
    assert names["STEPS"] == steps
    return names


def detected(found, X, limits):
    return found["as_lists"](*found["detect"](X, limits))


@pytest.fixture(scope="module")
def awkward():
    scenes = awkward_scenes()
    return lesson(scenes, scenes, steps=4)


def finite(found):
    parts = [*found["history"], *(weight.numpy() for weight in found["weights"])]
    return all(np.isfinite(part).all() for part in parts)


def some_boxes(rng, count, height=96, width=128):
    x, y = (np.sort(rng.uniform(0, side, (count, 2))) for side in (width, height))
    return np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], axis=1).astype(np.float32)


# ---------------------------------------------------------------- awkward pictures


def test_awkward_pictures_train_without_nan(awkward):
    assert finite(awkward)
    objectness, _, classes, _ = awkward["history"][0]
    assert objectness == pytest.approx(np.log(2), abs=0.1)
    assert classes == pytest.approx(np.log(3), abs=0.4)


def check_detections(found, scenes):
    answers = detected(found, found["X_test"], found["limits_test"])
    assert len(answers) == len(scenes)
    for (own, scores, labels), image in zip(answers, scenes.images, strict=True):
        assert len(own) == len(scores) == len(labels) <= 20
        assert np.isfinite(own).all()
        assert (own >= 0).all()
        assert (own <= [*image.shape[1::-1]] * 2).all()
        assert ((scores > 0) & (scores <= 1)).all()
        assert set(labels.tolist()) <= {0, 1}


def test_detections_on_awkward_pictures_are_boxes_of_the_picture(awkward):
    check_detections(awkward, awkward["test"])


def test_proposals_of_awkward_pictures_lie_in_them(awkward):
    limits = awkward["limits_test"]
    _, logits, deltas = awkward["rpn"](awkward["X_test"])
    proposals = awkward["propose"](logits, deltas, limits, 20).numpy()
    assert proposals.shape == (len(AWKWARD), 20, 4)
    assert (proposals >= 0).all()
    assert (proposals <= limits[:, None]).all()
    # a single cell has nine anchors, which no other picture's padding adds to
    one = list(AWKWARD).index("one pixel")
    assert 1 <= np.sum(awkward["has_area"](proposals[one])) <= 9
    assert awkward["in_picture"](limits).numpy()[one].sum() == 9


@pytest.mark.parametrize("kind", ["no object", "one pixel, an object", "very long"])
def test_a_set_of_one_awkward_picture_trains_and_is_searched(kind):
    scenes = awkward_scenes(kind)
    found = lesson(scenes, scenes, steps=2)
    assert finite(found)
    check_detections(found, scenes)


@pytest.mark.parametrize("regions", [20, 3])
def test_given_regions_are_judged_whole_and_as_crops(awkward, regions):
    rng = np.random.default_rng(0)
    for i, image in enumerate(awkward["test"].images):
        args = awkward["X_test"][i : i + 1], awkward["limits_test"][i : i + 1]
        rois = some_boxes(rng, regions, *image.shape[:2])[None]
        rois[:, -1] = 0  # an empty place
        for way in ("fast", "r_cnn"):
            (own, scores, _), *more = awkward["as_lists"](*awkward[way](*args, rois))
            assert not more
            assert np.isfinite(own).all()
            assert np.isfinite(scores).all()
            assert (own <= args[1]).all()


def test_without_regions_nothing_is_found(awkward):
    args = awkward["X_test"][:1], awkward["limits_test"][:1], np.zeros((1, 5, 4), np.float32)
    for way in ("fast", "r_cnn"):
        assert len(awkward["as_lists"](*awkward[way](*args))[0][0]) == 0


def test_one_graph_serves_any_number_of_pictures(awkward):
    together = detected(awkward, awkward["X_test"][:5], awkward["limits_test"][:5])
    for i, one in enumerate(together):
        alone = detected(awkward, awkward["X_test"][i : i + 1], awkward["limits_test"][i : i + 1])
        assert len(alone) == 1
        for part, other in zip(alone[0], one, strict=True):
            assert part == pytest.approx(other, abs=1e-3)
    for way in ("detect", "fast", "r_cnn"):
        assert awkward[way].experimental_get_tracing_count() <= 1
    assert awkward["step"].experimental_get_tracing_count() == 1


# ---------------------------------------------------------------- anchors and labels


def test_anchors_are_where_the_answers_are(awkward):
    h, w = awkward["H"] // 8, awkward["W"] // 8
    expected = []
    for row in range(h):
        for column in range(w):
            for ratio in awkward["RATIOS"]:
                for size in awkward["SIZES"]:
                    wide, high = size / np.sqrt(ratio), size * np.sqrt(ratio)
                    x, y = 8 * column + 4, 8 * row + 4
                    expected.append([x - wide / 2, y - high / 2, x + wide / 2, y + high / 2])
    assert np.abs(awkward["ANCHORS"] - expected).max() < 1e-3
    # the four answers of anchor k at each cell are channels 4k to 4k + 3 of the convolution
    rpn = awkward["rpn"]
    for name in ("objectness", "deltas"):
        layer = rpn.get_layer(name)
        before = layer.get_weights()
        layer.set_weights([0 * before[0], np.arange(len(before[1]))])
        _, logits, deltas = rpn(awkward["X_test"][:1])
        answer = (logits if name == "objectness" else deltas).numpy().reshape(h, w, -1)
        assert (answer == np.arange(answer.shape[-1])).all()
        layer.set_weights(before)


def test_a_cell_belongs_to_the_picture_that_touches_it(awkward):
    columns = awkward["W"] // 8
    inside = awkward["in_picture"](np.float32([[16, 9, 16, 9]])).numpy()
    cells = inside.reshape(-1, columns, awkward["A"])
    assert cells[:2, :2].all()
    assert cells.sum() == 4 * awkward["A"]


def by_loops(anchors, truth, positive, negative):
    """Return labels and, for each anchor, all true boxes that it overlaps most."""
    table = [[float(boxes_.iou(a[None], t[None])[0, 0]) for t in truth] for a in anchors]
    labels = []
    for i, row in enumerate(table):
        best = [k for k in range(len(truth)) if max(r[k] for r in table) == row[k] > 0]
        high = max(row, default=0.0)
        labels.append(1 if high >= positive or best else 0 if high < negative else -1)
        table[i] = row
    return np.array(labels), [np.flatnonzero(row == np.max(row)) for row in table if row]


@pytest.mark.parametrize("count", [0, 1, 4])
@pytest.mark.parametrize("thresholds", [(0.7, 0.3), (0.5, 0.5)])
def test_labels_against_loops(awkward, count, thresholds):
    rng = np.random.default_rng(count)
    anchors, truth = some_boxes(rng, 80), some_boxes(rng, count)
    if count > 1:
        truth[0] = [30, 30, 30, 60]  # without area
        truth[1] = [500, 500, 520, 530]  # met by no anchor
    labels, matched = awkward["assign"](anchors, truth, *thresholds)
    expected, nearest = by_loops(anchors, truth, *thresholds)
    assert labels.tolist() == expected.tolist()
    for own, allowed in zip(matched, nearest, strict=False):
        assert own in allowed


def test_a_box_that_no_anchor_meets_makes_none_positive(awkward):
    for box in ([50, 50, 50, 80], [2000, 0, 2040, 60]):
        labels, _ = awkward["assign"](awkward["ANCHORS"], np.float32([box]))
        assert (labels == 0).all()


def test_what_is_prepared(awkward):
    images, limits, boxes, kinds, labels, _ = awkward["data"]
    n = len(AWKWARD)
    for i, (image, true, own) in enumerate(
        zip(*(getattr(awkward["train"], k) for k in ("images", "boxes", "labels")), strict=True)
    ):
        height, width = image.shape[:2]
        assert np.array_equal(images[i, :height, :width], image)
        assert np.array_equal(images[n + i, :height, :width], image[:, ::-1])
        assert limits[i].tolist() == limits[n + i].tolist() == [width, height, width, height]
        assert np.array_equal(kinds[n + i, : len(own)], own)
        assert (boxes[i, len(true) :] == 0).all()
        for one, other in zip(true, boxes[n + i], strict=False):
            assert other[[1, 3]].tolist() == one[[1, 3]].tolist()
            assert other[2] - other[0] == one[2] - one[0]
            assert other[0] + one[2] == width
        inside = awkward["in_picture"](limits[i : i + 1]).numpy()[0]
        assert (labels[i][~inside] == -1).all()
        expected, _ = awkward["assign"](awkward["ANCHORS"], true)
        assert np.array_equal(labels[i][inside], expected[inside])
    assert (images[:, -1, -1] == 127).all()


def test_coding_is_that_of_the_package(awkward):
    rng = np.random.default_rng(1)
    truth, anchors = some_boxes(rng, 50) + [0, 0, 1, 1], some_boxes(rng, 50) + [0, 0, 1, 1]
    truth, anchors = truth.astype(np.float32), anchors.astype(np.float32)
    t = awkward["encode"](truth, anchors).numpy()
    assert t == pytest.approx(boxes_.encode(truth, anchors), abs=1e-4)
    assert awkward["decode"](t, anchors).numpy() == pytest.approx(truth, abs=1e-2)
    wild = rng.normal(0, 100, (50, 4)).astype(np.float32)
    expected = boxes_.decode(wild, anchors)
    assert awkward["decode"](wild, anchors).numpy() == pytest.approx(expected, rel=1e-4, abs=0.1)


# ---------------------------------------------------------------- drawing and losses


def test_a_draw_is_half_objects_and_each_as_likely(awkward):
    tf.random.set_seed(0)
    labels = np.zeros((3, 200), np.int32)
    labels[0, :40], labels[0, 40:60] = 1, -1  # more objects than there is room for
    labels[1, :5] = 2  # fewer
    labels[2, 10:] = -1  # too few of everything
    seen = np.zeros(labels.shape, int)
    for _ in range(200):
        rows, drawn = (part.numpy() for part in awkward["sample"](tf.constant(labels), 32, 0.5))
        for i in range(3):
            real = drawn[i] >= 0
            assert len(set(rows[i][real])) == real.sum()
            assert np.array_equal(drawn[i][real], labels[i][rows[i][real]])
            seen[i, rows[i][real]] += 1
        assert [(d > 0).sum() for d in drawn] == [16, 5, 0]
        assert [(d == 0).sum() for d in drawn] == [16, 27, 10]
    assert seen[0, :40].std() < 0.2 * seen[0, :40].mean()
    assert seen[1, 5:].std() < 0.4 * seen[1, 5:].mean()
    assert (seen[labels == -1] == 0).all()


def test_the_loss_against_loops(awkward):
    rng = np.random.default_rng(2)
    labels = rng.integers(-1, 2, (2, 30))
    targets, deltas = rng.normal(0, 0.3, (2, 2, 30, 4)).astype(np.float32)
    targets[labels == 0] = -np.inf  # what encoding an empty box gives
    logits = rng.normal(0, 2, (2, 30)).astype(np.float32)
    given = [tf.constant(part) for part in (labels, targets, logits, deltas)]
    crossed = moved = 0.0
    for i in np.ndindex(*labels.shape):
        p = 1 / (1 + np.exp(-float(logits[i])))
        if labels[i] >= 0:
            crossed -= np.log(p if labels[i] else 1 - p)
        if labels[i] == 1:
            for d in np.abs(deltas[i].astype(float) - targets[i]):
                moved += 4.5 * d * d if d < 1 / 9 else d - 1 / 18
    n = np.sum(labels >= 0)
    costs = awkward["rpn_loss"](*given)
    assert np.array(costs) == pytest.approx([crossed / n, moved / n], rel=1e-5)
    with tf.GradientTape() as tape:
        tape.watch(given)
        value = tf.add_n(awkward["rpn_loss"](*given))
    by_logits, by_deltas = tape.gradient(value, given[2:])
    assert np.isfinite(by_deltas).all()
    assert ((by_deltas.numpy() != 0).all(axis=-1) == (labels == 1)).all()
    assert ((by_logits.numpy() != 0) == (labels >= 0)).all()


def test_the_loss_of_nothing_is_nothing(awkward):
    labels = tf.fill((2, 5), -1)
    zero = tf.zeros((2, 5, 4))
    assert np.array(awkward["rpn_loss"](labels, zero, zero[..., 0], zero)).tolist() == [0, 0]


def test_proposals_are_those_of_plain_suppression(awkward):
    rng = np.random.default_rng(3)
    N = len(awkward["ANCHORS"])
    logits = rng.normal(0, 2, (2, N)).astype(np.float32)
    deltas = rng.normal(0, 0.2, (2, N, 4)).astype(np.float32)
    limits = np.float32([[200, 120, 200, 120], [60, 280, 60, 280]])
    found = awkward["propose"](logits, deltas, limits, 20).numpy()
    for i, (width, height, *_) in enumerate(limits):
        inside = np.flatnonzero(awkward["in_picture"](limits).numpy()[i])
        best = inside[np.argsort(-logits[i][inside], kind="stable")][:300]
        moved = boxes_.decode(deltas[i][best], awkward["ANCHORS"][best])
        moved = boxes_.clip(moved, height, width)
        kept = boxes_.nms(moved, logits[i][best], 0.7, limit=20)
        assert found[i][: len(kept)] == pytest.approx(moved[kept], abs=1e-3)


def test_regions_to_learn_against_loops(awkward):
    rng = np.random.default_rng(4)
    proposals = some_boxes(rng, 60)[None]
    proposals[0, 50:] = 0  # empty places
    truth = np.zeros((1, 3, 4), np.float32)
    truth[0, :2] = some_boxes(rng, 2)
    kinds = np.int32([[1, 0, 0]])
    seen = set()
    for _ in range(20):
        parts = awkward["regions_to_learn"](proposals, truth, kinds)
        for box, label, target in zip(*(part.numpy()[0] for part in parts), strict=True):
            if label < 0:
                continue
            overlap = [float(boxes_.iou(box[None], one[None])[0, 0]) for one in truth[0]]
            best = int(np.argmax(overlap))
            assert label == (1 + kinds[0, best] if overlap[best] >= 0.5 else 0)
            assert (box[2:] > box[:2]).all()
            if label > 0:
                t = boxes_.encode(truth[0, best][None], box[None])[0] / [0.1, 0.1, 0.2, 0.2]
                assert target == pytest.approx(t, abs=1e-3)
                seen.add(tuple(box))
    assert {tuple(box) for box in truth[0, :2]} <= seen  # the true boxes are among them


def test_the_head_does_not_teach_the_proposals(awkward):
    batch = [part[:2] for part in awkward["data"]]
    rpn, head = awkward["rpn"], awkward["head"]
    answering = [w for n in ("objectness", "deltas") for w in rpn.get_layer(n).trainable_weights]
    shared = awkward["backbone"].trainable_weights
    with tf.GradientTape(persistent=True) as tape:
        parts = awkward["costs"](*batch)
        of_rpn, of_head = tf.reduce_sum(parts[:2]), tf.reduce_sum(parts[2:])
    assert all(g is None or not np.any(g) for g in tape.gradient(of_head, answering))
    assert all(g is None or not np.any(g) for g in tape.gradient(of_rpn, head.trainable_weights))
    for cost in (of_rpn, of_head):
        assert all(np.any(g) for g in tape.gradient(cost, shared))


def test_with_bfloat16_costs_and_boxes_stay_float32():
    scenes = awkward_scenes("one object", "overlapping")
    names = {"train": scenes, "test": scenes, "names": scenes.class_names}
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:  # traced, not run: not every processor can
        for cell in executed.tagged_cells(NUMBER, "detector"):
            if "STEPS, BATCH" in cell:
                break
            exec(cell.replace("runtime.start(lesson=20)", "runtime.settings()"), names)
        answers = [*names["rpn"].outputs[1:], *names["head"].outputs]
        assert {answer.dtype for answer in answers} == {"float32"}
        given = [tf.TensorSpec((2, *part.shape[1:]), part.dtype) for part in names["data"]]
        traced = tf.function(names["costs"]).get_concrete_function(*given)
        assert traced.output_dtypes == tf.float32
        assert names["backbone"].outputs[0].dtype == "bfloat16"
    finally:
        keras.config.set_dtype_policy(before)


# ---------------------------------------------------------------- photographs


@pytest.mark.parametrize("name", ["raccoon", "bccd_cells"])
def test_photographs_train_and_are_searched(name, monkeypatch):
    monkeypatch.setattr(runtime, "_current", runtime._from_environment({"source": str(real(name))}))
    train = load_scenes("train", count=12, size=128)
    test = load_scenes("test", count=4, size=128)
    found = lesson(train, test, steps=4)
    assert finite(found)
    detections = detected(found, found["X_test"], found["limits_test"])
    truth = list(zip(test.boxes, test.labels, strict=True))
    assert 0 <= metrics.mean_average_precision(detections, truth) <= 1
