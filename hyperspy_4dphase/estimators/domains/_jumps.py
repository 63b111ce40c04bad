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
# A border is a bend if a bend explains so many times as much of what an even change
# leaves over as a jump does, and at least so large a part of the whole change, and so
# many standard deviations of noise more than a jump. Cuts through thin bent layers had
# 4 to 35, and 0.07 to 0.46. Interfaces between crystals that do not bend have less than
# 1.3 and 0.02 if the border is within a position of them; between two that bend,
# blurred by three positions, they had up to 10 and 0.05: this alone does not tell them.
_BEND_RATIO, _BEND_PART, _BEND_NOISE = 3.0, 0.05, 4.0
# It is a jump if a jump explains so many times as much as a bend does, and as large a
# part of the whole change, and stands out as far from noise. In 54 simulated scans of
# bent particles 95 % of 1,349 borders of different domains were jumps, and 4 % of 1,428
# borders between pieces of one. Where spots come and go within three positions, as many
# pieces have jumps as not: there the change next to the border decides.
_JUMP_RATIO = 0.5
# Evidence that adds to both sides of that ratio: below it, noise alone would decide.
_LEAST_EVIDENCE = 2.0
# One or two places may be next to something else, which is there for the jump.
_FEWEST_PLACES = 3


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
    fits = _fit_along(labels, pair, field)
    gains = fits.bend - fits.jump
    # The root of evidence is a height in units of its noise.
    return np.sign(gains) * np.sqrt(np.abs(gains))


class Change(NamedTuple):
    """How patterns change at the border of two domains.

    Squares beyond those of noise, in units of what noise makes of their differences,
    summed up over places along the border.

    Attributes
    ----------
    by_bend, by_jump : float
        Of what an even change leaves over, what a bend explains, and what a jump does.
    whole : float
        All of the change.
    n_places : int
        0 where it is not known: at no place both domains are wide enough.
    """

    by_bend: float
    by_jump: float
    whole: float
    n_places: int

    @property
    def is_bend(self):
        """bool: Whether patterns bend at the border, and do not jump there."""
        least = max(_BEND_RATIO * self.by_jump, _BEND_PART * self.whole)
        ahead = self.by_bend - self.by_jump
        return self.by_bend > least and ahead > _BEND_NOISE * np.sqrt(self.n_places)

    @property
    def is_jump(self):
        """bool: Whether a jump explains more of the change than most bends have."""
        noise = _BEND_NOISE * np.sqrt(self.n_places)
        least = max(_JUMP_RATIO * self.by_bend, _BEND_PART * self.whole, noise)
        return self.n_places >= _FEWEST_PLACES and self.by_jump > least

    @property
    def ratio(self):
        """float: What a jump explains over what a bend does; infinite if not known."""
        if not self.n_places:
            return np.inf
        jump, bend = (max(gain, 0.0) for gain in (self.by_jump, self.by_bend))
        return (jump + _LEAST_EVIDENCE) / (bend + _LEAST_EVIDENCE)


def measure_change(labels, pair, field):
    """Measure how patterns change at the border of two domains.

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
    Change
    """
    fits = _fit_along(labels, pair, field)
    by_bend, by_jump = ((fits.even - fit).sum() for fit in (fits.bend, fits.jump))
    return Change(by_bend, by_jump, fits.none.sum(), len(fits.none))


class _Fits(NamedTuple):
    """What models leave over at places along a border, (n_places,).

    Squares beyond those of noise, in units of what noise makes of their differences.

    Attributes
    ----------
    none : numpy.ndarray
        Of patterns that do not change.
    even, bend, jump : numpy.ndarray
        Of an even change, and of one that bends, or jumps, too.
    """

    none: np.ndarray
    even: np.ndarray
    bend: np.ndarray
    jump: np.ndarray


def _fit_along(labels, pair, field):
    """Fit models at places along a border; none where a domain is too thin."""
    contacts = find_contacts(field.spread(labels, -1), pair)
    border, sides = cKDTree(contacts), []
    for label in pair:
        rows = np.flatnonzero(labels == label)
        away = border.query(field.positions[rows], distance_upper_bound=_REACH)[0]
        rows = rows[(away > _MIXED) & (away < _REACH)]
        sides.append((rows, cKDTree(field.positions[rows])))
    found = []
    if min(len(rows) for rows, _ in sides) >= _FEWEST:
        for place in _spread_out(contacts):
            near = [rows[tree.query_ball_point(place, _REACH)] for rows, tree in sides]
            if min(map(len, near)) >= _FEWEST:
                found.append(_fit(*near, place, field))
    return _Fits(*np.reshape(found, (-1, len(_Fits._fields))).T)


def _spread_out(contacts):
    """Some places of a border, none near another."""
    left = contacts
    while len(left):
        yield left[0]
        left = left[np.linalg.norm(left - left[0], axis=1) >= _SPACING]


def _fit(one, other, place, field):
    """Fit models to the points on two sides of a place; see :class:`_Fits`."""
    rows = np.concatenate([one, other])
    points = field.points[rows].astype(float)
    places = (field.positions[rows] - place) / _REACH
    same = np.ones((len(rows), 1))
    even = np.column_stack([same, places])
    products = [
        places[:, i] * places[:, j]
        for i, j in combinations_with_replacement(range(places.shape[1]), 2)
    ]
    side = np.arange(len(rows)) < len(one)
    bend, jump = (np.column_stack([even, *added]) for added in (products, [side]))
    return [_measure_rest(points, design) for design in (same, even, bend, jump)]


def _measure_rest(points, design):
    """Squares that a linear model leaves over beyond noise, in units of noise."""
    n_features = points.shape[1]
    basis = np.linalg.qr(design)[0]
    rest = np.square(points - basis @ (basis.T @ points)).sum()
    n_free = len(points) - design.shape[1]
    return (rest - n_free * n_features) / np.sqrt(2 * n_features)


def _find_touching(grid):
    """Pairs of labels that touch on a grid, the lower first."""
    found = set()
    for axis in range(grid.ndim):
        at = np.moveaxis(grid, axis, 0)
        pair = np.sort(np.stack([at[:-1].ravel(), at[1:].ravel()]), axis=0)
        differ = (pair[0] != pair[1]) & (pair[0] >= 0)
        found |= set(map(tuple, np.unique(pair[:, differ], axis=1).T.tolist()))
    return sorted(found)
