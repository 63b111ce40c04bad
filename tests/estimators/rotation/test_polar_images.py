"""Patterns as images about a centre: smoothed, scaled, and sampled in circles."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.rotation._polar_images import (
    check_centers,
    check_patterns,
    find_vertex,
    place_circles,
    smooth,
)

SHAPE = 41, 53


def spots(center, places, width=1.3):
    """Spots (row, column) from the centre, and their opposites, about a beam."""
    rows, columns = np.indices(SHAPE)
    image = np.zeros(SHAPE)
    for y, x in [(0, 0), *places, *(-np.array(places))]:
        off = np.hypot(rows - center[0] - y, columns - center[1] - x)
        image += (1 + 9 * (x == y == 0)) * np.exp(-(off**2) / (2 * width**2))
    return image


@pytest.mark.parametrize("place", [-0.7, 0.0, 0.4])
@pytest.mark.parametrize("bend", [0.5, 3.0])
def test_vertex_of_a_parabola(place, bend):
    values = bend / 2 * (np.arange(-1, 2) - place) ** 2 - 4
    found = find_vertex(*values)
    np.testing.assert_allclose(found, (place, bend, -4), atol=1e-12)


@pytest.mark.parametrize("values", [(1, 2, 1), (1, 1, 1), (np.inf, 2, 3)])
def test_no_vertex_without_a_minimum(values):
    assert find_vertex(*values) == (0, 1, values[1])


def test_smoothing_knows_what_noise_is_left():
    noise = np.random.default_rng(0).normal(3, 2, (300, 310))
    image = smooth(noise, np.full(noise.shape, 4.0), np.ones(noise.shape, bool))
    inside = np.s_[5:-5, 5:-5]
    assert image.pattern[inside].mean() == pytest.approx(3, rel=0.01)
    assert image.pattern[inside].var() == pytest.approx(
        image.variance[inside].mean(), rel=0.05
    )
    assert (image.used == 1).all()


def test_smoothing_leaves_out_pixels_that_are_not_used():
    used = np.ones(SHAPE, bool)
    used[:, 20:26] = False
    pattern = np.where(used, 2.0, 0)
    image = smooth(pattern, pattern, used)
    np.testing.assert_allclose(image.pattern[image.used > 0], 2)
    assert not image.pattern[:, 21:25].any()
    assert not image.used[:, 21:25].any()


@pytest.mark.parametrize("center", [(20.3, 26.6), (16.8, 30.2)])
def test_centers_are_found_and_given(center):
    image = spots(center, [(9, 2), (3, 11)])
    patterns = np.stack([image, 3 * image])
    used = np.ones(patterns.shape, bool)
    found = check_centers(None, patterns, used)
    np.testing.assert_allclose(found, [center, center], atol=0.1)
    given = check_centers(center, patterns, used)
    np.testing.assert_array_equal(given, [center, center])


def test_patterns_are_scaled_alike():
    image = spots((20, 26), [(9, 2)])
    patterns = np.stack([image, 50 * image])
    scaled, variances, used = check_patterns(patterns, patterns, None)
    assert used.all()
    np.testing.assert_allclose(scaled.mean(axis=(1, 2)), 1)
    np.testing.assert_allclose(scaled[0], scaled[1])
    np.testing.assert_allclose(variances[0], 50 * variances[1])


def test_circles_are_evenly_dense_and_seen():
    image = smooth(spots((20, 26), [(9, 2)]), np.zeros(SHAPE), np.ones(SHAPE, bool))
    center = np.array([20.0, 26.0])
    radii, angles = place_circles([image], center[None], 0.0125)
    steps = np.diff(np.log(radii))
    np.testing.assert_allclose(steps, angles[1])
    assert angles[-1] + angles[1] == pytest.approx(2 * np.pi)
    # Outside the direct beam, and no more than half off the detector.
    assert 2 < radii[0] < 8
    assert 20 < radii[-1] < 34


def test_too_few_circles():
    used = np.zeros(SHAPE, bool)
    used[19:22, 25:28] = True
    image = smooth(np.ones(SHAPE), np.ones(SHAPE), used)
    with pytest.raises(ValueError, match="at least 4 circles"):
        place_circles([image], np.array([[20.0, 26.0]]), 0.0125)
