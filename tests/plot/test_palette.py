"""Colours that are told apart, by the colour-blind too."""

import numpy as np
import pytest

from hyperspy_4dphase.plot._palette import (
    PALE,
    UNASSIGNED,
    dim,
    domain_colors,
    position_colors,
)
from tests.plot.eyes import as_seen


def closest(colors):
    """Of all pairs, for normal eyes, without red and without green cones."""
    seen = as_seen(colors)
    distance = np.linalg.norm(seen[:, :, None] - seen[:, None], axis=-1)
    first, second = np.triu_indices(len(colors), 1)
    return distance[:, first, second].min(axis=1)


def test_eyes():
    # Without green cones these two are nearly the same, without blue they would not be.
    normal, no_red, no_green = closest(np.array([[0.78, 0.45, 0.2], [0.55, 0.55, 0.2]]))
    assert normal > 3 * no_green
    grey = np.repeat([[0.2], [0.5], [0.9]], 3, axis=1)
    np.testing.assert_allclose(
        as_seen(grey)[1:], as_seen(grey)[:1].repeat(2, 0), atol=1e-3
    )


def test_lightness_of_white_and_black():
    seen = as_seen(np.array([[1.0, 1, 1], [0, 0, 0]]))
    np.testing.assert_allclose(seen[0], [[1, 0, 0], [0, 0, 0]], atol=1e-6)


@pytest.mark.parametrize(
    ("n_domains", "least"), [(13, (0.1, 0.06, 0.06)), (40, (0.07, 0.03, 0.03))]
)
def test_domains_differ(n_domains, least):
    colors = np.vstack([domain_colors(n_domains), UNASSIGNED, PALE, np.ones(3)])
    assert (closest(colors[:n_domains]) > least).all()
    assert closest(colors)[0] > 0.03


def test_same_label_same_color():
    many = domain_colors(500)
    assert many.shape == (500, 3)
    assert many.min() >= 0
    assert many.max() <= 1
    for n_domains in (0, 1, 5, 17, 100):
        np.testing.assert_array_equal(domain_colors(n_domains), many[:n_domains])
    assert len(np.unique(many[:120], axis=0)) == 120
    np.testing.assert_array_equal(many[120:240], many[:120])


def test_positions_change_evenly():
    line = np.linspace(0, 1, 41)
    points = np.stack(np.meshgrid(3 * line - 7, line), axis=-1).reshape(-1, 2)
    colors = position_colors(points).reshape(41, 41, 3)
    seen = as_seen(colors.reshape(-1, 3)).reshape(3, 41, 41, 3)
    for axis in (1, 2):
        steps = np.linalg.norm(np.diff(seen, axis=axis), axis=-1)
        assert steps.max() < 0.04
    # The corners are far apart for all eyes.
    assert (closest(colors[[0, 0, -1, -1], [0, -1, 0, -1]]) > 0.15).all()


def test_positions_of_one_point():
    colors = position_colors(np.full((3, 2), 4.0))
    assert np.isfinite(colors).all()
    assert len(np.unique(colors, axis=0)) == 1


def test_dim():
    colors = domain_colors(5)
    np.testing.assert_array_equal(dim(colors, np.ones(5)), colors)
    pale = dim(colors, np.zeros(5))
    assert np.abs(pale - PALE).max() < 0.12
    # What is left of a colour still tells domains apart.
    assert len(np.unique(pale, axis=0)) == 5
