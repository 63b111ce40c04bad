"""Whether patterns jump at the borders of a map, or bend.

Around places along a border two models of the patterns are compared: an even change
with a jump at the border, and a quadratic one without. The first tells an interface,
the second what bends or grows thicker.
"""

from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from hyperspy_4dphase.estimators.domains._gradual import find_contacts

# Positions within this distance of a place are looked at, but for those nearest to the
# border, which a probe mixes.
_REACH, _MIXED = 5.0, 1.0
# Distance of places along a border.
_SPACING = 4.0
# Fewest positions on each side.
_FEWEST = 6


class Jumps(NamedTuple):
    """How far the borders of a map are jumps.

    Attributes
    ----------
    total : float
        Of all places along all borders: the root of the evidence for a jump, in
        standard deviations of what noise makes of it, less that for a bend.
    error : float
        What noise makes of it.
    """

    total: float
    error: float


def sum_jumps(labels, field):
    """Sum up by how much jumps explain the borders of a map better than bends.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
        Of domains; negative where there is none.
    field : Field
        Of unit noise.

    Returns
    -------
    Jumps
    """
    total, n_places = 0.0, 0
    for pair in _find_touching(field.spread(labels, -1)):
        jumps = compare_border(labels, pair, field)
        total += jumps.sum()
        n_places += len(jumps)
    return Jumps(float(total), float(np.sqrt(n_places)))


def compare_border(labels, pair, field):
    """Compare a jump to a bend at places along the border of two domains.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
        Of domains; negative where there is none.
    pair : tuple of int
        Two of them that touch.
    field : Field
        Of unit noise.

    Returns
    -------
    numpy.ndarray, shape (n_places,)
        The root of the evidence for a jump, in standard deviations of what noise makes
        of it; negative where it is for a bend. No places where a domain is too thin.
    """
    contacts = find_contacts(field.spread(labels, -1), pair)
    gains = np.array([*_compare_along(labels, pair, contacts, field)])
    # The root of evidence is a height in units of its noise.
    return np.sign(gains) * np.sqrt(np.abs(gains))


def _compare_along(labels, pair, contacts, field):
    """Evidence for a jump at each place along a border that is wide enough."""
    border, sides = cKDTree(contacts), []
    for label in pair:
        rows = np.flatnonzero(labels == label)
        away = border.query(field.positions[rows], distance_upper_bound=_REACH)[0]
        rows = rows[(away > _MIXED) & (away < _REACH)]
        if len(rows) < _FEWEST:
            return
        sides.append((rows, cKDTree(field.positions[rows])))
    for place in _spread_out(contacts):
        near = [rows[tree.query_ball_point(place, _REACH)] for rows, tree in sides]
        if min(map(len, near)) >= _FEWEST:
            yield _compare(*near, place, field)


def _spread_out(contacts):
    """Some places of a border, none near another."""
    left = contacts
    while len(left):
        yield left[0]
        left = left[np.linalg.norm(left - left[0], axis=1) >= _SPACING]


def _compare(one, other, place, field):
    """By how much a jump explains the points better than a bend."""
    n_features = field.points.shape[1]
    rows = np.concatenate([one, other])
    points = field.points[rows].astype(float)
    places = (field.positions[rows] - place) / _REACH
    even = np.column_stack([np.ones(len(rows)), places])
    products = [
        places[:, i] * places[:, j]
        for i, j in combinations_with_replacement(range(places.shape[1]), 2)
    ]
    side = np.arange(len(rows)) < len(one)
    bend, jump = (
        _measure_rest(points, np.column_stack([even, *added]))
        for added in (products, [side])
    )
    n_more = len(products) - 1
    return (bend - jump + n_more * n_features) / np.sqrt(2 * n_features)


def _measure_rest(points, design):
    """Sum of squares that a linear model leaves over."""
    basis = np.linalg.qr(design)[0]
    return np.square(points - basis @ (basis.T @ points)).sum()


def _find_touching(grid):
    """Pairs of labels that touch on a grid, the lower first."""
    found = set()
    for axis in range(grid.ndim):
        at = np.moveaxis(grid, axis, 0)
        pair = np.sort(np.stack([at[:-1].ravel(), at[1:].ravel()]), axis=0)
        differ = (pair[0] != pair[1]) & (pair[0] >= 0)
        found |= set(map(tuple, np.unique(pair[:, differ], axis=1).T.tolist()))
    return sorted(found)
