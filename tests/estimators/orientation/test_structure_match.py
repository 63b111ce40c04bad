"""Structures compared with a pattern: orientations in order, and sets of them."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation import (
    match_structures,
    place_library,
    prepare_pattern,
)
from hyperspy_4dphase.estimators.orientation._structure_match import smallest_set

from .orientation_patterns import GEOMETRY, library_of, pattern_of


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("total", [0.5, 0.9, 0.97])
def test_smallest_set_is_enough_and_no_larger(seed, total):
    p = np.random.default_rng(seed).dirichlet(np.full(9, 0.5))
    chosen = smallest_set(p, total)
    assert p[chosen].sum() >= total - 1e-12
    assert p[chosen].sum() - p[chosen].min() < total
    assert p[chosen].min() >= p[~chosen].max(initial=0)


def test_sets_hold_the_most_probable_at_least():
    assert smallest_set(np.array([0.2, 0.8]), 0.1).tolist() == [False, True]
    assert smallest_set(np.array([1.0])).tolist() == [True]


@pytest.fixture(scope="module")
def matches():
    q = np.array([0.8, 0.4, 0.3, -0.33])
    image = pattern_of("TiO2", q / np.linalg.norm(q), counts=50_000)
    prepared = prepare_pattern(image, GEOMETRY)
    placed = [place_library(library_of(name), prepared) for name in ("TiO2", "4/m")]
    return match_structures(prepared, placed, n_best=6)


def test_the_likeliest_orientation_is_first(matches):
    for match in matches:
        assert (np.diff(match.scores) <= 0).all()
        n = len(match.scores)
        assert match.matches.quaternions.shape == (n, 4)
        assert match.matches.cosine.shape == match.matches.excitation_width.shape
        np.testing.assert_allclose(np.linalg.norm(match.matches.quaternions, axis=1), 1)


def test_all_structures_see_the_same_spots(matches):
    right, other = matches
    assert right.report.n_spots == other.report.n_spots
    assert right.report.n_explained >= other.report.n_explained
    assert right.scores[0] > other.scores[0]
