"""Radii of spots and rings, to a part of a pixel."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.calibration import distortion_matrix
from hyperspy_4dphase.estimators.calibration._radii import find_radii

SHAPE, CENTER = (90, 104), np.array([43.7, 50.2])
RINGS, SPOTS = (15.3, 27.6), (21.0, 33.4)


def pattern(ellipse=(0.0, 0.0), rings=RINGS, spots=SPOTS, beam=True):
    """Root of a pattern with rings, and opposite spots on one line."""
    rows, columns = np.indices(SHAPE)
    offsets = np.stack([columns - CENTER[1], rows - CENTER[0]])
    matrix = distortion_matrix(ellipse)
    x, y = np.tensordot(np.linalg.inv(matrix), offsets, axes=1)
    radius = np.hypot(x, y)
    root = 1 + 0.05 * np.random.default_rng(0).normal(size=SHAPE)
    root += 30 * np.exp(-(radius**2) / 8) * beam
    for ring in rings:
        root += 2 * np.exp(-((radius - ring) ** 2) / 3)
    for spot in spots:
        for sign in (-1, 1):
            apart = (x - sign * spot * np.cos(0.7)) ** 2
            apart += (y - sign * spot * np.sin(0.7)) ** 2
            root += 6 * np.exp(-apart / 3)
    return root


ALL = np.ones(SHAPE, bool)


@pytest.mark.parametrize("ellipse", [(0.0, 0.0), (0.03, -0.02)])
def test_rings_and_spots_are_where_they_are(ellipse):
    spots, rings = find_radii(pattern(ellipse), ALL, CENTER, ellipse)
    np.testing.assert_allclose(np.sort(rings), RINGS, atol=0.3)
    np.testing.assert_allclose(np.sort(spots), np.repeat(SPOTS, 2), atol=0.15)


def test_distortion_that_is_not_undone_spreads_radii():
    wrong, _ = find_radii(pattern((0.06, 0.0)), ALL, CENTER)
    right, _ = find_radii(pattern((0.06, 0.0)), ALL, CENTER, (0.06, 0.0))
    expected = np.repeat(SPOTS, 2)
    np.testing.assert_allclose(np.sort(right), expected, atol=0.15)
    assert np.abs(np.sort(wrong) - expected).max() > 0.15


def test_the_direct_beam_is_no_spot():
    spots, rings = find_radii(pattern(rings=(), spots=()), ALL, CENTER)
    assert spots.size == rings.size == 0


def test_masked_spots_are_not_found():
    rows, columns = np.indices(SHAPE)
    used = columns < CENTER[1] + 8
    spots, _ = find_radii(pattern(rings=()), used, CENTER)
    np.testing.assert_allclose(np.sort(spots), SPOTS, atol=0.15)
