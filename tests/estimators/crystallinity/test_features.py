"""What a mean pattern shows of beam, rings and spots."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.crystallinity._features import (
    draw_to_beam,
    find_beam,
    measure_features,
)

from ..mean_patterns import CENTER, SHAPE, draw, mean_pattern

EVERYWHERE = np.ones(SHAPE, bool)


def features(kind, counts=1e6, seed=0, used=EVERYWHERE, **options):
    counts = np.where(used, draw(kind, counts, seed, **options), 0)
    return measure_features(counts, used, np.array(CENTER)).features


def test_beam():
    found = find_beam(1e6 * mean_pattern("crystalline"), EVERYWHERE, CENTER)
    assert found.is_seen
    assert found.half_width == pytest.approx(2.0, abs=0.6)
    assert 4 < found.end < 7


def test_hidden_beam():
    used = np.hypot(*(np.indices(SHAPE).T - CENTER).T) > 5
    found = find_beam(1e6 * mean_pattern("crystalline") * used, used, CENTER)
    assert not found.is_seen
    assert found.end >= 5
    assert np.isnan(features("amorphous", used=used).scattered)


def test_center_is_drawn_to_the_beam():
    counts = 1e5 * mean_pattern("crystalline")
    start = np.add(CENTER, (1.1, -0.8))
    np.testing.assert_allclose(
        draw_to_beam(counts, EVERYWHERE, start), CENTER, atol=0.2
    )
    used = EVERYWHERE.copy()
    used[:, 36] = False
    np.testing.assert_array_equal(draw_to_beam(counts, used, start), start)


def test_scattered_share():
    found = features("amorphous", scattered=0.3)
    assert found.scattered == pytest.approx(0.3, abs=0.03)
    assert features("vacuum").scattered < 0.02


def test_share_in_spots():
    """60 % of what the crystal scatters, and nothing of what the glass does."""
    found = features("crystalline")
    assert found.spots == pytest.approx(0.6, abs=0.06)
    assert features("mixed").spots == pytest.approx(0.3, abs=0.06)
    assert features("amorphous").spots == 0


def test_few_counts_show_the_plainest_spots_only():
    for kind in ("crystalline", "mixed"):
        few, many = features(kind, 1e4), features(kind)
        assert 0 < few.spots < many.spots + 4 * few.spots_error
        assert few.spots_error > 4 * many.spots_error


def test_chance():
    """Of smooth patterns, what is above chance scatters about 0."""
    found = [features("amorphous", 3e4, seed) for seed in range(12)]
    peaks, excesses = np.array([(one.peak, one.excess) for one in found]).T
    assert abs(peaks.mean()) < 0.4
    assert abs(excesses.mean()) < 1.2
    assert features("crystalline", 3e4).peak > 5
    assert features("crystalline", 3e4).excess > 20


def test_ellipse_is_no_spot():
    round_, long = features("amorphous"), features("amorphous", ellipse=0.05)
    assert long.spots < 0.002
    assert long.outlier < round_.outlier + 2


def test_no_counts():
    found = measure_features(np.zeros(SHAPE), EVERYWHERE, np.array(CENTER)).features
    assert found.counts == 0
    assert np.isnan(found.spots_error)


def test_repeatable():
    assert features("mixed") == features("mixed")
