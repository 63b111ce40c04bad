"""Patches of a leaf that do not touch, and whether they are of one domain.

Crystals that are turned by little more than others leave no gap among all patterns of
a scan: they are a heap of many places. Each of them is a patch in which nothing
changes, and that tells it from the others.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial import cKDTree

from hyperspy_4dphase.estimators.domains._field import average_alike
from hyperspy_4dphase.estimators.domains._gradual import find_pure, take_pure

# Distance of two patches, in sums of their standard deviations along it, from which on
# they are apart, and part of it that none of either is in but for a tenth. Of 130 pairs
# of patches of one domain, in 50 scans of nine kinds, two are above both, in a glass
# whose map is wrong there; of the others the largest are 2.5 and 0.44. Of 213 pairs of
# grains more than half are above both.
_APART, _EMPTY = 2.0, 0.25
# One in so many positions of a patch may lie in the gap: the tenth above.
_STRAY = 10
# Least distance in standard deviations of its noise.
_SIGNIFICANT = 6.0
# Of the squared step between two leaves so much may be left where a trend explains it.
# Of patches of one glass in a wedge nothing is left; in 75 maps of bent crystals, where
# no trend is even over a whole grain, more was left than there had been.
_LEFT = 0.5
# More patches than these are first joined to so many groups by Ward's method: the time
# grows with the square of their number.
_MOST = 150
# Fewest positions off the border of a patch, and part of it, that are looked at alone.
_FEWEST, _LEAST_PURE = 4, 0.25


class _Patch(NamedTuple):
    """A patch, as its inner positions tell.

    Attributes
    ----------
    rows : numpy.ndarray of int
        All of its points.
    inner : numpy.ndarray of int
        Those that are looked at.
    places : scipy.spatial.cKDTree
        Where these are in the scan.
    """

    rows: np.ndarray
    inner: np.ndarray
    places: cKDTree


class _Trend:
    """The even change from position to position that patches have in common.

    Parameters
    ----------
    field : Field
        Of unit noise.
    patches : list of _Patch
    """

    def __init__(self, field, patches):
        places, points = (
            np.concatenate([part - part.mean(axis=0) for part in parts])
            for parts in (
                [values[patch.inner].astype(float) for patch in patches]
                for values in (field.positions, field.points)
            )
        )
        self._inverse = np.linalg.pinv(places.T @ places)
        slope = self._inverse @ (places.T @ points)
        excess = np.sum(slope * (places.T @ points)) - slope.size
        self._exists = excess > _SIGNIFICANT * np.sqrt(2 * slope.size)
        self._slope = slope

    def predict(self, step):
        """Change over a step in the scan, and its variance in each feature.

        Both are 0 if the trend may be noise.
        """
        if not self._exists:
            return 0 * (step @ self._slope), 0.0
        return step @ self._slope, float(step @ self._inverse @ step)


def separate_patches(field, min_size):
    """Tell the patches of some points that are not of one domain.

    Two patches are of one if what changes within each of them goes on from one to the
    other, or if the change that they have in common explains how they differ.

    Parameters
    ----------
    field : Field
        Of unit noise.
    min_size : int
        Fewest points of a patch that is looked at. Smaller ones go to what is most
        like them.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        From 0 on.
    """
    n = len(field.points)
    nothing = np.zeros(n, int)
    patches = _find_patches(field, min_size)
    if len(patches) < 2:
        return nothing
    means = average_alike(field).points
    trend = _Trend(field, patches)
    i, j = np.triu_indices(len(patches), 1)
    apart = [
        _measure_gap(field, means, trend, patches[a], patches[b])
        for a, b in zip(i, j, strict=True)
    ]
    groups = fcluster(linkage(apart, "average"), _APART, "distance") - 1
    if groups.max() < 1:
        return nothing
    labels = np.full(n, -1)
    for patch, group in zip(patches, groups, strict=True):
        labels[patch.rows] = group
    left = np.flatnonzero(labels < 0)
    centers = [field.points[patch.inner].mean(axis=0) for patch in patches]
    nearest = cKDTree(centers).query(field.points[left])[1]
    labels[left] = groups[nearest]
    return labels


def are_of_one_trend(field, means, pure, one, other):
    """Whether what changes in two sets of points explains how they differ.

    That there is no gap between them is not enough: along the line between the means of
    two bent crystals both of them spread as far as they are apart.

    Parameters
    ----------
    field : Field
        Of unit noise.
    means : numpy.ndarray, shape (n, n_features)
        Of neighbours.
    pure : numpy.ndarray of bool, shape (n,)
        See :func:`find_pure`.
    one, other : numpy.ndarray of int
        Their points, which do not touch.

    Returns
    -------
    bool
    """
    patches = [_make_patch(field, rows, pure) for rows in (one, other)]
    step, noise, change, variance = _compare(field, _Trend(field, patches), *patches)
    noise_left = noise + variance
    clouds = means[patches[0].inner], means[patches[1].inner] - change
    distance = _judge(step - change, noise_left, *clouds)
    left, whole = (
        np.square(values).sum() - own * len(step)
        for values, own in ((step - change, noise_left), (step, noise))
    )
    # A distance of 0 is noise alone.
    return not distance or (distance < _APART and left < _LEFT * whole)


def are_apart(field, one, other):
    """Whether two sets of points are apart, as patches of two domains are.

    Parameters
    ----------
    field : Field
        Of unit noise.
    one, other : numpy.ndarray of int
        Their points.

    Returns
    -------
    bool
    """
    means = average_alike(field).points
    step = field.points[other].mean(axis=0) - field.points[one].mean(axis=0)
    noise = 1 / len(one) + 1 / len(other)
    return _judge(step, noise, means[one], means[other]) >= _APART


def _find_patches(field, min_size):
    """Connected points, diagonals included, as far as these are not few."""
    inside = field.inside
    around = np.ones((3,) * inside.ndim, int)
    names = ndimage.label(inside, around)[0]
    pure = find_pure(np.where(inside, names, -1))[field.places]
    names = names[field.places] - 1
    sizes = np.bincount(names)
    found = [np.flatnonzero(names == i) for i in np.flatnonzero(sizes >= min_size)]
    patches = [_make_patch(field, rows, pure) for rows in found]
    if len(found) > _MOST:
        centers = [field.points[patch.inner].mean(axis=0) for patch in patches]
        groups = fcluster(linkage(centers, "ward"), _MOST, "maxclust")
        rows, inner, _ = zip(*patches, strict=True)
        found, inner = (_join(parts, groups) for parts in (rows, inner))
        patches = [
            _Patch(*both, cKDTree(field.positions[both[1]]))
            for both in zip(found, inner, strict=True)
        ]
    return patches


def _make_patch(field, rows, pure):
    inner = take_pure(rows, pure, _FEWEST, _LEAST_PURE)
    return _Patch(rows, inner, cKDTree(field.positions[inner]))


def _join(parts, groups):
    """Join arrays that are of one group."""
    order = np.argsort(groups, kind="stable")
    first = np.flatnonzero(np.diff(groups[order])) + 1
    joined = (np.concatenate([parts[i] for i in own]) for own in np.split(order, first))
    return list(joined)


def _measure_gap(field, means, trend, one, other):
    """Distance of two patches in sums of their standard deviations along it.

    Of each the half is looked at that faces the other. Patches between which there is
    no gap are not apart, however far they are, nor those that differ by the trend.
    """
    step, noise, change, variance = _compare(field, trend, one, other)
    clouds = means[one.inner], means[other.inner]
    return min(
        _judge(step, noise, *clouds),
        _judge(step - change, noise + variance, clouds[0], clouds[1] - change),
    )


def _compare(field, trend, one, other):
    """How two patches differ where they face each other, and what a trend says.

    Returns
    -------
    step : numpy.ndarray, shape (n_features,)
        From the one to the other.
    noise : float
        Variance of each feature of it.
    change : numpy.ndarray, shape (n_features,)
        What the trend makes of it.
    variance : float
        Of each feature of that.
    """
    facing = _find_facing(field, one, other), _find_facing(field, other, one)
    centers, places = (
        [values[rows].mean(axis=0) for rows in facing]
        for values in (field.points, field.positions)
    )
    noise = sum(1 / len(rows) for rows in facing)
    change, variance = trend.predict(places[1] - places[0])
    return centers[1] - centers[0], noise, change, variance


def _judge(step, noise, one, other):
    """Distance of two clouds in sums of their spreads; 0 if noise explains it."""
    n_features = len(step)
    squared = np.square(step).sum() - noise * n_features
    if squared < _SIGNIFICANT * noise * np.sqrt(2 * n_features):
        return 0.0
    along = step / np.linalg.norm(step)
    one, other = np.sort(one @ along), np.sort(other @ along)
    distance = np.sqrt(squared) / max(one.std() + other.std(), 1e-30)
    gap = other[len(other) // _STRAY] - one[-1 - len(one) // _STRAY]
    is_empty = gap >= _EMPTY * (other[len(other) // 2] - one[len(one) // 2])
    return float(distance if is_empty else min(distance, _APART / 2))


def _find_facing(field, one, other):
    """Half of a patch's points: those nearest to another patch."""
    away = other.places.query(field.positions[one.inner])[0]
    return one.inner[np.argsort(away, kind="stable")[: -(-len(away) // 2)]]
