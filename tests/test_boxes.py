"""Boxes beside counted pixels, TensorFlow's own functions, published tables and plain loops."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import boxes

SIDE = 12
corners = st.tuples(*[st.integers(0, SIDE)] * 4)  # also turned round and without area
few_boxes = st.lists(corners, max_size=8).map(lambda rows: np.reshape(rows, (-1, 4)))


def mask(box):
    """The pixels of a picture that a box covers."""
    x1, y1, x2, y2 = box
    covered = np.zeros((SIDE, SIDE), bool)
    covered[y1:y2, x1:x2] = True
    return covered


def random_boxes(count, seed, size=100.0):
    rng = np.random.default_rng(seed)
    starts = rng.uniform(0, size, (count, 2))
    return np.concatenate([starts, starts + rng.uniform(2, 40, (count, 2))], 1).astype(np.float32)


# --- area, overlap, clipping ---


@given(few_boxes, few_boxes)
@settings(max_examples=150, deadline=None)
def test_area_and_overlap_are_counted_pixels(some, others):
    np.testing.assert_array_equal(boxes.area(some), [mask(box).sum() for box in some])
    overlap = boxes.iou(some, others)
    assert overlap.shape == (len(some), len(others))
    assert overlap.dtype == np.float32
    for i, one in enumerate(some):
        for j, other in enumerate(others):
            union = (mask(one) | mask(other)).sum()
            shared = (mask(one) & mask(other)).sum()
            assert overlap[i, j] == np.float32(shared / union if shared else 0)


def test_a_box_is_as_wide_as_its_corners_lie_apart():
    # with the "+1" of older code these would be 121, 0.375 and 1
    assert boxes.area([[0, 0, 10, 10]]) == 100
    assert boxes.iou([[0, 0, 10, 10]], [[0, 5, 10, 15]]) == np.float32(1 / 3)
    assert boxes.iou([[4, 4, 4, 4]], [[4, 4, 4, 4]]) == 0


@pytest.mark.parametrize(
    "box", [[3, 3, 3, 9], [3, 3, 9, 3], [9, 9, 3, 3], [9, 3, 3, 9], [np.nan] * 4, [3, 3, 9, np.nan]]
)
@pytest.mark.filterwarnings("error")
def test_a_box_without_area_overlaps_nothing(box):
    assert boxes.area([box]) == 0
    np.testing.assert_array_equal(boxes.iou([box], [box, [0, 0, 12, 12]]), [[0, 0]])
    np.testing.assert_array_equal(boxes.iou([[0, 0, 12, 12]], [box]), [[0]])


def test_clipping_knows_height_from_width():
    clipped = boxes.clip([[-5, -6, 300, 90], [10, 20, 30, 40], [210, 0, 240, 9]], 80, 200)
    np.testing.assert_array_equal(clipped, [[0, 0, 200, 80], [10, 20, 30, 40], [200, 0, 200, 9]])
    assert clipped.dtype == np.float32
    assert boxes.area(clipped)[2] == 0


@given(few_boxes, st.integers(0, SIDE), st.integers(0, SIDE))
@settings(max_examples=50, deadline=None)
def test_clipping_keeps_the_pixels_inside(some, height, width):
    clipped = boxes.clip(some, height, width).astype(int)
    for box, cut in zip(some, clipped, strict=True):
        inside = mask(box)
        inside[height:] = False
        inside[:, width:] = False
        np.testing.assert_array_equal(mask(cut), inside)


@pytest.mark.parametrize("wrong", [[1, 2, 3, 4], [[1, 2, 3]], np.zeros((2, 2, 4))])
def test_other_shapes_are_refused_in_words(wrong):
    with pytest.raises(ValueError, match=r"expected \(N, 4\)"):
        boxes.area(wrong)


# --- coding ---


def test_coding_by_hand():
    # anchor: centre (20, 40), 20 × 40; box: centre (25, 50), 40 × 20
    anchor, box = [[10, 20, 30, 60]], [[5, 40, 45, 60]]
    expected = [[5 / 20, 10 / 40, np.log(2), np.log(1 / 2)]]
    np.testing.assert_allclose(boxes.encode(box, anchor), expected, rtol=1e-6)
    np.testing.assert_allclose(boxes.decode(expected, anchor), box, rtol=1e-6)


def test_a_box_on_its_anchor_is_zeros():
    same = random_boxes(20, 0)
    np.testing.assert_array_equal(boxes.encode(same, same), np.zeros((20, 4)))
    np.testing.assert_allclose(boxes.decode(np.zeros((20, 4)), same), same, rtol=1e-6)


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_coding_and_decoding_are_inverse(seed):
    some, anchors = random_boxes(50, seed), random_boxes(50, seed + 1)
    deltas = boxes.encode(some, anchors)
    assert deltas.dtype == np.float32
    np.testing.assert_allclose(boxes.decode(deltas, anchors), some, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(
        boxes.encode(boxes.decode(deltas, anchors), anchors), deltas, rtol=1e-3, atol=1e-4
    )


def test_a_wild_answer_stays_finite():
    wild = boxes.decode([[0, 0, 500, 80], [0, 0, -500, 0]], [[0, 0, 16, 8]] * 2)
    assert np.isfinite(wild).all()
    np.testing.assert_allclose(wild[0, 2:] - wild[0, :2], [1000, 500], rtol=1e-6)


@pytest.mark.parametrize("which", ["box", "anchor"])
def test_a_box_without_area_has_no_code(which):
    good, bad = [[0, 0, 4, 4], [0, 0, 4, 4]], [[0, 0, 4, 4], [2, 2, 2, 9]]
    with pytest.raises(ValueError, match=f"{which} 1 is .* without area"):
        boxes.encode(*((bad, good) if which == "box" else (good, bad)))


def test_coding_pairs_rows_and_does_not_broadcast():
    with pytest.raises(ValueError, match="one for one"):
        boxes.encode(random_boxes(3, 0), random_boxes(1, 0))


def test_nothing_can_be_coded():
    assert boxes.encode([], []).shape == boxes.decode([], []).shape == (0, 4)


# --- suppression ---


def tensorflow_nms(some, scores, threshold, limit=None):
    some = np.asarray(some, np.float32)[:, [1, 0, 3, 2]]
    limit = len(some) if limit is None else limit
    return tf.image.non_max_suppression(some, np.float32(scores), limit, threshold).numpy()


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.7, 1.0])
@pytest.mark.parametrize("count", [1, 200, 700])
def test_suppression_is_tensorflows(threshold, count):
    some = random_boxes(count, count)
    scores = np.random.default_rng(1).random(count).astype(np.float32)
    kept = boxes.nms(some, scores, threshold)
    np.testing.assert_array_equal(kept, tensorflow_nms(some, scores, threshold))
    assert kept.dtype == np.int64


@given(few_boxes, st.lists(st.integers(-2, 2), min_size=8, max_size=8), st.data())
@settings(max_examples=100, deadline=None)
def test_suppression_at_ties_and_at_the_threshold_is_tensorflows(some, scores, data):
    some, scores = np.sort(some.reshape(-1, 2, 2), axis=1).reshape(-1, 4), scores[: len(some)]
    # an overlap that really occurs, so that it is met exactly
    overlaps = sorted({0.5, *boxes.iou(some, some).ravel().tolist()})
    threshold = data.draw(st.sampled_from(overlaps))
    limit = data.draw(st.none() | st.integers(0, 4))
    kept = boxes.nms(some, scores, threshold, limit)
    np.testing.assert_array_equal(kept, tensorflow_nms(some, scores, threshold, limit))


def test_suppression_without_the_plus_one():
    # IoU 1/3; where a box counts as x2 - x1 + 1 wide it is 0.375, and the second box would go
    some = [[0, 0, 10, 10], [0, 5, 10, 15]]
    assert boxes.nms(some, [0.9, 0.8], 0.35).tolist() == [0, 1]
    assert boxes.nms(some, [0.8, 0.9], 1 / 3).tolist() == [1, 0]
    assert boxes.nms(some, [0.8, 0.9], 0.33).tolist() == [1]


def test_suppression_of_nothing():
    assert boxes.nms([], [], 0.5).tolist() == []
    assert boxes.nms_per_class([], [], [], 0.5).tolist() == []


def test_classes_do_not_suppress_each_other():
    some = [[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 10], [0, 0, 9, 10]]
    kept = boxes.nms_per_class(some, [0.6, 0.9, 0.8, 0.7], [0, 0, 1, 1], 0.5)
    assert kept.tolist() == [1, 2]


def test_suppression_per_class_is_that_of_classes_moved_apart():
    some, rng = random_boxes(150, 3), np.random.default_rng(3)
    scores, labels = rng.integers(0, 20, 150) / 20, rng.integers(0, 3, 150)
    apart = some + 1024 * labels[:, None].astype(np.float32)
    np.testing.assert_array_equal(
        boxes.nms_per_class(some, scores, labels, 0.4), tensorflow_nms(apart, scores, 0.4)
    )


# --- anchors ---

PUBLISHED = [  # Ren et al., as printed in the authors' generate_anchors
    [-83, -39, 100, 56],
    [-175, -87, 192, 104],
    [-359, -183, 376, 200],
    [-55, -55, 72, 72],
    [-119, -119, 136, 136],
    [-247, -247, 264, 264],
    [-35, -79, 52, 96],
    [-79, -167, 96, 184],
    [-167, -343, 184, 360],
]


def test_the_published_table():
    np.testing.assert_array_equal(boxes.base_anchors(), PUBLISHED)


def test_the_published_table_in_our_coordinates():
    """Its pixels count from 1 and both ends belong to the box: take 1 from the first corner."""
    ours = np.float32(PUBLISHED) - [1, 1, 0, 0]
    np.testing.assert_array_equal((ours[:, :2] + ours[:, 2:]) / 2, np.full((9, 2), 8))
    exact = boxes.anchors(1, 1, 16, sizes=(128, 256, 512), ratios=(0.5, 1, 2))
    np.testing.assert_array_equal(exact[3:6], ours[3:6])  # squares need no rounding
    sides, exact_sides = ours[:, 2:] - ours[:, :2], exact[:, 2:] - exact[:, :2]
    np.testing.assert_allclose(sides, exact_sides, rtol=0.07)  # 22.6 × 11.3 became 23 × 12
    # read as our coordinates unchanged, they would be a pixel short and centred at 8.5
    assert not np.allclose((np.float32(PUBLISHED)[:, 2:] + np.float32(PUBLISHED)[:, :2]) / 2, 8)


def test_anchors_come_row_by_row_then_by_column_then_by_shape():
    height, width, stride, sizes, ratios = 3, 5, 8, (16, 40), (0.5, 1, 3)
    made = boxes.anchors(height, width, stride, sizes, ratios)
    assert made.dtype == np.float32
    place = 0
    for row in range(height):
        for column in range(width):
            for ratio in ratios:
                for size in sizes:
                    x1, y1, x2, y2 = made[place]
                    centre = [(x1 + x2) / 2, (y1 + y2) / 2]
                    assert centre == pytest.approx([8 * column + 4, 8 * row + 4], abs=1e-4)
                    assert (y2 - y1) / (x2 - x1) == pytest.approx(ratio, rel=1e-4)
                    assert (y2 - y1) * (x2 - x1) == pytest.approx(size**2, rel=1e-4)
                    place += 1
    assert len(made) == place


def test_a_maps_answer_reshaped_lies_on_its_anchors():
    """A network answers (H, W, A * 4); its reshape to (-1, 4) must meet the anchors' order."""
    height, width = 2, 3
    answer = np.zeros((height, width, 2 * 4), np.float32)
    answer[1, 2, 4:] = 1  # second shape at row 1, column 2
    row = np.flatnonzero(answer.reshape(-1, 4)[:, 0])[0]
    made = boxes.anchors(height, width, 10, (10, 20), (1,))
    np.testing.assert_array_equal(made[row], [25 - 10, 15 - 10, 25 + 10, 15 + 10])


# --- matching and sampling ---


def plain_match(anchors, truth, positive, negative):
    """The rule of Ren et al., section 3.1.2, pair by pair."""
    overlap = [[boxes.iou([a], [t])[0, 0] for t in truth] for a in anchors]
    labels = []
    for row in overlap:
        label = -1
        if all(value < negative for value in row):
            label = 0
        if any(value >= positive for value in row):
            label = 1
        for j, value in enumerate(row):
            if value > 0 and all(value >= overlap[other][j] for other in range(len(anchors))):
                label = 1
        labels.append(label)
    return labels, [int(np.argmax(row)) if row else 0 for row in overlap]


@given(few_boxes, few_boxes)
@settings(max_examples=60, deadline=None)
def test_matching_is_the_papers_rule(anchors, truth):
    labels, matched = boxes.match(anchors, truth, 0.5, 0.25)
    expected, places = plain_match(anchors, truth, 0.5, 0.25)
    assert labels.tolist() == expected
    assert matched.tolist() == places
    met = boxes.iou(anchors, truth).max(axis=0, initial=0) > 0
    best = boxes.iou(anchors, truth)[labels == 1] > 0
    assert (best.any(axis=0) == met).all(), "a box that some anchor meets has a positive one"


def test_a_box_far_from_all_anchors_makes_none_positive():
    # the published code compares with the best overlap, here 0, which every anchor has
    anchors = boxes.anchors(4, 4, 8, (12,), (1,))
    labels, _ = boxes.match(anchors, [[500, 500, 520, 520]])
    assert labels.tolist() == [0] * 16
    labels, matched = boxes.match(anchors, [[500, 500, 520, 520], [2, 2, 14, 14]])
    assert 0 < (labels == 1).sum() < 16
    assert set(matched[labels == 1]) == {1}


def test_a_box_without_area_makes_no_anchor_positive():
    labels, _ = boxes.match([[0, 0, 8, 8], [8, 0, 16, 8]], [[4, 4, 4, 4]], positive=0.0)
    assert labels.tolist() == [0, 0]


def test_thresholds_belong_to_the_positive_side_only():
    # IoU 0.75, 0.25, 0 with the box
    anchors = [[0, 0, 4, 3], [0, 0, 4, 1], [0, 0, 4, 4], [9, 9, 10, 10]]
    labels, _ = boxes.match(anchors, [[0, 0, 4, 4]], positive=0.75, negative=0.25)
    assert labels.tolist() == [1, -1, 1, 0]


def test_a_box_that_no_anchor_fits_still_has_its_best():
    anchors = [[0, 0, 10, 10], [0, 0, 10, 10], [5, 0, 15, 10], [50, 50, 60, 60]]
    labels, _ = boxes.match(anchors, [[0, 0, 10, 2]])  # IoU 0.2, 0.2, 0.1 and 0
    assert labels.tolist() == [1, 1, 0, 0]


def test_no_object_makes_everything_background():
    labels, matched = boxes.match(random_boxes(5, 0), np.zeros((0, 4)))
    assert labels.tolist() == matched.tolist() == [0] * 5
    labels, matched = boxes.match(np.zeros((0, 4)), random_boxes(5, 0))
    assert len(labels) == len(matched) == 0


@given(
    st.lists(st.integers(-1, 3), max_size=60),
    st.integers(0, 40),
    st.sampled_from([0, 0.25, 0.5, 1]),
    st.integers(0, 99),
)
@settings(max_examples=100, deadline=None)
def test_a_sample_keeps_its_shares(labels, count, share, seed):
    labels = np.array(labels, int)
    drawn = boxes.sample(labels, count, share, np.random.default_rng(seed))
    positives = min(int(count * share), (labels > 0).sum())
    assert len(set(drawn.tolist())) == len(drawn)
    assert (labels[drawn[:positives]] > 0).all()
    assert (labels[drawn[positives:]] == 0).all()
    assert len(drawn) - positives == min(count - positives, (labels == 0).sum())
    again = boxes.sample(labels, count, share, np.random.default_rng(seed))
    np.testing.assert_array_equal(drawn, again)


def test_a_sample_is_drawn_evenly():
    labels = np.repeat([1, 0, -1], [10, 30, 5])
    rng = np.random.default_rng(0)
    drawn = np.bincount(
        np.concatenate([boxes.sample(labels, 8, 0.5, rng) for _ in range(1500)]), minlength=45
    )
    np.testing.assert_allclose(drawn[:10] / 1500, 4 / 10, atol=0.06)
    np.testing.assert_allclose(drawn[10:40] / 1500, 4 / 30, atol=0.04)
    assert drawn[40:].sum() == 0


def test_boxes_and_metrics_load_no_tensorflow():
    code = (
        "import sys, course_utils.boxes, course_utils.metrics; print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
