"""The share of scattered counts in spots, pattern by pattern."""

import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.crystallinity import (
    SpotWeights,
    classify_patterns,
    make_spot_weights,
    measure_crystallinity,
)
from hyperspy_4dphase.estimators.crystallinity._positions import _group_rings

from ..mean_patterns import SHAPE, draw, mean_pattern


@pytest.fixture(scope="module")
def weights():
    means = np.stack([draw(kind, 1e6) for kind in ("amorphous", "crystalline")])
    found = classify_patterns(means, means)
    return make_spot_weights(found, np.array([False, True]))


def test_smooth_patterns_have_none(weights):
    smooth = mean_pattern("amorphous").ravel()
    assert abs(smooth @ weights.spots[0]) < 0.005 * (smooth @ weights.scattered)


def test_what_is_smooth_in_a_glass_is_no_spot_of_it_off_centre():
    scene = {"center": (36.3, 29.6)}
    expected = [mean_pattern(k, **scene) for k in ("amorphous", "crystalline")]
    means = np.random.default_rng(0).poisson(1e6 * np.stack(expected)).astype(float)
    found = classify_patterns(means, means)
    weights = make_spot_weights(found, np.array([False, True]))
    shares = [
        spots @ image.ravel() / (weights.scattered @ image.ravel())
        for spots, image in zip(weights.spots, expected, strict=True)
    ]
    assert shares == pytest.approx([0, 0.6], abs=0.03)


def rows_of(kind, n, counts):
    return np.stack([draw(kind, counts, seed) for seed in range(n)]).reshape(n, -1)


def measure_all(rows, weights, *noise, label=1, **options):
    """Of patterns that are like one mean pattern."""
    blocks = PatternBlocks(rows, 1, **options)
    return measure_crystallinity(blocks, weights, np.full(len(rows), label), *noise)


@pytest.mark.parametrize(("kind", "share"), [("crystalline", 0.6), ("mixed", 0.3)])
def test_share(weights, kind, share):
    rows = rows_of(kind, 40, 2000)
    fractions, errors = measure_all(rows, weights)
    assert fractions.mean() == pytest.approx(share, abs=0.06)
    assert fractions.std() == pytest.approx(errors.mean(), rel=0.4)


def test_gain_offset_and_readout(weights):
    rows = rows_of("crystalline", 30, 3000)
    one, error = measure_all(rows, weights)
    rng = np.random.default_rng(0)
    camera = 12 * rows + 200
    other, same = measure_all(camera, weights, 12.0, 0.0, 200.0)
    np.testing.assert_allclose(one, other)
    np.testing.assert_allclose(error, same)
    noisy = camera + rng.normal(0, 10, camera.shape)
    found, larger = measure_all(noisy, weights, 12.0, 100.0, 200.0)
    assert (larger > error).all()
    assert (found - one).std() == pytest.approx(
        np.sqrt((larger**2 - error**2).mean()), rel=0.5
    )


def test_blocks_do_not_matter(weights):
    rows = rows_of("mixed", 7, 500)
    one = measure_all(rows, weights)
    many = measure_all(rows, weights, block_values=rows.shape[1])
    np.testing.assert_allclose(one, many)


def test_nothing_scattered():
    weights = SpotWeights(np.array([[0, 1.0, -0.5]]), np.array([0, 1.0, 1.0]))
    rows = np.array([[9.0, 0, 0], [9.0, 4, 2]])
    fractions, errors = measure_all(rows, weights, label=0)
    assert np.isnan([fractions[0], errors[0]]).all()
    assert fractions[1] == pytest.approx(0.5)
    assert errors[1] == pytest.approx(np.sqrt(4.5) / 6)


def test_each_pattern_is_weighed_as_its_domain():
    weights = SpotWeights(np.array([[1.0, -1], [1.0, -0.5]]), np.ones(2))
    rows = np.array([[3.0, 2.0]] * 3)
    labels = np.array([1, 0, 1])
    fractions, _ = measure_crystallinity(PatternBlocks(rows, 1), weights, labels)
    assert fractions == pytest.approx([0.4, 0.2, 0.4])


def test_no_crystal_has_no_spots():
    means = np.stack([draw("amorphous", 1e5)])
    found = classify_patterns(means, means)
    weights = make_spot_weights(found, np.array([False]))
    assert not weights.spots.any()
    assert weights.scattered.sum() > 0.9 * np.prod(SHAPE)


def test_rings_without_a_rest_are_joined():
    rings = np.repeat([3, 4, 5], 40)
    is_spot = np.repeat([False, True, False], 40)
    groups = _group_rings(rings, is_spot)
    assert [group.tolist() for group in groups] == [[0, 1, 2, 3], [4, 5]]
    all_spots = _group_rings(np.repeat([2, 3], 20), np.ones(40, bool))
    assert [group.tolist() for group in all_spots] == [[0, 1, 2, 3]]
