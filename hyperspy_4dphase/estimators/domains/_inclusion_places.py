"""Where each kind of inclusion is: matched filters, and what neighbours are."""

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from hyperspy_4dphase.estimators.domains._local_fits import (
    SIZE,
    local_spread,
    predict_around,
    robust_covariance,
)

# Neighbours of a position, also by a corner, and fewest positions of a place.
NEAR = np.ones((3, 3), bool)
FEWEST = 6
# Positions around an inclusion that tell what it is in.
N_AROUND = 8
# Log-likelihood that each of eight neighbours adds to its kind. From 0.3 to 0.5 makes
# no difference.
_SUPPORT = 0.4
# Amounts that are looked for, in units of what is usual nearby.
_AMOUNTS = np.array([0.5, 0.75, 1.0, 1.25])
# Amounts at the rim, of which the surroundings are the larger part, and how likely they
# are where something is found. With these, strong inclusions end at half of what is
# usual, and plates that hardly rise above noise lose few positions. Not fitted.
_LESS, _PART_LESS = np.array([0.1, 0.2, 0.3, 0.4]), 0.3
# A place of which no larger part is more than a rim is small, or faint, as a whole.
_LEAST_INNER = 1 / 3
# Part of what is usual in the scan that is taken for usual nearby, at least.
_FLOOR = 0.8
# Weight in the surroundings from which on a position tells their noise, and weight of
# what is usual in the scan, as a part of all positions nearby. Both chosen by trial.
_CLEAR, _ANYWHERE = 0.9, 0.02


def assign_places(points, inside, kinds, n_rounds=4, n_sweeps=5):
    """Assign each position to a kind, or to none: matched filters, and neighbours.

    Parameters
    ----------
    points : numpy.ndarray, shape (ny, nx, n_features)
        Of unit noise.
    inside : numpy.ndarray of bool, shape (ny, nx)
        Where there is a point.
    kinds : list of Kind
        One at least.
    n_rounds, n_sweeps : int, optional
        How many times kinds follow their places, and neighbours are heard in each.

    Returns
    -------
    best : numpy.ndarray of int, shape (ny, nx)
        The kind, -1 for none.
    cleaned : numpy.ndarray, shape (ny, nx, n_features)
        With what surroundings predict where there is one.
    is_rim : numpy.ndarray of bool, shape (ny, nx)
        Where there is less than half as much as is usual nearby.
    """
    first = chances = np.stack([kind.found for kind in kinds], axis=-1).astype(float)
    for _ in range(n_rounds):
        values, amount = _filter(points, inside, first, chances)
        gain = _add_likelihoods(values, amount, _AMOUNTS)
        none = np.zeros((*inside.shape, 1))
        for _ in range(n_sweeps):
            rest = 1 - chances.sum(axis=-1, keepdims=True)
            all_chances = np.concatenate([inside[..., None] * rest, chances], axis=-1)
            around = 9 * ndimage.uniform_filter(all_chances, (3, 3, 1), mode="constant")
            likely = np.concatenate([none, gain], axis=-1)
            likely += _SUPPORT * (around - all_chances)
            likely = np.maximum(likely - likely.max(axis=-1, keepdims=True), -50)
            likely = np.exp(likely) * inside[..., None]
            total = np.maximum(likely.sum(axis=-1, keepdims=True), 1e-9)
            chances = (likely / total)[..., 1:]
    best = np.where(chances.max(axis=-1) > 0.5, chances.argmax(axis=-1), -1)
    for kind in range(len(kinds)):
        places = ndimage.label(best == kind, NEAR)[0]
        small = np.bincount(places.ravel()) < FEWEST
        best[small[places] & (best == kind)] = -1
    surroundings = predict_around(points, (inside & (best < 0)).astype(float)).values
    cleaned = np.where(best[..., None] < 0, points, surroundings)
    less = _add_likelihoods(values, amount, _LESS) + np.log(_PART_LESS) - gain
    return best, cleaned, _find_rims(best, less)


def _find_rims(best, less):
    """Where less than half of an inclusion is more likely, but where all of one is.

    Parameters
    ----------
    best : numpy.ndarray of int, shape (ny, nx)
    less : numpy.ndarray, shape (ny, nx, n_kinds)
        Log-likelihood of less than half against that of more.

    Returns
    -------
    numpy.ndarray of bool, shape (ny, nx)
    """
    is_rim = np.zeros(best.shape, bool)
    for kind in range(less.shape[-1]):
        own = best == kind
        faint = own & (less[..., kind] > 0)
        places = ndimage.label(own, NEAR)[0]
        sizes, inner = (
            np.bincount(places[at], minlength=1) for at in (own, own & ~faint)
        )
        inner = np.pad(inner, (0, len(sizes) - len(inner)))
        is_rim |= faint & (inner >= _LEAST_INNER * sizes)[places]
    return is_rim


def trim_rims(labels, kinds, is_rim, positions):
    """Give the rims of inclusions to what is most around them.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
        Of the leaf that each position is in; -1 for none.
    kinds : numpy.ndarray of int, shape (n,)
        Kind of the inclusion there, -1 for none.
    is_rim : numpy.ndarray of bool, shape (n,)
    positions : numpy.ndarray of int, shape (n, n_axes)

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        Rims that have only their own leaf around keep it.
    """
    rest = np.flatnonzero((kinds < 0) & (labels >= 0))
    if not is_rim.any() or rest.size < N_AROUND:
        return labels
    labels = labels.copy()
    tree = cKDTree(positions[rest])
    for kind in np.unique(kinds[is_rim]):
        inner = labels[(kinds == kind) & ~is_rim & (labels >= 0)]
        if not inner.size:
            continue
        own = np.bincount(inner).argmax()
        rows = np.flatnonzero((kinds == kind) & is_rim & (labels == own))
        around = labels[rest[tree.query(positions[rows], N_AROUND)[1]]]
        around = np.where(around == own, -1, around)
        labels[rows] = [
            np.bincount(each[each >= 0]).argmax() if (each >= 0).any() else own
            for each in around
        ]
    return labels


def _filter(points, inside, first, chances):
    """Matched filters of all kinds, and what they give where there is one.

    Returns
    -------
    values : numpy.ndarray, shape (ny, nx, n_kinds)
        In standard deviations.
    amount : numpy.ndarray, shape (ny, nx, n_kinds)
        What is usual of them in inclusions nearby.
    """
    weights = inside * np.clip(1 - chances.sum(axis=-1), 0, 1)
    fit = predict_around(points, weights)
    residuals = fit.subtract_from(points)
    covariance = robust_covariance(residuals[inside & (weights > _CLEAR)])
    totals = np.maximum(chances.sum(axis=(0, 1)), 1e-9)
    means = np.einsum("yxf,yxk->kf", residuals, chances) / totals[:, None]
    filters = np.linalg.solve(covariance, means.T)
    filters /= np.maximum(np.linalg.norm(filters, axis=0), 1e-12)
    values = residuals @ filters
    spreads = [local_spread(values[..., k], inside) for k in range(values.shape[-1])]
    variance = np.square(np.stack(spreads, axis=-1))
    values /= np.sqrt(variance + fit.misfit[..., None] / 4)
    usual = (values * first).sum(axis=(0, 1)) / first.sum(axis=(0, 1))
    width = SIZE, SIZE, 0
    amounts, near = (
        ndimage.gaussian_filter(each, width, mode="constant")
        for each in (values * chances, chances)
    )
    amount = (amounts + _ANYWHERE * usual) / (near + _ANYWHERE)
    return values, np.maximum(amount, _FLOOR * usual)


def _add_likelihoods(values, amount, parts):
    """Log-likelihood of some parts of an amount, each as likely, against none of it."""
    amount = amount[..., None] * parts
    likelihood = np.exp(np.clip(amount * values[..., None] - amount**2 / 2, -300, 300))
    return np.log(likelihood.mean(axis=-1))
