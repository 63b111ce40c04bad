"""Overlap of maps, as published, and what follows from how alike they are."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators.confidence._overlap import (
    compare_maps,
    find_medoid,
    merges_domains,
    overlap_confidence,
    weigh_maps,
)

# Gaps, a single label, and nothing assigned at all occur too.
MAPS = arrays(
    np.int64,
    array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=6),
    elements=st.sampled_from([-1, 0, 1, 2, 7, 10**6]),
)


def by_the_book(maps):
    """The definition, pair by pair and position by position."""
    n_maps, n = maps.shape
    result = np.zeros(n)
    for a in range(n_maps):
        for b in range(n_maps):
            for p in range(n) if a != b else ():
                i, j = maps[a, p], maps[b, p]
                if i >= 0 and j >= 0:
                    both = np.sum((maps[a] == i) & (maps[b] == j))
                    result[p] += both / np.sum(maps[a] == i)
    return result / (n_maps * (n_maps - 1))


def noisy(n_maps, error, n=5000, n_domains=6, seed=0):
    """Maps of the same domains that err independently."""
    rng = np.random.default_rng(seed)
    true = rng.integers(n_domains, size=n)
    chance = rng.integers(n_domains, size=(n_maps, n))
    return np.where(rng.random((n_maps, n)) < error, chance, true)


def n_effective(maps):
    return weigh_maps(compare_maps(np.asarray(maps))).n_effective


@given(maps=MAPS)
@settings(max_examples=200, deadline=None)
def test_definition(maps):
    before = maps.copy()
    found = overlap_confidence(maps)
    np.testing.assert_allclose(found, by_the_book(maps), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(maps, before)
    assert found.dtype == np.float64


def test_definition_of_many_labels():
    rng = np.random.default_rng(0)
    maps = rng.integers(-1, 300, (4, 400))
    found = overlap_confidence(maps)
    np.testing.assert_allclose(found, by_the_book(maps), rtol=0, atol=1e-12)


def test_the_reference_can_tell():
    maps = noisy(3, 0.3, n=60)
    assert np.abs(by_the_book(maps) - overlap_confidence(maps[:, ::-1])).max() > 0.01


def test_unassigned_positions_count_nothing():
    maps = np.array([[0, 0, 1, 1], [0, 0, 1, -1]])
    np.testing.assert_allclose(overlap_confidence(maps), [1, 1, 0.75, 0])


@pytest.mark.parametrize("maps", [[[0, 1]], [0, 1], np.zeros((2, 3, 4), int)])
def test_bad_maps(maps):
    with pytest.raises(ValueError, match=r"shape \(.*expected \(n_maps"):
        overlap_confidence(maps)


def test_large_maps_are_fast():
    maps = noisy(25, 0.2, 65_536, 15)
    start = time.perf_counter()
    overlap_confidence(maps)
    # It takes 0.6 s alone.
    assert time.perf_counter() - start < 6


@given(maps=MAPS)
@settings(max_examples=30, deadline=None)
def test_similarities_are_rand_indices(maps):
    found = compare_maps(maps)
    for a in range(len(maps)):
        for b in range(len(maps)):
            expected = adjusted_rand_score(maps[a], maps[b])
            assert found[a, b] == pytest.approx(expected, abs=1e-12)


A, B = noisy(2, 0.3)


@pytest.mark.parametrize(
    ("maps", "expected"),
    [
        ([A] * 10, 1),
        ([A, A], 1),
        ([A, (A + 1) % 6], 1),
        ([A, B], 2),
        ([A] * 10 + [B] * 10, 2),
        ([A] * 19 + [B], 2),
        ([A] * 5 + list(noisy(5, 0.3, seed=0)[1:]), 5),
    ],
)
def test_copies_count_once(maps, expected):
    assert n_effective(maps) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("error", [0.02, 0.2, 0.6])
def test_independent_maps_count(error):
    for n_maps in (2, 5, 25):
        assert n_effective(noisy(n_maps, error)) == pytest.approx(n_maps, rel=0.05)


def test_weights_of_copies():
    maps = np.stack([A] * 3 + [B])
    weights, n, alike = weigh_maps(compare_maps(maps))
    np.testing.assert_allclose(weights, [1 / 6] * 3 + [1 / 2])
    assert n == pytest.approx(2)
    np.testing.assert_allclose(alike[0], [1, 1, 1, 0], atol=1e-6)


def test_medoid_does_not_depend_on_order():
    maps = np.stack([A, B])
    ones = np.ones((2, 2)) - np.eye(2)
    similarities = compare_maps(maps)
    first = maps[find_medoid(maps, similarities, ones)]
    np.testing.assert_array_equal(
        first, maps[::-1][find_medoid(maps[::-1], similarities, ones)]
    )


def test_medoid_is_the_middle():
    maps = noisy(5, 0.4)
    maps[3] = noisy(1, 0)
    similarities = compare_maps(maps)
    assert find_medoid(maps, similarities, np.ones((5, 5)) - np.eye(5)) == 3


def test_merged_domains():
    fine, coarse = np.array([0, 0, 1, 1, 2, 2, -1]), np.array([5, 5, 5, 5, 1, 1, 1])
    assert merges_domains(coarse, fine)
    assert not merges_domains(fine, coarse)
    assert not merges_domains(fine, fine)
