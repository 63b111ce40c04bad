"""The prior is found from votes that were drawn from it."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.confidence._dirichlet import likeliest_prior


@pytest.mark.parametrize("prior", [0.1, 1, 5])
@pytest.mark.parametrize(("n_votes", "n_domains"), [(4, 3), (25, 8)])
def test_planted_prior(prior, n_votes, n_domains):
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(n_domains, prior / n_domains), 20_000)
    votes = rng.multinomial(n_votes, p) / n_votes
    found = likeliest_prior(votes, np.full(len(votes), float(n_votes)))
    assert found == pytest.approx(prior, rel=0.1)


def test_bounds():
    unanimous = np.repeat(np.eye(3), 50, axis=0)
    n_votes = np.full(150, 10.0)
    assert likeliest_prior(unanimous, n_votes) < 0.01
    assert likeliest_prior(np.full((150, 3), 1 / 3), n_votes) == pytest.approx(10, 0.01)
