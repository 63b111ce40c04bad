"""The prior of votes is found where they tell it."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.confidence._prior import (
    find_likeliest_prior,
    find_prior,
)


@pytest.mark.parametrize("prior", [0.1, 1, 5])
@pytest.mark.parametrize(("n_votes", "n_domains"), [(4, 3), (25, 8)])
def test_planted_prior(prior, n_votes, n_domains):
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(n_domains, prior / n_domains), 20_000)
    votes = rng.multinomial(n_votes, p) / n_votes
    found = find_likeliest_prior(votes, np.full(len(votes), float(n_votes)))
    assert found == pytest.approx(prior, rel=0.1)


def test_bounds_of_the_prior():
    unanimous = np.repeat(np.eye(3), 50, axis=0)
    n_votes = np.full(150, 10.0)
    assert find_likeliest_prior(unanimous, n_votes) < 0.01
    even = np.full((150, 3), 1 / 3)
    assert find_likeliest_prior(even, n_votes) == pytest.approx(10, 0.01)


def test_positions_without_votes_do_not_count():
    rng = np.random.default_rng(0)
    votes = rng.multinomial(10, rng.dirichlet(np.ones(3), 500)) / 10
    n_votes = np.full(500, 10.0)
    more = np.concatenate([votes, np.full((90, 3), 1 / 3)])
    found = find_prior(more, np.append(n_votes, np.zeros(90)), 10)
    assert (
        found == find_prior(votes, n_votes, 10) == find_likeliest_prior(votes, n_votes)
    )


def test_copies_and_single_domains_tell_none():
    votes, n_votes = np.eye(3)[[0, 1, 2, 2]], np.ones(4)
    assert find_prior(votes, n_votes, 1.2) == 1
    assert find_prior(np.ones((4, 1)), n_votes, 9) == 1
