"""How much of what each pattern of a scan scatters is in spots."""

from functools import partial
from operator import iadd
from typing import NamedTuple

import numpy as np

# Pixels without spots that a group of rings must have, at least, and relative to those
# with spots: fewer would tell what is under the spots with more noise than these have.
_FEWEST, _LEAST_REST = 8, 0.25


class SpotWeights(NamedTuple):
    """What a pattern is multiplied by to sum what is in its spots.

    Attributes
    ----------
    spots : numpy.ndarray, shape (n_means, n_pixels)
        For patterns like each mean pattern: 1 on spots; on the rest of their rings a
        negative weight, so that what is smooth in azimuth adds up to 0. 0 elsewhere.
    scattered : numpy.ndarray, shape (n_pixels,)
        1 on all pixels outside the direct beam, 0 elsewhere.
    """

    spots: np.ndarray
    scattered: np.ndarray


def make_spot_weights(classes, members):
    """Make weights from where the spots of mean patterns are.

    Parameters
    ----------
    classes : PatternClasses
    members : numpy.ndarray of bool, shape (n_means,)
        Mean patterns whose spots count.

    Returns
    -------
    SpotWeights
        Of flat patterns.
    """
    outside = classes.outside.all(axis=0)
    spots = classes.spots[members].any(axis=0) & outside
    # What is smooth falls off differently in a glass and in a crystal: with one curve
    # for both, a glass without spots had up to 0.09 in them.
    weights = [
        _weigh(outside, spots, radius.astype(int), smooth).ravel()
        for radius, smooth in zip(classes.radius, classes.smooth, strict=True)
    ]
    return SpotWeights(np.array(weights), outside.ravel().astype(float))


def _weigh(outside, spots, ring, smooth):
    """Weights of one mean pattern: arrays of its shape."""
    weights = np.where(spots, 1.0, 0.0)
    for group in _group_rings(ring[outside], spots[outside]):
        own = outside & np.isin(ring, group)
        rest = own & ~spots
        below = smooth[own & spots].sum() / max(smooth[rest].sum(), 1e-300)
        weights[rest] = -below if rest.sum() >= _FEWEST else 0.0
        if rest.sum() < _FEWEST:
            weights[own] = 0.0
    return weights


def _group_rings(rings, is_spot):
    """Join neighbouring rings until enough of them has no spots.

    Returns
    -------
    list of numpy.ndarray of int
    """
    n = rings.max(initial=0) + 1
    in_spots = np.bincount(rings[is_spot], minlength=n)
    rest = np.bincount(rings[~is_spot], minlength=n)
    groups, first = [], 0
    for last in range(n):
        inside = slice(first, last + 1)
        enough = max(_FEWEST, _LEAST_REST * in_spots[inside].sum())
        if rest[inside].sum() >= enough:
            groups.append(np.arange(first, last + 1))
            first = last + 1
    if first < n:
        # What is left over belongs to the group before.
        before = groups.pop() if groups else np.arange(0)
        groups.append(np.append(before, np.arange(first, n)))
    return groups


def measure_crystallinity(blocks, weights, labels, gain=1.0, readout=0.0, offset=0.0):
    """Measure the fraction of scattered counts that is in spots, pattern by pattern.

    Parameters
    ----------
    blocks : PatternBlocks
        Read once.
    weights : SpotWeights
        Of its pixels.
    labels : numpy.ndarray of int, shape (n_patterns,)
        Which mean pattern each is like.
    gain, readout, offset : float
        A value has the variance ``gain * (value - offset) + readout``.

    Returns
    -------
    fractions, errors : numpy.ndarray, shape (n_patterns,)
        Not limited to [0, 1], and the standard deviation; NaN where nothing is
        scattered.
    """
    columns = [
        np.stack([spots, weights.scattered, spots**2], axis=1)
        for spots in weights.spots
    ]
    function = partial(_sum_block, labels=labels, columns=columns, offset=offset)
    sums = np.full((blocks.shape[0], 3), np.nan)
    for rows, values in blocks.reduce(function, iadd, stage="Measuring spots"):
        sums[rows] = values
    in_spots, scattered, variance = sums.T
    n_read = (weights.spots**2).sum(axis=1)[labels]
    variance = gain * np.maximum(variance, 0) + readout * n_read
    there = scattered > 0
    fractions, errors = np.full((2, len(sums)), np.nan)
    fractions[there] = in_spots[there] / scattered[there]
    errors[there] = np.sqrt(variance[there]) / scattered[there]
    return fractions, errors


def _sum_block(patterns, rows, labels, columns, offset):
    values, own = np.empty((len(patterns), 3)), labels[rows]
    for label in np.unique(own):
        mine, weighed = own == label, columns[label]
        values[mine] = patterns[mine].astype(np.float64, copy=False) @ weighed
        values[mine] -= offset * weighed.sum(axis=0)
    return [(rows, values)]
