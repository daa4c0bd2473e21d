"""Mean average precision beside pycocotools; recall beside plain loops."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from course_utils import boxes, metrics

CLASSES = 3


def coco(detections, truth, iou):
    """The precision at 101 recalls by pycocotools: (101, classes), -1 where a class has no object.

    Nothing is told it about sizes or numbers: all areas count, and as many detections as there are.
    """

    def rows(picture, entries, scores=None):
        for k, ((x1, y1, x2, y2), label) in enumerate(entries):
            row = {"image_id": picture, "category_id": int(label), "iscrowd": 0}
            row["bbox"] = [float(x1), float(y1), float(x2) - float(x1), float(y2) - float(y1)]
            row["area"] = row["bbox"][2] * row["bbox"][3]
            yield row if scores is None else {**row, "score": float(scores[k])}

    objects, answers = [], []
    for picture, (found, true) in enumerate(zip(detections, truth, strict=True)):
        objects += rows(picture, zip(*true, strict=True))
        answers += rows(picture, zip(found[0], found[2], strict=True), found[1])
    reference = COCO()
    reference.dataset = {
        "images": [{"id": picture} for picture in range(len(truth))],
        "categories": [{"id": label} for label in range(CLASSES)],
        "annotations": [{**row, "id": i + 1} for i, row in enumerate(objects)],
    }
    given = COCO()
    given.dataset = {**reference.dataset}
    given.dataset["annotations"] = [{**row, "id": i + 1} for i, row in enumerate(answers)]
    with contextlib.redirect_stdout(io.StringIO()):
        reference.createIndex()
        given.createIndex()
        evaluation = COCOeval(reference, given, "bbox")
        evaluation.params.iouThrs = np.array([iou])
        evaluation.params.maxDets = [10_000]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"][0, :, :, 0, 0]


def check(detections, truth, iou):
    """Every class and their mean."""
    precision = coco(detections, truth, iou)
    for label in range(CLASSES):
        found = metrics.average_precision(detections, truth, label, iou)
        expected = precision[:, label].mean()
        assert np.isnan(found) if expected == -1 else found == pytest.approx(expected, abs=1e-6)
    found = metrics.mean_average_precision(detections, truth, iou)
    if (precision == -1).all():
        assert np.isnan(found)
    else:
        assert found == pytest.approx(precision[precision > -1].mean(), abs=1e-6)


sides = st.integers(0, 4)
corner_pairs = st.tuples(sides, sides, sides, sides).map(  # some without area
    lambda c: (min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
)
labels = st.integers(0, CLASSES - 1)


def columns(rows, count):
    made = list(zip(*rows, strict=True)) or [()] * count
    return (np.reshape(np.float32(made[0]), (-1, 4)), *(np.array(c) for c in made[1:]))


true_rows = st.lists(st.tuples(corner_pairs, labels), max_size=4)
found_rows = st.lists(st.tuples(corner_pairs, st.integers(1, 4).map(float), labels), max_size=6)
pictures = st.lists(st.tuples(found_rows, true_rows), min_size=1, max_size=4)


@given(pictures, st.sampled_from([0.25, 0.5, 0.75, 1.0]))
@settings(max_examples=150, deadline=None)
def test_precision_is_pycocotools_at_ties_of_score_and_of_overlap(rows, iou):
    detections = [columns(found, 3) for found, _ in rows]
    truth = [columns(true, 2) for _, true in rows]
    check(detections, truth, iou)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("iou", [0.3, 0.5, 0.7])
def test_precision_is_pycocotools_for_a_detector(seed, iou):
    """Objects found once, twice or not at all, their class sometimes mistaken, and inventions."""
    rng = np.random.default_rng(seed)
    detections, truth = [], []
    for _ in range(30):
        starts = rng.uniform(0, 90, (rng.integers(0, 6), 2))
        true = np.concatenate([starts, starts + rng.uniform(10, 50, starts.shape)], axis=1)
        species = rng.integers(0, CLASSES, len(true))
        again = rng.integers(0, len(true), 2 * len(true)) if len(true) else np.zeros(0, int)
        found = true[again] + rng.normal(0, 4, (len(again), 4))
        invented = rng.uniform(0, 60, (rng.integers(0, 4), 4)) + [0, 0, 60, 60]
        said = np.where(rng.random(len(again)) < 0.9, species[again], 1)
        said = np.concatenate([said, rng.integers(0, CLASSES, len(invented))])
        found = np.concatenate([found, invented]).astype(np.float32)
        detections.append((found, rng.random(len(found)).round(2), said))
        truth.append((true.astype(np.float32), species))
    check(detections, truth, iou)
    assert 0.1 < metrics.mean_average_precision(detections, truth, 0.3) < 0.95


# --- by hand ---

CAT = np.float32([[0, 0, 10, 10]])
DOG = np.float32([[50, 50, 70, 70]])
NONE = (np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))


def test_everything_found_and_nothing_invented_is_1():
    truth = [(np.concatenate([CAT, DOG]), [0, 1]), (CAT, [0])]
    detections = [(np.concatenate([DOG, CAT]), [0.2, 0.9], [1, 0]), (CAT, [0.5], [0])]
    assert metrics.mean_average_precision(detections, truth) == 1


def test_the_area_under_the_precision_that_falls():
    # right, wrong, right: precision 1 up to recall 1/2, then 2/3 up to recall 1
    truth = [(np.concatenate([CAT, DOG]), [0, 0])]
    wrong = [[80, 0, 90, 10]]
    detections = [(np.concatenate([CAT, wrong, DOG]), [0.9, 0.8, 0.7], [0, 0, 0])]
    expected = (51 * 1 + 50 * 2 / 3) / 101
    assert metrics.average_precision(detections, truth, 0) == pytest.approx(expected)


def test_the_second_box_around_one_object_is_wrong():
    truth = [(np.concatenate([CAT, DOG]), [0, 0])]
    twice = [(np.concatenate([CAT, CAT, DOG]), [0.9, 0.8, 0.7], [0, 0, 0])]
    expected = (51 * 1 + 50 * 2 / 3) / 101
    assert metrics.average_precision(twice, truth, 0) == pytest.approx(expected)


def test_scores_are_compared_over_all_pictures():
    # each picture's best is right; but an invention in the second scores above the first's cat
    truth, wrong = [(CAT, [0]), (DOG, [0])], [[80, 0, 90, 10]]
    detections = [(CAT, [0.5], [0]), (np.concatenate([DOG, wrong]), [0.9, 0.7], [0, 0])]
    expected = (51 * 1 + 50 * 2 / 3) / 101
    assert metrics.average_precision(detections, truth, 0) == pytest.approx(expected)


def test_a_right_box_with_the_wrong_class_is_wrong():
    assert metrics.mean_average_precision([(CAT, [0.9], [1])], [(CAT, [0])]) == 0


def test_classes_count_equally_however_many_objects_they_have():
    truth = [(np.concatenate([CAT, DOG]), [0, 1]), (CAT, [0]), (CAT, [0])]
    detections = [(DOG, [0.9], [1]), NONE, NONE]
    assert metrics.mean_average_precision(detections, truth) == pytest.approx(1 / 2)


def test_overlap_of_exactly_the_threshold_is_enough():
    half = np.float32([[0, 0, 10, 5]])
    assert metrics.mean_average_precision([(half, [0.9], [0])], [(CAT, [0])], iou=0.5) == 1
    assert metrics.mean_average_precision([(half, [0.9], [0])], [(CAT, [0])], iou=0.51) == 0


def test_of_objects_overlapped_equally_the_last_is_claimed():
    # 0.6 with both, then one that fits the left object alone
    left, right, middle = [0, 0, 4, 4], [2, 0, 6, 4], [1, 0, 5, 4]
    detections = [(np.float32([middle, left]), [0.9, 0.8], [0, 0])]
    found = []
    for true in ([left, right], [right, left]):
        truth = [(np.float32(true), [0, 0])]
        check(detections, truth, 0.5)
        found.append(metrics.mean_average_precision(detections, truth))
    assert found == [1, pytest.approx(51 / 101)]


def test_pictures_without_anything():
    assert metrics.mean_average_precision([NONE], [(CAT, [0])]) == 0
    assert np.isnan(metrics.mean_average_precision([NONE, (CAT, [0.9], [0])], [([], [])] * 2))
    assert np.isnan(metrics.mean_average_precision([], []))
    # an invention on an empty picture costs as much as one elsewhere
    truth = [(CAT, [0]), ([], [])]
    assert metrics.mean_average_precision([(CAT, [0.5], [0]), (DOG, [0.9], [0])], truth) == 0.5


def test_every_picture_needs_an_entry():
    with pytest.raises(ValueError, match="for 1 pictures and the truth of 2"):
        metrics.mean_average_precision([NONE], [(CAT, [0]), (DOG, [0])])


# --- recall ---


@given(pictures, st.sampled_from([0.25, 0.5, 1.0]))
@settings(max_examples=60, deadline=None)
def test_recall_is_a_count(rows, iou):
    proposals = [columns(found, 3)[0] for found, _ in rows]
    truth = [columns(true, 2)[0] for _, true in rows]
    met = [
        any(boxes.iou([box], [proposal]).item() >= iou for proposal in found)
        for found, true in zip(proposals, truth, strict=True)
        for box in true
    ]
    found = metrics.recall(proposals, truth, iou)
    assert np.isnan(found) if not met else found == pytest.approx(np.mean(met))


def test_recall_counts_objects_and_not_pictures_or_proposals():
    truth = [np.concatenate([CAT, DOG, DOG + 9]), CAT]
    assert metrics.recall([np.concatenate([CAT, CAT, CAT]), CAT], truth) == 2 / 4
    assert metrics.recall([np.zeros((0, 4))] * 2, truth) == 0
