"""What is near a line: within noise of it, on both sides of where it starts."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._tubes import (
    count_at_ends,
    count_in_tubes,
    draw_lines,
    measure_in_tubes,
    squared_tube_radius,
)


@pytest.mark.parametrize("n_features", [2, 5, 30])
def test_noise_stays_within_the_tube(n_features):
    noise = np.random.default_rng(0).normal(size=(4000, n_features - 1))
    inside = (noise**2).sum(axis=1) < squared_tube_radius(n_features)
    assert 0.96 < inside.mean() < 1


def test_lines_lead_to_their_ends():
    rng = np.random.default_rng(0)
    start, ends = rng.normal(size=3), rng.normal(size=(7, 3))
    kept = ends.copy()
    lines, reach = draw_lines(start, ends)
    np.testing.assert_allclose(np.linalg.norm(lines, axis=1), 1)
    np.testing.assert_allclose(start + reach[:, None] * lines, ends)
    np.testing.assert_array_equal(ends, kept)


def test_no_line_leads_to_its_own_start():
    lines, reach = draw_lines(np.ones(3), np.ones((2, 3)))
    assert not lines.any()
    assert not reach.any()


@pytest.mark.parametrize("n_features", [2, 3, 9])
def test_distance_from_a_line(n_features):
    """Points are placed along a line and off it, by less or more than the radius."""
    rng = np.random.default_rng(n_features)
    start, ends = rng.normal(size=n_features), rng.normal(size=(4, n_features))
    lines, _ = draw_lines(start, ends)
    places, offs = np.array([-5.0, 0, 3, 3, 8]), np.array([1.9, 0, 1.9, 2.1, 7])
    for i, line in enumerate(lines):
        across = rng.normal(size=n_features)
        across -= (across @ line) * line
        across /= np.linalg.norm(across)
        points = start + places[:, None] * line + offs[:, None] * across
        near = count_in_tubes(points, start, lines, 4.0)
        assert near.shape == (4,)
        assert near[i] == (offs < 2).sum()
        labels, reach = np.array([2, 0, 1, 0, 1]), np.full(4, 2.0)
        own, beyond = count_at_ends(points, start, lines, 4.0, reach, labels, 2)
        assert (own[i], beyond[:, i].tolist()) == (1, [0, 1, 0])
        own, beyond = count_at_ends(points, start, lines, 4.0, reach, labels, 1)
        assert (own[i], beyond[:, i].tolist()) == (1, [0, 0, 0])
        own, beyond = count_at_ends(points, start, lines, 4.0, -9 + reach, labels, 1)
        assert (own[i], beyond[:, i].tolist()) == (1, [1, 0, 1])


def test_how_densely_a_line_is_filled():
    """Evenly over 40, at one place but for noise, and off the line."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(600, 3))
    noise[:300, 0] += np.linspace(0, 40, 300)
    noise[300:500, 0] += 90
    noise[500:, 1] += 50
    line = np.eye(1, 3)
    for own, expected in ((slice(0, 300), 40), (slice(300, 500), np.sqrt(12))):
        counts, lengths = measure_in_tubes(noise[own], np.zeros(3), line, 20.0)
        assert counts[0] == own.stop - own.start
        assert lengths[0] == pytest.approx(expected, rel=0.1)
    counts, lengths = measure_in_tubes(noise[500:], np.zeros(3), line, 20.0)
    assert counts[0] == 0
    assert lengths[0] == pytest.approx(np.sqrt(12))
