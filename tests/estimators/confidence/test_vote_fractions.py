"""Votes are split where a map cannot tell, and counted where it can."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.confidence._vote_fractions import (
    Votes,
    measure_support,
    split_votes,
)

SIZES = np.array([0.5, 0.3, 0.2])


def split(clusters, table, doubt=0.25, sizes=SIZES):
    """Fractions at a position where maps of equal weight say these clusters."""
    n = len(clusters)
    first = np.array(clusters, np.int32)[np.newaxis]
    none, ones = np.full((1, n), -1, np.int32), np.ones((1, n), np.float32)
    votes = Votes(first, none, ones, np.zeros(n, int), len(table))
    table = np.array(table, np.float32)
    return split_votes(votes, np.full(n, 1 / n), table, sizes, doubt)[0]


TABLE = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize(
    ("clusters", "expected"),
    [
        ([0, 0, 0, 1, 1], [0.6, 0.4, 0]),
        ([0, -1, -1, -1, 1], [0.5, 0.5, 0]),
        # Nobody can tell: by size.
        ([3, 3, 3, 3], [0, 0.6, 0.4]),
        ([4, 4], SIZES),
        ([-1, -1], [0, 0, 0]),
    ],
)
def test_fractions(clusters, expected):
    np.testing.assert_allclose(split(clusters, TABLE), expected, atol=1e-3)


def test_merged_votes_follow_those_that_tell():
    found = [split([1] * m + [3] * (8 - m), TABLE, 1 / 8)[1] for m in range(9)]
    assert (np.diff(found) > 0).all()
    assert found[1] < 0.85
    assert found[7] > 0.98
    assert found[8] == pytest.approx(1)
    # Certain, if a single one need not be doubted.
    assert split([1] + [3] * 7, TABLE, 1e-3)[1] > 0.99


def test_jitted_and_python_split_the_same():
    rng = np.random.default_rng(0)
    maps = rng.integers(-1, 4, (5, 40))
    votes = Votes.from_maps(
        maps, rng.integers(-1, 4, maps.shape), rng.random(maps.shape)
    )
    table = rng.random((votes.n_clusters, 3)).astype(np.float32)
    given = votes, rng.dirichlet(np.ones(5)), table, SIZES, 0.2
    found = split_votes(*given), split_votes.py_func(*given)
    np.testing.assert_allclose(*found, atol=1e-6)
    assigned = (maps >= 0).any(axis=0)
    np.testing.assert_allclose(found[0].sum(axis=1), assigned, atol=1e-5)


def test_support():
    votes = Votes.from_maps(np.array([[0, 0, 1, -1], [0, 1, 1, 1]]))
    table = np.array([[1, 0], [0, 1]] * 2, np.float32)
    sizes, labels = np.array([0.5, 0.5]), np.array([0, 1, -1, 1])
    fractions = split_votes(votes, np.array([0.5, 0.5]), table, sizes, 0.5)
    for which, expected in (([0], [1, 0, 0, 0]), ([0, 1], [1, 0.5, 0, 0.5])):
        given = votes, np.array(which), fractions, table, sizes, 0.5, labels
        np.testing.assert_allclose(measure_support.py_func(*given), expected)
        found = measure_support(*given)
        np.testing.assert_allclose(found, expected)


def test_clusters_are_numbered_through():
    maps = np.array([[5, 5, -1], [0, 3, 3]])
    second = np.array([[-1, 8, 8], [-1, -1, 0]])
    votes = Votes.from_maps(maps, second, np.full((2, 3), 0.75))
    np.testing.assert_array_equal(votes.first.T, [[0, 0, -1], [2, 3, 3]])
    np.testing.assert_array_equal(votes.second.T, [[-1, 1, -1], [-1, -1, 2]])
    np.testing.assert_array_equal(votes.share.T, [[1, 0.75, 1], [1, 1, 0.75]])
    np.testing.assert_array_equal(votes.starts, [0, 2])
    assert votes.n_clusters == 4
