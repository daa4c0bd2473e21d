"""Selective search beside plain references, and beside OpenCV contrib on the same photographs."""

import importlib.metadata
import itertools
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import search_scenes
from skimage.segmentation import felzenszwalb

from course_utils import boxes as boxes_
from course_utils import metrics, runtime
from course_utils import selective_search as search
from course_utils.data.pets import load_scenes
from course_utils.data.photos import load_photo

REAL = runtime.HOUSE.parent / "shared" / "real"
SIDE = 128

CONTRIB = """
import sys, time
import cv2, numpy as np
cv2.setNumThreads(1)
given, answer = sys.argv[1:]
found, seconds = {}, []
with np.load(given) as images:
    for name in images.files:
        begun = time.process_time()
        search = cv2.ximgproc.segmentation.createSelectiveSearchSegmentation()
        search.setBaseImage(np.ascontiguousarray(images[name][:, :, ::-1]))
        search.switchToSelectiveSearchFast()
        rects = search.process().astype(np.float32)
        seconds.append(time.process_time() - begun)
        rects[:, 2:] += rects[:, :2]
        found[name] = rects
np.savez(answer, seconds=np.array(seconds), **found)
"""


@pytest.fixture(scope="module")
def photo():
    return load_photo("chelsea", size=SIDE)


@pytest.fixture(scope="module")
def parts(photo):
    """Labels, regions and pairs of a photograph."""
    labels = search.segment(photo, 30)
    return labels, search.describe(labels, *search.pixel_bins(photo)), search.neighbours(labels)


def patches(side=24, rows=3, columns=4, noise=12, seed=0):
    """Labels of a grid and a picture with a colour and a texture of its own in each cell."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: rows * side, : columns * side]
    labels = (y // side) * columns + x // side
    colours = rng.integers(30, 226, (rows * columns, 3))
    picture = colours[labels] + rng.normal(0, noise, (*labels.shape, 3))
    return labels.astype(np.int64), np.clip(picture, 0, 255).astype(np.uint8)


# ---------------------------------------------------------------- regions


def test_histograms_hold_every_pixel_once(parts, photo):
    # a popular version asks for the range 0-255 of values from 0 to 1, or the other way round, and
    # loses most of a histogram: rows that don't sum to 1, or all in the first bin
    labels, regions, _ = parts
    for histograms in (regions.colours, regions.textures):
        assert histograms.sum(axis=1) == pytest.approx(np.ones(len(histograms)), abs=1e-5)
        assert (histograms > 0).any(axis=0).mean() > 0.5  # the bins are in use
    assert regions.colours.shape[1] == 75
    assert regions.textures.shape[1] == 240
    for label in (0, 5, len(regions.sizes) - 1):
        pixels = photo[labels == label]
        expected = [np.histogram(pixels[:, c], 25, (0, 256))[0] for c in range(3)]
        expected = np.concatenate(expected) / (3 * len(pixels))
        assert regions.colours[label] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("space", search.SPACES)
def test_colour_spaces_fill_the_range(space):
    # OpenCV's plain HSV has hues up to 179 only, floats run to 360 and 1: here all go to 255
    ramp = np.stack(np.meshgrid(*[np.arange(0, 256, 15)] * 3), axis=-1).reshape(18, -1, 3)
    converted = cv2.cvtColor(np.tile(ramp.astype(np.uint8), (2, 1, 1)), space)
    assert converted.dtype == np.uint8
    assert converted.reshape(-1, 3).max(axis=0).min() > 200


def test_textures_against_plain_derivatives():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (20, 22, 3)).astype(np.uint8)
    _, texture = search.pixel_bins(image)
    assert texture.shape == (440, 24)
    smooth = cv2.GaussianBlur(image.astype(np.float64), (0, 0), 1.0)
    padded = np.pad(smooth, ((1, 1), (1, 1), (0, 0)), "reflect")
    across = padded[1:-1, 2:] - padded[1:-1, :-2]
    down = padded[2:, 1:-1] - padded[:-2, 1:-1]
    for channel, direction in ((0, 0), (1, 1), (2, 5)):
        angle = direction * np.pi / 4
        each = across * np.cos(angle) + down * np.sin(angle)
        top = np.hypot(across, down)[..., channel].max()
        share = np.maximum(each[..., channel], 0).ravel() / top
        own = texture[:, channel * 8 + direction] - (channel * 8 + direction) * 10
        assert own.min() >= 0
        assert own.max() <= 9
        # the upper end is the largest of the eight slopes, at most 8 % below the steepest
        assert np.corrcoef(own, share)[0, 1] > 0.98
        assert np.abs(own - np.clip(share * 10, 0, 9.999) // 1).max() <= 1


def test_sizes_and_boxes(parts):
    labels, regions, _ = parts
    assert regions.sizes.sum() == labels.size
    for label in range(len(regions.sizes)):
        rows, columns = np.nonzero(labels == label)
        assert regions.sizes[label] == len(rows)
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert regions.boxes[label].tolist() == box


def test_neighbours_are_regions_that_touch(parts):
    labels, _, pairs = parts
    expected = set()
    height, width = labels.shape
    for y, x in itertools.product(range(height), range(width)):
        for v, u in ((y + 1, x), (y, x + 1)):
            if v < height and u < width and labels[y, x] != labels[v, u]:
                expected.add(tuple(sorted((int(labels[y, x]), int(labels[v, u])))))
    assert {tuple(pair) for pair in pairs.tolist()} == expected
    assert len(pairs) == len(expected)


def test_a_region_inside_another_is_its_neighbour():
    # versions that compare boxes only where their borders cross miss it
    labels = np.zeros((9, 9), np.int64)
    labels[3:6, 3:6] = 1
    assert search.neighbours(labels).tolist() == [[0, 1]]


def test_overlapping_boxes_alone_make_no_neighbours():
    # an L, what it leaves free, and a corner that only the L's box covers
    labels = np.zeros((8, 8), np.int64)
    labels[:6, 2:] = 1
    labels[:3, 5:] = 2
    regions = search.describe(labels, *search.pixel_bins(np.zeros((8, 8, 3), np.uint8)))
    overlap = boxes_.iou(regions.boxes[:1], regions.boxes[2:])
    assert overlap[0, 0] > 0
    assert search.neighbours(labels).tolist() == [[0, 1], [1, 2]]


# ---------------------------------------------------------------- similarities


def only(name):
    return tuple(float(name == part) for part in ("colour", "texture", "size", "fill"))


@pytest.mark.parametrize("name", ["colour", "texture", "size", "fill"])
def test_similarities_lie_between_0_and_1(parts, name):
    labels, regions, pairs = parts
    alike = search.similarity(regions, *pairs.T, only(name), labels.size)
    assert alike.min() >= -1e-6
    assert alike.max() <= 1 + 1e-6
    assert np.ptp(alike) > 0.02  # not the constant that a wrong range makes of it


def test_similarities_against_loops(parts):
    labels, regions, pairs = parts
    for i, j in pairs[::37].tolist():
        masks = labels == i, labels == j
        both = masks[0] | masks[1]
        rows, columns = np.nonzero(both)
        around = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        expected = {
            "colour": sum(min(a, b) for a, b in zip(*regions.colours[[i, j]], strict=True)),
            "texture": sum(min(a, b) for a, b in zip(*regions.textures[[i, j]], strict=True)),
            "size": 1 - both.sum() / labels.size,
            "fill": 1 - (around - both.sum()) / labels.size,
        }
        for name, value in expected.items():
            found = search.similarity(regions, np.array([i]), j, only(name), labels.size)
            assert found == pytest.approx([value], abs=1e-5)
        together = search.similarity(regions, np.array([i]), j, (1, 2, 3, 4), labels.size)
        values = list(expected.values())
        assert together == pytest.approx([np.dot([1, 2, 3, 4], values)], abs=1e-5)


def test_equal_regions_are_wholly_alike():
    labels, picture = patches(rows=1, columns=2)
    picture[:, 24:] = picture[:, :24]
    regions = search.describe(labels, *(bins for bins in search.pixel_bins(picture)))
    alike = search.similarity(regions, np.array([0]), 1, only("colour"), labels.size)
    assert alike == pytest.approx([1.0])
    alike = search.similarity(regions, np.array([0]), 1, only("size"), labels.size)
    assert alike == pytest.approx([0.0])  # together they are the whole picture


# ---------------------------------------------------------------- grouping


def plain_grouping(labels, bins, strategy):
    """Merge by the same rule, each region's numbers counted anew from its pixels."""
    labels = labels.copy()
    alive, boxes, nxt = list(range(labels.max() + 1)), [], labels.max() + 1

    def measured(chosen):
        ids = np.zeros(labels.max() + 1, np.int64)
        ids[chosen] = np.arange(len(chosen))
        return search.describe(ids[labels], *bins)

    boxes.extend(measured(alive).boxes.tolist())
    while len(alive) > 1:
        regions = measured(alive)
        best = None
        for i, j in itertools.combinations(range(len(alive)), 2):
            a, b = labels == alive[i], labels == alive[j]
            grown = cv2.dilate(
                a.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
            )
            if not (grown.astype(bool) & b).any():
                continue
            alike = search.similarity(regions, np.array([i]), j, strategy, labels.size)[0]
            if best is None or alike > best[0]:
                best = alike, alive[i], alive[j]
        _, i, j = best
        labels[(labels == i) | (labels == j)] = nxt
        rows, columns = np.nonzero(labels == nxt)
        boxes.append([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        alive = [k for k in alive if k not in (i, j)] + [nxt]
        nxt += 1
    return np.array(boxes)


@pytest.mark.parametrize("strategy", search.STRATEGIES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_grouping_equals_counting_anew(strategy, seed):
    labels, picture = patches(side=8, seed=seed)
    bins = search.pixel_bins(picture)
    regions = search.describe(labels, *bins)
    found = search.group(regions, search.neighbours(labels), strategy, labels.size)
    assert found.tolist() == plain_grouping(labels, bins, strategy).tolist()


def test_n_regions_give_2n_minus_1_boxes_and_end_in_the_picture(parts):
    labels, regions, pairs = parts
    found = search.group(regions, pairs, (1, 1, 1, 1), labels.size)
    count = len(regions.sizes)
    assert len(found) == 2 * count - 1
    assert found[:count].tolist() == regions.boxes.tolist()
    assert found[-1].tolist() == [0, 0, labels.shape[1], labels.shape[0]]


def test_a_merged_histogram_is_that_of_the_union(parts):
    labels, regions, pairs = parts
    grown = search.Regions(
        *(np.concatenate([column, column[:1] * 0]) for column in vars(regions).values())
    )
    i, j = pairs[10].tolist()
    search._merge(grown, i, j, len(regions.sizes))
    photo = load_photo("chelsea", size=SIDE)
    union = ((labels == i) | (labels == j)).astype(np.int64)
    expected = search.describe(union, *search.pixel_bins(photo))
    for name, column in vars(grown).items():
        assert column[-1] == pytest.approx(getattr(expected, name)[1], abs=1e-6), name


# ---------------------------------------------------------------- the whole search


def test_boxes_are_whole_and_once_and_inside(photo):
    found = search.selective_search(photo)
    height, width = photo.shape[:2]
    assert found.dtype == np.float32
    assert len(np.unique(found, axis=0)) == len(found)
    assert (found[:, :2] >= 0).all()
    assert (found[:, 2] <= width).all()
    assert (found[:, 3] <= height).all()
    assert (found[:, 2:] - found[:, :2] >= search.scaled(20, photo.shape)).all()
    assert [0, 0, width, height] in found.tolist()


def test_order_is_repeatable_and_most_takes_the_first(photo):
    found = search.selective_search(photo)
    assert np.array_equal(found, search.selective_search(photo))
    assert np.array_equal(found[:50], search.selective_search(photo, most=50))
    other = search.selective_search(photo, seed=1)
    assert not np.array_equal(found, other)
    assert {tuple(box) for box in found.tolist()} == {tuple(box) for box in other.tolist()}


def test_later_regions_come_first_on_the_whole(photo):
    found = search.selective_search(photo)
    sides = np.sqrt(boxes_.area(found))
    assert sides[: len(found) // 4].mean() > 1.3 * sides[-len(found) // 4 :].mean()


def test_a_square_of_its_own_colour_is_found():
    image = np.full((90, 120, 3), (40, 90, 160), np.uint8)
    image[20:60, 50:100] = (200, 120, 40)
    found = search.selective_search(image)
    assert boxes_.iou(found, np.float32([[50, 20, 100, 60]])).max() > 0.9


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (2, 3), (5, 700), (64, 64)])
@pytest.mark.parametrize("fill", ["one colour", "noise"])
def test_any_picture_gives_boxes(shape, fill):
    rng = np.random.default_rng(0)
    image = np.full((*shape, 3), 77, np.uint8)
    if fill == "noise":
        image = rng.integers(0, 256, (*shape, 3)).astype(np.uint8)
    found = search.selective_search(image)
    assert np.isfinite(found).all()
    assert [0, 0, shape[1], shape[0]] in found.tolist()
    assert (found[:, 2:] > found[:, :2]).all()


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((0, 8, 3), np.uint8),
    ],
)
def test_other_arrays_are_named(image):
    with pytest.raises(ValueError, match="expected \\(H, W, 3\\) uint8"):
        search.selective_search(image)


def test_scale_follows_the_picture():
    assert search.scaled(50, (375, 500, 3)) == pytest.approx(50)
    assert search.scaled(50, (750, 1000)) == pytest.approx(100)


def test_segments_are_those_of_scikit_image(photo):
    expected = felzenszwalb(photo, scale=40, sigma=0.8, min_size=40)
    assert np.array_equal(search.segment(photo, 40), expected)
    assert np.bincount(expected.ravel()).min() >= 40


def test_one_second_at_128_pixels():
    scenes = load_scenes("test", count=5, size=SIDE)
    search.selective_search(scenes.images[0])
    seconds = []
    for image in scenes.images:
        begun = time.process_time()
        search.selective_search(image)
        seconds.append(time.process_time() - begun)
    assert np.median(seconds) < 1.0


def test_recall_on_drawn_scenes():
    scenes = load_scenes("test", count=30, size=SIDE)
    found = [search.selective_search(image, most=200) for image in scenes.images]
    assert metrics.recall(found, scenes.boxes) >= 0.95


# ---------------------------------------------------------------- many pictures


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setattr(runtime, "_current", None)
    return tmp_path


def small_pictures(count):
    rng = np.random.default_rng(count)
    shapes = [(20 + i % 3, 30 + i % 5, 3) for i in range(count)]
    return [cv2.blur(rng.integers(0, 256, shape).astype(np.uint8), (5, 5)) for shape in shapes]


@pytest.mark.parametrize("count", [3, 23])
def test_many_pictures_get_the_boxes_of_each(cache, count):
    images = small_pictures(count)
    found = search.propose(images, most=12)
    assert len(found) == count
    for image, boxes in zip(images, found, strict=True):
        assert np.array_equal(boxes, search.selective_search(image, most=12))


def test_what_was_searched_is_kept_by_content(cache, monkeypatch):
    images = small_pictures(4)
    first = search.propose(images, most=9)
    asked = []
    monkeypatch.setattr(search, "selective_search", lambda *a, **k: asked.append(1) or first[0])
    again = search.propose([image.copy() for image in images], most=9)
    assert not asked
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a, b)
    search.propose(images[:3], most=9)
    assert len(asked) == 3
    images[2] = images[2].copy()
    images[2][0, 0] ^= 1
    search.propose(images, most=9)
    assert len(asked) == 7


def test_the_shipped_boxes_are_those_of_the_lessons_training_scenes(cache, monkeypatch):
    scenes = search_scenes.scenes()
    some = [search.selective_search(scenes[i], most=search_scenes.MOST) for i in (0, 150, 299)]
    monkeypatch.setattr(search, "_search_all", lambda *_: pytest.fail("searched"))
    found = search.propose(scenes, search_scenes.MOST)
    assert len(found) == len(scenes)
    for own, i in zip(some, (0, 150, 299), strict=True):
        assert found[i].dtype == np.float32
        assert np.array_equal(found[i], own)
    assert search.SHIPPED.stat().st_size <= 2e6


def test_no_pictures_no_boxes(cache):
    assert search.propose([], most=5) == []


def test_a_worker_that_stops_is_told(cache):
    with pytest.raises(RuntimeError, match=r"(?s)Selective search stopped.*uint8"):
        search.propose([np.zeros((4, 4, 3), np.float32)] * 12, most=5)


# ---------------------------------------------------------------- beside OpenCV contrib


@pytest.fixture(scope="module")
def contrib(tmp_path_factory):
    """A Python with OpenCV contrib: in the course's own environment it would overwrite cv2."""
    folder = tmp_path_factory.mktemp("contrib")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    packages = [
        f"opencv-contrib-python-headless=={importlib.metadata.version('opencv-python-headless')}",
        f"numpy=={np.__version__}",
    ]
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    try:
        done = subprocess.run(
            [*pip, "--only-binary=:all:", *packages], capture_output=True, text=True, timeout=240
        )
    except subprocess.TimeoutExpired:
        pytest.skip("OpenCV contrib can't be installed here: pip took more than 240 s")
    if done.returncode != 0:
        pytest.skip(f"OpenCV contrib can't be installed here: {done.stderr.strip()[-200:]}")
    return python


def photographs(name, count):
    folder = REAL / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not on this machine")
    runtime._current = runtime._from_environment({"source": str(folder)})
    try:
        return load_scenes("train", count=count, size=SIDE)
    finally:
        runtime._current = None


@pytest.mark.parametrize("name", ["raccoon", "oxford_pets"])
def test_recall_and_time_beside_contrib(name, contrib, tmp_path, capsys):
    scenes = photographs(name, 50)
    np.savez(tmp_path / "given.npz", *scenes.images)
    Path(tmp_path, "contrib.py").write_text(CONTRIB, encoding="utf-8")
    command = [contrib, tmp_path / "contrib.py", tmp_path / "given.npz", tmp_path / "answer.npz"]
    subprocess.run([str(part) for part in command], check=True, timeout=120)
    with np.load(tmp_path / "answer.npz") as kept:
        theirs = [kept[f"arr_{i}"] for i in range(len(scenes))]
        their_seconds = np.median(kept["seconds"])
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    ours, seconds = [], []
    for image in scenes.images:
        begun = time.process_time()
        ours.append(search.selective_search(image))
        seconds.append(time.process_time() - begun)
    cv2.setNumThreads(threads)
    with capsys.disabled():
        print(f"\n{name}: {np.median(seconds):.3f} s a picture, contrib {their_seconds:.3f} s")
        for most in (25, 50, 100, 200, 400):
            both = [
                metrics.recall([boxes[:most] for boxes in each], scenes.boxes)
                for each in (ours, theirs)
            ]
            print(f"  {most:4} boxes: recall at IoU 0.5 {both[0]:.3f}, contrib {both[1]:.3f}")
            assert both[0] >= both[1] - 0.06
    assert np.median(seconds) <= 8 * their_seconds
