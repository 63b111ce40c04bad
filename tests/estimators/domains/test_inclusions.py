"""Thin inclusions in what bends."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains import _inclusions
from hyperspy_4dphase.estimators.domains._field import Field
from hyperspy_4dphase.estimators.domains._inclusions import find_inclusions

SHAPE = 60, 64
N_FEATURES = 5


def bent(seed=0):
    """Unit noise on a matrix that bends smoothly along two directions."""
    y, x = np.indices(SHAPE) / 20
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(*SHAPE, N_FEATURES))
    points[..., 0] += 8 * np.sin(y + x)
    points[..., 1] += 6 * np.cos(y - x / 2)
    return points


def plates():
    """Two kinds: rods along x and along y."""
    kinds = np.full(SHAPE, -1)
    for y, x in ((10, 8), (25, 40), (44, 20), (52, 45)):
        kinds[y : y + 2, x : x + 12] = 0
    for y, x in ((5, 50), (28, 10), (40, 55), (12, 32)):
        kinds[y : y + 12, x : x + 2] = 1
    return kinds


def found(points, seed=0):
    field = Field(points.reshape(-1, N_FEATURES), np.indices(SHAPE).reshape(2, -1).T)
    kinds, cleaned, _ = find_inclusions(field, np.random.RandomState(seed))
    return kinds.reshape(SHAPE), cleaned.reshape(points.shape)


@pytest.mark.parametrize("seed", range(3))
def test_plates_of_two_kinds(seed):
    points, true = bent(seed), plates()
    points[true == 0, 2] += 6
    points[true == 1, 3] += 6
    kinds, cleaned = found(points, seed)
    assert kinds.max() == 1
    rods = [np.bincount(true[kinds == k] + 1, minlength=3).argmax() - 1 for k in (0, 1)]
    assert sorted(rods) == [0, 1]
    for k, rod in enumerate(rods):
        both = ((kinds == k) & (true == rod)).sum()
        assert both > 0.85 * (true == rod).sum()
        assert both > 0.8 * (kinds == k).sum()
    # What was added is gone from the points that go on, and others are as they were.
    assert np.abs(cleaned[true == 0][:, 2].mean()) < 1.5
    np.testing.assert_array_equal(cleaned[kinds < 0], points[kinds < 0])


@pytest.mark.parametrize("seed", range(3))
def test_faint_plates_are_no_rims_as_a_whole(seed):
    points, true = bent(seed), plates()
    points[true == 0, 2] += 5
    field = Field(points.reshape(-1, N_FEATURES), np.indices(SHAPE).reshape(2, -1).T)
    kinds, _, is_rim = find_inclusions(field, np.random.RandomState(seed))
    own = (kinds >= 0) & (true == 0).ravel()
    assert own.sum() > 0.8 * (true == 0).sum()
    assert is_rim[own].mean() < 0.15
    assert not is_rim[kinds < 0].any()


@pytest.mark.parametrize("seed", range(5))
def test_none_in_a_bent_crystal(seed):
    points = bent(seed)
    kinds, cleaned = found(points, seed)
    assert (kinds == -1).all()
    np.testing.assert_array_equal(cleaned, points)


def test_none_in_a_list_or_a_line():
    points = bent().reshape(-1, N_FEATURES)
    line = np.arange(len(points))[:, None]
    kinds, cleaned, _ = find_inclusions(Field(points, line), np.random.RandomState(0))
    assert (kinds == -1).all()
    np.testing.assert_array_equal(cleaned, points)


def test_the_points_given_are_not_changed():
    points = bent()
    points[plates() == 0, 2] += 6
    kept = points.copy()
    found(points)
    np.testing.assert_array_equal(points, kept)


@pytest.mark.parametrize("seed", range(2))
def test_some_positions_of_many_tell_as_much(monkeypatch, seed):
    """In large scans how noise is spread is measured at some positions."""
    monkeypatch.setattr(_inclusions, "_N_SPREAD", 450)
    points, true = bent(seed), plates()
    points[true == 0, 2] += 6
    kinds, _ = found(points, seed)
    assert ((kinds >= 0) & (true == 0)).sum() > 0.85 * (true == 0).sum()
    assert ((kinds >= 0) & (true != 0)).sum() < 0.2 * (true == 0).sum()
    assert (found(bent(seed + 10), seed)[0] == -1).all()
