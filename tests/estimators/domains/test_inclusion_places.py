"""Where inclusions are, and where they end."""

from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._inclusion_places import (
    _AMOUNTS,
    _LESS,
    _PART_LESS,
    FEWEST,
    _add_likelihoods,
    _find_rims,
    assign_places,
    trim_rims,
)

SHAPE = 40, 52


def planted(seed=0, amount=7.0):
    """Points, the kind of each (-1 for none), and kinds as they stand out at first."""
    points = np.random.default_rng(seed).normal(size=(*SHAPE, 4))
    true = np.full(SHAPE, -1)
    for y, x in ((5, 6), (18, 30), (30, 12)):
        true[y : y + 3, x : x + 12] = 0
    for y, x in ((6, 40), (22, 8)):
        true[y : y + 12, x : x + 3] = 1
    points[true == 0, 1] += amount
    points[true == 1, 2] += amount
    # The search finds the middle of a place.
    found = np.zeros((2, *SHAPE), bool)
    for kind in (0, 1):
        found[kind, 1:-1, 1:-1] = (true == kind)[1:-1, 1:-1]
        found[kind] &= np.indices(SHAPE).sum(axis=0) % 3 > 0
    return points, true, [SimpleNamespace(found=each) for each in found]


@pytest.mark.parametrize("seed", range(2))
def test_places_are_found_whole(seed):
    points, true, kinds = planted(seed)
    kept = points.copy()
    best, cleaned, is_rim = assign_places(points, np.ones(SHAPE, bool), kinds)
    for kind in (0, 1):
        both = ((best == kind) & (true == kind)).sum()
        assert both > 0.9 * (true == kind).sum()
        assert both > 0.85 * (best == kind).sum()
    # What was added is gone where an inclusion was found, and nowhere else.
    assert np.abs(cleaned[best >= 0].mean(axis=0)).max() < 0.4
    np.testing.assert_array_equal(cleaned[best < 0], points[best < 0])
    assert not is_rim[best < 0].any()
    np.testing.assert_array_equal(points, kept)


def test_nothing_is_where_there_are_no_points():
    points, true, kinds = planted()
    inside = np.ones(SHAPE, bool)
    inside[:, :14] = False
    points[~inside] = 0
    kinds = [SimpleNamespace(found=kind.found & inside) for kind in kinds]
    best, *_ = assign_places(points, inside, kinds)
    assert (best[~inside] == -1).all()
    assert (best[true == 1] == 1).sum() > 20


def test_a_few_positions_are_no_place():
    points, _, kinds = planted()
    single = np.zeros(SHAPE, bool)
    single[20, 45:47] = True
    points[single, 1] += 9
    kinds[0].found[single] = True
    best, *_ = assign_places(points, np.ones(SHAPE, bool), kinds)
    assert single.sum() < FEWEST
    assert (best[single] == -1).all()


def less_likely(part, usual):
    """Log-likelihood of less than half of an inclusion against that of more."""
    values, amount = np.array([part * usual]), np.array([usual])
    less = _add_likelihoods(values, amount, _LESS) + np.log(_PART_LESS)
    return float((less - _add_likelihoods(values, amount, _AMOUNTS))[0])


def test_strong_inclusions_end_at_half_of_what_is_usual():
    for usual in (8.0, 15.0, 30.0):
        assert less_likely(0.35, usual) > 0
        assert less_likely(0.55, usual) < 0
    # One that hardly rises above noise keeps what may be noise.
    assert less_likely(0.4, 2.0) < 0


def test_places_that_are_faint_as_a_whole_have_no_rim():
    best = np.full((9, 20), -1)
    best[2:7, 2:7] = best[2:7, 12:17] = 0
    less = np.full((*best.shape, 1), -1.0)
    less[best == 0] = 1
    less[3:6, 3:6] = -1
    expected = np.zeros(best.shape, bool)
    expected[2:7, 2:7] = True
    expected[3:6, 3:6] = False
    np.testing.assert_array_equal(_find_rims(best, less), expected)


def halves():
    """Two leaves side by side, an inclusion of leaf 2 in each, and its rim."""
    positions = np.indices((9, 24)).reshape(2, -1).T
    y, x = positions.T
    labels = (x >= 12).astype(int)
    kinds = np.full(len(labels), -1)
    for left in (3, 16):
        kinds[(y > 1) & (y < 7) & (x >= left) & (x < left + 5)] = 0
    is_rim = (kinds == 0) & ((y == 2) | (y == 6))
    return np.where(kinds == 0, 2, labels), kinds, is_rim, positions


def test_rims_go_to_what_is_around_them():
    labels, kinds, is_rim, positions = halves()
    kept = labels.copy()
    found = trim_rims(labels, kinds, is_rim, positions)
    np.testing.assert_array_equal(found[is_rim], positions[is_rim, 1] >= 12)
    np.testing.assert_array_equal(found[~is_rim], labels[~is_rim])
    np.testing.assert_array_equal(labels, kept)


def test_rims_stay_where_there_is_nothing_else_around():
    labels, kinds, is_rim, positions = halves()
    alone = np.full_like(labels, 2)
    np.testing.assert_array_equal(trim_rims(alone, kinds, is_rim, positions), alone)
    none = np.zeros_like(is_rim)
    np.testing.assert_array_equal(trim_rims(labels, kinds, none, positions), labels)
    lost = np.where(kinds < 0, -1, labels)
    np.testing.assert_array_equal(trim_rims(lost, kinds, is_rim, positions), lost)
