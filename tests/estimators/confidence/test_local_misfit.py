"""What a domain has nowhere around stands out; what bends, or is noise, does not."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from hyperspy_4dphase.estimators.confidence._local_misfit import measure_local_misfit

SHAPE, N_FEATURES = (40, 52), 12


def scan(seed=0, height=0.0, plates=0.0):
    """Patterns of a domain that bends, with plates two positions wide."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(SHAPE)
    bends = rng.normal(size=(3, N_FEATURES)) / np.sqrt(N_FEATURES)
    waves = np.stack([np.sin(x / 9), np.cos(y / 8), np.sin((x + y) / 11)], axis=-1)
    inside = np.zeros(SHAPE, bool)
    for _ in range(8):
        row, column = rng.integers(3, [SHAPE[0] - 5, SHAPE[1] - 20])
        inside[row : row + 2, column : column + 12] = True
    added = rng.normal(size=N_FEATURES)
    points = height * waves @ bends + rng.normal(size=(*SHAPE, N_FEATURES))
    points += plates * inside[..., None] * added / np.linalg.norm(added)
    places = np.stack(np.indices(SHAPE), axis=-1).reshape(-1, 2)
    return points.reshape(-1, N_FEATURES), places, inside.ravel()


def measure(points, places):
    return measure_local_misfit(points, np.ones(len(points)), places)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("height", [0, 8, 25])
def test_noise_and_bends_are_usual(seed, height):
    points, places, _ = scan(seed, height)
    misfit = measure(points, places)
    assert misfit.shape == (points.shape[0],)
    assert np.median(misfit) < 0.2
    assert np.quantile(misfit, 0.95) < 3
    if not height:
        assert abs(misfit.mean()) < 0.4
        assert 0.7 < misfit.std() < 1.4
    # Nothing is found here rather than there.
    right = places[:, 1] > SHAPE[1] // 2
    assert abs(roc_auc_score(right, misfit) - 0.5) < 0.06


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("height", [0, 25])
def test_plates_stand_out(seed, height):
    points, places, inside = scan(seed, height, plates=9)
    misfit = measure(points, places)
    assert roc_auc_score(inside, misfit) > 0.95
    assert np.median(misfit[inside]) > 5
    assert np.median(misfit[~inside]) < 1


def test_an_odd_pattern_does_not_make_its_neighbours_odd():
    points, places, _ = scan()
    points[620] += 40
    misfit = measure(points, places)
    others = np.arange(len(points)) != 620
    assert misfit[620] > 20 * np.abs(misfit[others]).max()


def test_brightness_does_not_matter():
    """Patterns differ in their noise where they differ in their counts."""
    rng = np.random.default_rng(1)
    places = np.stack(np.indices(SHAPE), axis=-1).reshape(-1, 2)
    spread = rng.uniform(0.2, 3, len(places))
    noise = rng.normal(size=(len(places), N_FEATURES)) * np.sqrt(spread)[:, None]
    misfit = measure_local_misfit(200 + noise, spread, places)
    assert abs(misfit.mean()) < 0.4
    assert 0.7 < misfit.std() < 1.4
    assert abs(np.corrcoef(misfit, spread)[0, 1]) < 0.2


def test_gaps_and_the_order_of_positions_do_not_matter():
    points, places, inside = scan(plates=9)
    kept = np.random.default_rng(5).permutation(len(points))[:1500]
    misfit = measure(points[kept], places[kept])
    assert roc_auc_score(inside[kept], misfit) > 0.95
    order = np.argsort(kept)
    again = measure(points[kept][order], places[kept][order])
    np.testing.assert_allclose(again, misfit[order], rtol=1e-6, atol=1e-8)


def test_few_positions_and_lines_are_not_told():
    points, places, _ = scan()
    assert measure(points[:30], places[:30]) is None
    assert measure(points, np.arange(len(points))[:, None]) is None


def test_a_small_patch_is_not_compared_with_itself():
    """It may lie far from its domain, amid another one, and be odd as a whole."""
    points, places, _ = scan()
    row, column = places.T
    patch = (abs(row - 30) < 2) & (abs(column - 40) < 2)
    members = (column < 26) | patch
    misfit = measure(points[members], places[members])
    assert np.isnan(misfit[patch[members]]).all()
    assert np.isfinite(misfit[~patch[members]]).all()
    few = np.flatnonzero(patch)
    scattered = places[:200] * 3
    assert measure(points[:200], scattered) is None
    assert measure(points[few], places[few]) is None
