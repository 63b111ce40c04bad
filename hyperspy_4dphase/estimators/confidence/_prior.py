"""How much the votes of few maps cannot know: a prior, found from how they spread."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

# The prior is sought among these, in votes. Historical: chosen by trial in 2026.
_PRIOR_RANGE = 1e-4, 10.0
# Positions that the prior is fitted to, at most: more change it by little.
_MAX_POSITIONS_FOR_PRIOR = 20_000
# Effective number of maps below which they are copies, which tell no prior.
# Historical: chosen by trial in 2026, not calibrated.
_MIN_MAPS_FOR_PRIOR = 1.5


def find_prior(fractions, n_votes, n_effective):
    """Find the prior of votes, from some of their positions.

    Parameters
    ----------
    fractions : numpy.ndarray of float, shape (n_positions, n_domains)
        Of the votes.
    n_votes : numpy.ndarray of float, shape (n_positions,)
        Positions without votes tell nothing.
    n_effective : float
        Effective number of maps that vote.

    Returns
    -------
    float
        Its strength in votes; 1 where votes cannot tell it.
    """
    if n_effective < _MIN_MAPS_FOR_PRIOR or fractions.shape[1] == 1:
        return 1.0
    at = np.flatnonzero(n_votes > 0)
    if at.size > _MAX_POSITIONS_FOR_PRIOR:
        random = np.random.default_rng(0)
        at = random.choice(at, _MAX_POSITIONS_FOR_PRIOR, replace=False)
    return find_likeliest_prior(fractions[at], n_votes[at])


def find_likeliest_prior(fractions, n_votes):
    """Find the symmetric Dirichlet prior that makes votes most likely.

    Parameters
    ----------
    fractions : numpy.ndarray of float, shape (n_positions, n_domains)
        Of the votes; each row sums to 1.
    n_votes : numpy.ndarray of float, shape (n_positions,)
        They need not be whole.

    Returns
    -------
    float
        Its strength, from 1e-4 to 10 votes.
    """
    n_domains = fractions.shape[1]
    votes = fractions.astype(np.float64) * n_votes[:, np.newaxis]
    # Few different numbers of votes, many positions.
    single, n_single = np.unique(votes.round(6), return_counts=True)
    total, n_total = np.unique(n_votes.round(6), return_counts=True)

    def minus_log_likelihood(log_prior):
        prior = np.exp(log_prior)
        part = prior / n_domains
        result = n_total @ (gammaln(total + prior) - gammaln(prior))
        return result - n_single @ (gammaln(single + part) - gammaln(part))

    bounds = np.log(_PRIOR_RANGE)
    best = minimize_scalar(minus_log_likelihood, bounds=bounds, method="bounded")
    return float(np.exp(best.x))
