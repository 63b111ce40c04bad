"""Probabilities from few votes."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

_PRIORS = 1e-4, 10.0


def likeliest_prior(shares, n_votes):
    """Strength of the symmetric Dirichlet prior that makes votes most likely.

    Parameters
    ----------
    shares : numpy.ndarray of float, shape (n_positions, n_domains)
        Of the votes; each row sums to 1.
    n_votes : numpy.ndarray of float, shape (n_positions,)
        They need not be whole.

    Returns
    -------
    float
        From 1e-4 to 10.
    """
    n_domains = shares.shape[1]
    votes = shares.astype(np.float64) * n_votes[:, np.newaxis]
    # Few different numbers of votes, many positions.
    single, n_single = np.unique(votes.round(6), return_counts=True)
    whole, n_whole = np.unique(n_votes.round(6), return_counts=True)

    def minus_log_likelihood(log_prior):
        prior = np.exp(log_prior)
        part = prior / n_domains
        result = n_whole @ (gammaln(whole + prior) - gammaln(prior))
        return result - n_single @ (gammaln(single + part) - gammaln(part))

    bounds = np.log(_PRIORS)
    best = minimize_scalar(minus_log_likelihood, bounds=bounds, method="bounded")
    return float(np.exp(best.x))
