"""How many distinct patterns a scan holds, where directions above noise are too many.

Bending, thickness and drift change patterns smoothly: each such change lies far above
counting noise, and yet it is no new pattern. Two things tell a pattern of its own: some
positions show little else, and between it and its neighbour there is a gap, not a
continuum that was cut in two.
"""

import numpy as np
from scipy.spatial.distance import cdist

from hyperspy_4dphase.estimators.nmf._hals import (
    Factors,
    find_peak_fractions,
    hals,
    purify,
    solve_weights,
)
from hyperspy_4dphase.estimators.nmf._starts import (
    fit_from_best_start,
    remove_brightness,
)

# Components that are fitted first; more only if all of them stand. Historical: chosen
# by trial in 2026, not calibrated.
_N_FIRST = 16
# A component stands if it makes up this fraction of some patterns. Historical: chosen
# by trial in 2026, not calibrated.
_MIN_PEAK_FRACTION = 2 / 3
# From this continuity on two components are likelier one than two (see
# `measure_continuity`): one heap that was cut has 1 to 2. Two wedges of a third pattern
# that mix in all proportions have up to 0.9.
_MIN_CONTINUITY = 1.0
# And it must be above that of an even spread, which a wedge of one pattern over another
# is, by so many standard errors. In simulated wedges of 30 to 1,000 patterns that joins
# 0 to 2 in 100; a cut heap of 60 patterns is joined in 56 to 76 of 100, of 120 in 89 to
# 95, and of 300 always. With 2 errors above 1 it was 10 to 23, 37 to 61 and 85 to 96.
_EVEN_SPREAD = 0.8
_N_ERRORS = 1.5
# Neighbours of a component that are compared with it. Historical: chosen by trial in
# 2026, not calibrated.
_N_NEIGHBOURS = 2
# Fewer patterns have no skewness.
_MIN_PATTERNS = 3


def find_distinct_patterns(A, options):
    """Fit one component for each distinct pattern.

    Parameters
    ----------
    A : CompressedMatrix
        In the directions above noise only.
    options : dict
        For :func:`hals`.

    Returns
    -------
    factors : Factors
    n_iter : int
        Iterations of alternating least squares that it took.
    """
    # Where many directions are only one pattern changing, a few components show that
    # already; more are fitted only if all of those stand.
    rank = len(A.B)
    n_tried, n_iter = min(_N_FIRST, rank), 0
    while True:
        # The weakest directions are the least sure; they must not decide.
        leading = A.keep_leading(2 * n_tried)
        fit = fit_from_best_start(leading, n_tried, options)
        n_iter += len(fit.misfits)
        factors = keep_dominant(leading, draw_to_pure(leading, fit.factors))
        if len(factors.H) < n_tried or n_tried == rank:
            return merge_continua(leading, factors), n_iter
        n_tried = min(2 * n_tried, rank)


def keep_dominant(A, factors):
    """Leave out, step by step, the components that are nowhere most of a pattern.

    Of those that never make up two thirds of a pattern the weakest goes (half of them,
    while there are many), and the rest is fitted again.

    Parameters
    ----------
    A : CompressedMatrix
    factors : Factors

    Returns
    -------
    Factors
        The components that are left, one at least.
    """
    while len(factors.H) > 1:
        peak = find_peak_fractions(A.find_fractions(factors))
        n_weak = int((peak < _MIN_PEAK_FRACTION).sum())
        if not n_weak:
            break
        n_dropped = 1 if len(peak) <= _N_FIRST else max(1, n_weak // 2)
        kept = np.sort(np.argsort(peak)[n_dropped:])
        left = Factors(factors.Wt[kept], factors.H[kept])
        factors = draw_to_pure(A, hals(A, left, max_iter=60, tol=1e-4).factors)
    return factors


def draw_to_pure(A, factors):
    """Draw components to pure patterns, as far as the fit allows.

    Parameters
    ----------
    A : CompressedMatrix
    factors : Factors

    Returns
    -------
    Factors
    """
    return hals(A, purify(A, factors), max_iter=10, tol=1e-4).factors


def merge_continua(A, factors):
    """Merge components between which patterns change without a gap.

    Parameters
    ----------
    A : CompressedMatrix
    factors : Factors

    Returns
    -------
    Factors
        One component a group: its mean pattern, and the weights that fit it.
    """
    labels = A.find_fractions(factors).argmax(axis=0)
    points, variance = remove_brightness(A)
    members = [
        np.flatnonzero((labels == j) & (variance > 0)) for j in range(len(factors.H))
    ]
    groups = {j: [j] for j in range(len(members))}
    # What too few patterns show cannot be told from its neighbour, and stays.
    members = {j: rows for j, rows in enumerate(members) if rows.size >= _MIN_PATTERNS}
    while pair := _find_continuum(points, variance, members):
        one, other = pair
        members[one] = np.concatenate([members[one], members.pop(other)])
        groups[one] += groups.pop(other)
    sums = factors.Wt.sum(axis=1)
    H = np.stack([sums[group] @ factors.H[group] for group in groups.values()])
    H = (H / np.linalg.norm(H, axis=1, keepdims=True)).astype(np.float32)
    return Factors(solve_weights(H, A.project(H)), H)


def measure_continuity(values, weights, variance):
    """How far a distribution is from two points, once its noise is taken out.

    For any distribution the excess kurtosis is at least the squared skewness less two,
    and equal to it only for two points. The difference is therefore 0 for two pure
    patterns, about 0.1 to 0.8 with more and more mixtures between them, 0.8 for a
    uniform spread, and 1 or more for a single heap, however it was cut.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
    weights : numpy.ndarray, shape (n,)
        Sum to one.
    variance : float
        Of the (Gaussian) noise in `values`.

    Returns
    -------
    value, error : float
        The difference and its standard error.
    """
    x = values - weights @ values
    second = weights @ x**2
    signal = max(second - variance, 1e-3 * second)
    skewness = weights @ x**3 / signal**1.5
    fourth = weights @ x**4 - 6 * signal * variance - 3 * variance**2
    influence = (x**4 - 6 * variance * x**2) / signal**2
    influence -= weights @ influence
    influence -= 2 * fourth / signal**3 * (x**2 - second)
    error = np.sqrt(((weights * influence) ** 2).sum())
    return fourth / signal**2 - skewness**2 - 1, error


def _find_continuum(points, variance, members):
    """Keys of the two neighbours with the surest continuum, or None."""
    if len(members) < 2:
        return None
    keys = list(members)
    means = np.stack([points[rows].mean(axis=0) for rows in members.values()])
    distance = cdist(means, means)
    n_neighbours = min(_N_NEIGHBOURS, len(keys) - 1)
    near = np.argsort(distance + np.diag(np.full(len(keys), np.inf)), axis=1)
    best, pair = _EVEN_SPREAD, None
    for i, j in ((i, j) for i, row in enumerate(near) for j in row[:n_neighbours]):
        rows = [members[keys[i]], members[keys[j]]]
        # Both halves weigh the same, so that a small part is not taken for a tail.
        weights = np.concatenate([np.full(half.size, 0.5 / half.size) for half in rows])
        rows = np.concatenate(rows)
        direction = (means[i] - means[j]) / distance[i, j]
        value, error = measure_continuity(
            points[rows] @ direction, weights, weights @ variance[rows]
        )
        least = value - _N_ERRORS * error
        if value > _MIN_CONTINUITY and least > best:
            best, pair = least, (keys[i], keys[j])
    return pair
