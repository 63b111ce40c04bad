"""How many distinct patterns a scan holds, where directions above noise are too many.

Bending, thickness and drift change patterns smoothly: each such change lies far above
counting noise, and yet it is no new pattern. Two things tell a pattern of its own: it
rules somewhere (some positions show little else), and between it and its neighbour
there is a gap, not a continuum that was cut in two.
"""

import numpy as np

from hyperspy_4dphase.estimators.nmf._hals import (
    hals,
    purest,
    purify,
    shares,
    solve_weights,
)
from hyperspy_4dphase.estimators.nmf._starts import brightness_free, first_fit

_FIRST = 16
_RULES_FROM = 2 / 3
_CONTINUUM_FROM = 1.0
_N_NEIGHBOURS = 2
_FEWEST = 3


def distinct_patterns(Q, B, per_pixel, noise, noise_variance, options):
    """Factors with one component for each distinct pattern.

    Parameters
    ----------
    Q : numpy.ndarray, shape (n_patterns, rank)
    B : numpy.ndarray, shape (rank, n_pixels)
        The compressed patterns, in the directions above noise only.
    per_pixel : numpy.ndarray, shape (n_pixels,)
        What one scaled unit of each pixel is worth in the units of the data.
    noise : float
        Squared norm that noise has in Q B.
    noise_variance : float
    options : dict
        For :func:`hals`.

    Returns
    -------
    Wt : numpy.ndarray, shape (n_components, n_patterns)
    H : numpy.ndarray, shape (n_components, n_pixels)
    n_iter : int
        Iterations of alternating least squares that it took.
    """
    # Where many directions are only one pattern changing, a few components show that
    # already; more are fitted only if all of those stand.
    Q_all, B_all = Q, B
    n_tried, n_iter = min(_FIRST, len(B)), 0
    while True:
        # The weakest directions are the least sure; they must not decide.
        leading = slice(0, 2 * n_tried)
        Q, B = Q_all[:, leading], B_all[leading]
        Wt, H, misfits, _ = first_fit(Q, B, n_tried, per_pixel, noise_variance, options)
        n_iter += len(misfits)
        Wt, H = _drawn(Q, B, Wt, H, per_pixel, noise)
        Wt, H = keep_ruling(Q, B, Wt, H, per_pixel, noise)
        if len(H) < n_tried or n_tried == len(B_all):
            break
        n_tried = min(2 * n_tried, len(B_all))
    Wt, H, _ = merge_continua(Q, B, Wt, H, per_pixel, noise_variance)
    return Wt, H, n_iter


def keep_ruling(Q, B, Wt, H, per_pixel, noise):
    """Leave out, step by step, the components that rule nowhere.

    Of those that never make up two thirds of a pattern the weakest goes (half of them,
    while there are many), and the rest is fitted again.

    Returns
    -------
    Wt, H : numpy.ndarray
        The components that are left, one at least.
    """
    while len(H) > 1:
        best = purest(shares(Wt, H, per_pixel))
        n_weak = int((best < _RULES_FROM).sum())
        if not n_weak:
            break
        n_dropped = 1 if len(H) <= _FIRST else max(1, n_weak // 2)
        kept = np.sort(np.argsort(best)[n_dropped:])
        Wt, H = Wt[kept].copy(), H[kept].copy()
        hals(Q, B, Wt, H, max_iter=60, tol=1e-4, noise=noise)
        Wt, H = _drawn(Q, B, Wt, H, per_pixel, noise)
    return Wt, H


def _drawn(Q, B, Wt, H, per_pixel, noise):
    """Drawn to pure patterns, as far as the fit allows."""
    Wt, H = purify(Q, B, Wt, H, per_pixel)
    hals(Q, B, Wt, H, max_iter=10, tol=1e-4, noise=noise)
    return Wt, H


def merge_continua(Q, B, Wt, H, per_pixel, noise_variance):
    """Join components between which patterns change without a gap.

    Returns
    -------
    Wt, H : numpy.ndarray
        One component a group: its mean pattern, and the weights that fit it.
    groups : list of list of int
        Which of the given components each one is made of.
    """
    share = shares(Wt, H, per_pixel)
    labels = share.argmax(axis=0)
    points, variance = brightness_free(Q, B, per_pixel, noise_variance)
    members = {j: np.flatnonzero((labels == j) & (variance > 0)) for j in range(len(H))}
    groups = {j: [j] for j in members}
    # What too few patterns show cannot be told from its neighbour, and stays.
    members = {j: rows for j, rows in members.items() if rows.size >= _FEWEST}
    while len(members) > 1:
        pair = _most_continuous(points, variance, members)
        if pair is None:
            break
        one, other = pair
        members[one] = np.concatenate([members[one], members.pop(other)])
        groups[one] += groups.pop(other)
    sums = Wt.sum(axis=1)
    joined = np.stack([sums[group] @ H[group] for group in groups.values()])
    joined /= np.linalg.norm(joined, axis=1, keepdims=True)
    joined = joined.astype(np.float32)
    return (
        solve_weights(joined, (joined @ B.T) @ Q.T),
        joined,
        [sorted(group) for group in groups.values()],
    )


def continuity(values, weights, variance):
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


def _most_continuous(points, variance, members):
    keys = list(members)
    means = np.stack([points[members[key]].mean(axis=0) for key in keys])
    distance = np.linalg.norm(means[:, None] - means, axis=2)
    np.fill_diagonal(distance, np.inf)
    best, pair = _CONTINUUM_FROM, None
    for i, near in enumerate(np.argsort(distance, axis=1)[:, :_N_NEIGHBOURS]):
        for j in near[np.isfinite(distance[i, near])]:
            one, other = members[keys[i]], members[keys[j]]
            direction = (means[i] - means[j]) / distance[i, j]
            values = np.concatenate([points[one], points[other]]) @ direction
            # Both halves weigh the same, so that a small part is not taken for a tail.
            weights = np.repeat(
                [0.5 / one.size, 0.5 / other.size], [one.size, other.size]
            )
            noise = weights @ np.concatenate([variance[one], variance[other]])
            value, error = continuity(values, weights, noise)
            if value - 2 * error > best:
                best, pair = value - 2 * error, (keys[i], keys[j])
    return pair
