"""Samples, and neighbouring pairs."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._clusters import (
    draw_sample,
    measure_neighbours,
    pair_neighbours,
)


@pytest.mark.parametrize(("n", "n_drawn"), [(7, 7), (40, 40), (90, 40)])
def test_draw_sample(n, n_drawn):
    points = np.arange(40)[:, None]
    drawn = draw_sample(points, n, np.random.RandomState(0))
    assert len(drawn) == n_drawn
    assert np.unique(drawn).size == n_drawn
    assert np.isin(drawn, points).all()


def test_each_is_paired_with_its_nearest():
    """On a line, with growing gaps: 0 1 3 7 15 31."""
    centers = (2.0 ** np.arange(6) - 1)[:, None] * [3.0, 4.0]
    pairs = pair_neighbours(centers)
    assert pairs[0] == (0, 1)
    length = [centers[j, 0] - centers[i, 0] for i, j in pairs]
    assert (np.diff(length) >= 0).all()
    expected = set()
    for i in range(6):
        near = np.argsort(np.abs(centers[:, 0] - centers[i, 0]), kind="stable")[1:4]
        expected |= {(min(i, j), max(i, j)) for j in near.tolist()}
    assert set(pairs) == expected


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_are_all_paired(n):
    centers = np.random.default_rng(0).normal(size=(n, 2))
    assert len(pair_neighbours(centers)) == n * (n - 1) // 2


@pytest.mark.parametrize(("n_wanted", "n_found"), [(1, 1), (2, 2), (9, 3)])
def test_distances_of_neighbours(n_wanted, n_found):
    points = np.array([[0.0], [1], [3], [7]])
    found = measure_neighbours(points[:2], points, n_wanted)
    expected = np.array([[1.0, 3, 7], [1, 2, 6]])[:, :n_found]
    np.testing.assert_allclose(found, expected)
