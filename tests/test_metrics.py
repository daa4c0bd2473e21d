"""Measures of generated pictures beside SciPy and beside what can be worked out by hand."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from course_utils.metrics import effective_classes, frechet_distance


def cloud(count, dimensions, seed):
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(dimensions, dimensions))
    return rng.normal(size=(count, dimensions)) @ mix + rng.normal(size=dimensions)


@pytest.mark.parametrize(("count", "dimensions"), [(40, 3), (300, 24), (10, 24)])
def test_frechet_distance_is_scipys(count, dimensions):
    one, other = cloud(count, dimensions, 1), cloud(count + 7, dimensions, 2)
    c1, c2 = np.cov(one.T), np.cov(other.T)
    expected = np.sum((one.mean(0) - other.mean(0)) ** 2)
    expected += np.trace(c1 + c2 - 2 * sqrtm(c1 @ c2).real)
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-5)
    assert frechet_distance(other, one) == pytest.approx(expected, rel=1e-5)


def test_frechet_distance_of_two_bells():
    # one dimension: (m1 - m2)² + (s1 - s2)²
    rows = np.random.default_rng(0).normal(size=(500, 1))
    rows = (rows - rows.mean()) / rows.std(ddof=1)
    assert frechet_distance(3 * rows + 1, rows - 4) == pytest.approx(25 + 4)


def test_frechet_distance_to_itself_is_nothing_and_a_shift_counts_squared():
    rows = cloud(200, 8, 3)
    assert frechet_distance(rows, rows[::-1]) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(rows, rows + 2) == pytest.approx(8 * 4)
    # a collapsed cloud at the right mean still lies apart by all of its variance
    collapsed = np.broadcast_to(rows.mean(axis=0), rows.shape)
    spread = np.var(rows, axis=0, ddof=1).sum()
    assert frechet_distance(rows, collapsed) == pytest.approx(spread, rel=1e-6)


def test_frechet_distance_takes_float32_of_far_means():
    rows = cloud(200, 8, 4)
    far = frechet_distance((rows + 1000).astype(np.float32), (rows + 1001).astype(np.float32))
    assert far == pytest.approx(8, rel=1e-2)


@pytest.mark.parametrize("shapes", [((5, 3), (5, 4)), ((5,), (5,)), ((1, 3), (5, 3))])
def test_frechet_distance_names_wrong_shapes(shapes):
    with pytest.raises(ValueError, match="expected"):
        frechet_distance(*(np.zeros(shape) for shape in shapes))


def test_effective_classes():
    assert effective_classes(np.arange(30) % 10, 10) == pytest.approx(10)
    assert effective_classes(np.full(7, 3), 10) == pytest.approx(1)
    # half, a quarter, a quarter: an entropy of 1.5 ln 2
    assert effective_classes(np.array([0, 0, 2, 5]), 6) == pytest.approx(2**1.5)


def test_effective_classes_names_a_label_too_many():
    with pytest.raises(ValueError, match="A label is 4"):
        effective_classes(np.array([0, 4]), 4)
