"""Where else patterns like one are, and of which domain these are."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.confidence._likeness import measure_likeness

from ..scan_points import places, scanned, stripes

SHAPES = [(150,), (24, 40), (8, 10, 24)]


def likeness(shapes, labels, seed=0):
    state = np.random.RandomState(seed)
    return measure_likeness(shapes.points, shapes.positions, np.ravel(labels), state)


@pytest.mark.parametrize("shape", SHAPES)
def test_right_labels(shape):
    clean, labels = stripes(shape, 14.0)
    odds = likeness(scanned(clean), labels)
    assert odds.shape == (labels.size,)
    assert np.isfinite(odds).all()
    # Of 20, all: log(20.5 / 0.5).
    assert np.percentile(odds, 5) > 2.5
    assert odds.max() < 3.8


@pytest.mark.parametrize("shape", SHAPES)
def test_a_region_with_the_label_of_another_domain(shape):
    clean, labels = stripes(shape, 14.0)
    given = labels.copy()
    corner = (slice(0, 6),) * len(shape)
    given[corner] = 1
    assert (labels[corner] == 0).all()
    odds = likeness(scanned(clean), given).reshape(shape)
    assert np.median(odds[corner]) < -1
    right = np.ones(shape, bool)
    right[corner] = False
    assert np.median(odds[right]) > 2
    assert odds[corner].mean() < odds[right].mean() - 3


def test_a_cut_of_one_domain():
    """Where both halves have patterns like it, a label is no better than the other."""
    clean = np.zeros((24, 40, 4))
    labels = np.indices((24, 40))[-1] // 20
    odds = likeness(scanned(clean), labels)
    assert abs(odds.mean()) < 0.5
    assert np.abs(odds).max() < 3


def test_near_positions_do_not_count():
    """A region that is like nothing else: it is asked for what is farther away."""
    clean, labels = stripes((24, 40), 14.0)
    clean[:3, :3] = [0, 0, 30, 0]
    odds = likeness(scanned(clean), labels).reshape(24, 40)
    given = labels.copy()
    given[:3, :3] = 2
    own = likeness(scanned(clean), given).reshape(24, 40)
    # All that are like it are near, so that others are asked.
    assert own[:3, :3].max() < -2
    np.testing.assert_allclose(own[10:, 25:], odds[10:, 25:], atol=0.5)


def test_small_domains_are_not_outnumbered():
    """Of many positions a part is drawn; of a small domain more of them."""
    rng = np.random.default_rng(0)
    labels = np.zeros((120, 120), int)
    labels[:10, :10] = labels[-10:, -10:] = 1
    points = 14.0 * np.eye(2, 4)[labels] + rng.normal(size=(120, 120, 4))
    odds = measure_likeness(
        points.reshape(-1, 4),
        places((120, 120)),
        labels.ravel(),
        np.random.RandomState(0),
    )
    assert odds[labels.ravel() == 1].min() > 2
    assert np.median(odds) > 3


def test_one_domain():
    odds = likeness(scanned(np.zeros((20, 20, 3))), np.zeros(400, int))
    np.testing.assert_allclose(odds, np.log(20.5 / 0.5), atol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_too_few_to_ask(n):
    """All are near: nothing is known."""
    shapes = scanned(np.zeros((n, 3)))
    np.testing.assert_array_equal(likeness(shapes, np.zeros(n, int)), 0)


def test_reproducible():
    clean, labels = stripes((90, 90), 3.0)
    shapes = scanned(clean)
    one, same, other = (likeness(shapes, labels, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    assert np.corrcoef(one, other)[0, 1] > 0.8
