"""Maps are translated to common domains, whatever each of them tells apart."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.confidence._translation import (
    count_positions,
    find_meanings,
    translate_votes,
)
from hyperspy_4dphase.estimators.confidence._vote_fractions import Votes

from .test_overlap import noisy


def translate(maps, labels=None, **options):
    maps = np.asarray(maps)
    weights = np.full(len(maps), 1 / len(maps))
    labels = maps[0] if labels is None else labels
    options = {"doubt": 1 / len(maps), **options}
    return translate_votes(Votes.from_maps(maps), labels, weights, **options)


@pytest.mark.parametrize("n_domains", [2, 3, 8])
@pytest.mark.parametrize("n_maps", [3, 10, 25])
@pytest.mark.parametrize("error", [0.05, 0.2, 0.4])
def test_votes_are_counted(n_domains, n_maps, error):
    """Of the same domains, whatever maps call them, and however often they err."""
    rng = np.random.default_rng(1)
    maps = noisy(n_maps, error, 4000, n_domains)
    renamed = [rng.permutation(20)[labels] for labels in maps]
    found = translate(renamed, maps[0])
    expected = (maps[..., np.newaxis] == np.arange(n_domains)).mean(axis=0)
    np.testing.assert_allclose(found.fractions, expected, atol=0.03)


def test_votes_of_unequal_domains_are_counted():
    rng = np.random.default_rng(0)
    sizes = [0.8, 0.15, 0.04, 0.01]
    true = rng.choice(4, 5000, p=sizes)
    chance = rng.choice(4, (12, 5000), p=sizes)
    maps = np.where(rng.random((12, 5000)) < 0.25, chance, true)
    found = translate(maps)
    expected = (maps[..., np.newaxis] == np.arange(4)).mean(axis=0)
    np.testing.assert_allclose(found.fractions, expected, atol=0.03)


def test_disagreement_stays():
    """No rounds make 60 % of the votes more than that."""
    maps = np.repeat([0, 1], 500) * np.ones((10, 1), int)
    maps[6:, 100:200] = 1
    found = translate(maps, tol=0, max_iter=50)
    np.testing.assert_allclose(found.fractions[100:200], [[0.6, 0.4]] * 100, atol=1e-3)
    assert found.n_iter == 50


def test_merging_map_has_no_say():
    maps = noisy(6, 0.1, n_domains=4)
    merging = np.where(maps[0] == 3, 2, maps[0])
    without, with_it = (translate(m).fractions for m in (maps, [*maps, merging]))
    at = (maps[:, :] >= 2).all(axis=0)
    assert np.abs(with_it - without)[at].max() < 0.03
    # But between the merged and others it has.
    at = ((maps >= 2).sum(axis=0) == 3) & (merging == 2)
    merged = with_it[at][:, 2:].sum(axis=1)
    np.testing.assert_allclose(merged, 4 / 7, atol=0.01)


def test_splitting_map_votes_with_both_parts():
    maps = noisy(6, 0.1, n_domains=3)
    rng = np.random.default_rng(0)
    split = np.where((maps[0] == 1) & (rng.random(maps[0].size) < 0.4), 3, maps[0])
    found = translate([*maps[1:], split], maps[1]).fractions
    expected = translate([*maps[1:], maps[0]], maps[1]).fractions
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_boundary_cluster_has_no_say():
    true = np.repeat([0, 1], 500)
    boundary = true.copy()
    boundary[490:510] = 2
    found = translate([true, true, boundary])
    np.testing.assert_array_equal(found.winners, true)
    # But for what sizes say, it follows the others.
    assert found.fractions.max(axis=1).min() > 0.9


def test_unconfirmed_domain_goes_unless_fixed():
    true = np.repeat([0, 1], [700, 300])
    fancied = np.where(np.arange(1000) < 200, 2, true)
    maps = np.stack([true] * 6)
    free = translate(maps, fancied)
    assert free.fractions.shape == (1000, 2)
    np.testing.assert_allclose(free.fractions, np.eye(2)[true], atol=1e-3)
    fixed = translate(maps, fancied, fixed=True)
    assert fixed.fractions.shape == (1000, 3)
    # Nobody can tell 2 from 0: they have their sizes.
    np.testing.assert_allclose(fixed.fractions[:700, 2], 2 / 7, atol=0.02)


def test_a_small_domain_joined_to_a_part_of_a_large_one():
    """A map that cuts the large one, and has the small one in a part, says nothing."""
    counts = np.array([[0, 3000], [20, 1200], [20, 5], [0, 4195]], float)
    table = find_meanings(counts, np.array([0, 2]))
    np.testing.assert_allclose(table, [[0, 1], [1, 1], [1, 0], [0, 1]], atol=1e-6)


def test_table():
    # Two domains; a map that knows them, and one that merges them, but for some.
    counts = np.array([[90, 5], [10, 95], [0, 0], [100, 80], [0, 20]], float)
    table = find_meanings(counts, np.array([0, 3]))
    expected = [[1, 0], [0, 1], [1, 1], [1, 0.8], [0, 1]]
    np.testing.assert_allclose(table, expected, atol=1e-6)


def test_counts():
    maps, second = np.array([[0, 0, 1, -1]]), np.array([[1, -1, 0, 1]])
    votes = Votes.from_maps(maps, second, np.full((1, 4), 0.75))
    labels, ones = np.array([0, 1, 1, 0]), np.ones(4, np.float32)
    np.testing.assert_allclose(
        count_positions(votes, labels, ones, 2), [[0.75, 1.25], [0.25, 0.75]]
    )


def test_no_votes_no_winner():
    maps = np.array([[0, 1, -1, 0], [0, 1, -1, 1]])
    np.testing.assert_array_equal(translate(maps).winners[:3], [0, 1, -1])
