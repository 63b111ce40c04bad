"""Thin inclusions: weak patterns that add to one that changes smoothly.

A plate that is two positions wide, and has a fifth of the thickness, is nowhere the
larger part of a pattern. But what it adds is the same at every place where there is one
of its kind, and stands out from what surroundings predict.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from sklearn.utils.parallel import Parallel, delayed

from hyperspy_4dphase.estimators.domains._inclusion_places import (
    FEWEST,
    NEAR,
    assign_places,
)
from hyperspy_4dphase.estimators.domains._local_fits import (
    SIZE,
    add_up,
    fit_at,
    local_spread,
    predict_around,
    robust_covariance,
    subtract_around,
)

# Sums over 3 x 3 positions stand out from so many deviations on.
_STANDS_OUT = 5.0
# What a kind must show: median squared significance of its sums; number of its places,
# weighted by significance; part of its pattern that no change of the surroundings has;
# part of what its positions have too much that is this pattern. On simulated plates in
# a bent crystal and crystals in glasses, six seeds, two doses, kinds that are there had
# 36, 3.2, 0.89 and 0.79 at least. Of what bent crystals have instead, no one had all:
# up to 77, 17, 0.95 and 0.5 each.
_EVIDENCE, _PLACES, _FOREIGN, _ALIKE = 32.0, 3.0, 0.87, 0.6
# In one place alone: so much evidence, at most so many positions, so alike. Crystals of
# 20 positions had 300 and more.
_EVIDENCE_OF_ONE, _LARGEST, _ALIKE_OF_ONE = 150.0, 150, 0.8
# Patterns of two kinds are the same from this cosine on, or where so large a part of
# their positions is.
_SAME_PATTERN, _SAME_PLACES = 0.7, 1 / 3
# Directions that are looked along, and beginnings of the search for each.
_N_DIRECTIONS, _N_STARTS = 16, 16
# Fewest positions of a scan that is looked at.
_MIN_SCAN = 100
# Positions that tell how sums, and what surroundings do not predict, are spread. Of
# sums over 3 x 3 positions every third along both axes tells what is in all.
_N_SPREAD, _MOST_APART = 20_000, 3
# Of directions along which sums are skewed: squared distance a feature from which a sum
# loses weight in their covariance; steps of the search; deviations from which on a sum
# counts no more than others. All chosen by trial.
_FAR_OUT, _N_STEPS, _CLIPPED = 1.5, 40, 6.0
# What stands out is no surroundings of others: rounds in which it is left out;
# deviations at which a position has half its weight; and how steeply it falls, by each
# of them. All chosen by trial.
_N_WEIGHINGS, _HALF_WEIGHT, _STEEPNESS = 6, 2.5, 4.0
# Width of the fits that tell how surroundings change, in those of other fits. Chosen by
# trial.
_WIDER = 1.6


class Kind(NamedTuple):
    """One kind of inclusion.

    Attributes
    ----------
    found : numpy.ndarray of bool, shape (ny, nx)
        Where it stands out.
    pattern : numpy.ndarray, shape (n_features,)
        What it adds, of norm 1.
    evidence, places, foreign, alike : float
        See the constants of this module.
    total : float
        Sum of the squared significance.
    """

    found: np.ndarray
    pattern: np.ndarray
    evidence: float
    places: float
    foreign: float
    alike: float
    total: float

    @property
    def is_there(self):
        """bool: Whether it shows all that a kind must."""
        many = self.evidence >= _EVIDENCE and self.places >= _PLACES
        one = self.evidence >= _EVIDENCE_OF_ONE and self.found.sum() <= _LARGEST
        alike = (many and self.alike >= _ALIKE) or (one and self.alike >= _ALIKE_OF_ONE)
        return bool(alike and self.foreign >= _FOREIGN)

    def is_same(self, other):
        """bool: Whether another kind is this one."""
        shared = (self.found & other.found).sum()
        same_pattern = abs(self.pattern @ other.pattern) > _SAME_PATTERN
        return bool(same_pattern or shared > _SAME_PLACES * self.found.sum())


def find_inclusions(field, random_state):
    """Find thin inclusions in a scan of two dimensions.

    Parameters
    ----------
    field : Field
        Of unit noise.
    random_state : numpy.random.RandomState

    Returns
    -------
    kinds : numpy.ndarray of int, shape (n,)
        Of the inclusion at each point, from 0 on; -1 where there is none.
    points : numpy.ndarray, shape (n, n_features)
        With what surroundings predict where there is an inclusion.
    is_rim : numpy.ndarray of bool, shape (n,)
        Where there is one, but less than half as much of it as is usual nearby.
    """
    n, n_features = field.points.shape
    nothing = np.full(n, -1), field.points, np.zeros(n, bool)
    if len(field.shape) != 2 or n_features < 2 or n < _MIN_SCAN:
        return nothing
    inside = field.inside
    points = field.spread(field.points.astype(float), 0)
    kinds = _find_kinds_twice(points, inside, random_state)
    if not kinds:
        return nothing
    best, cleaned, is_rim = assign_places(points, inside, kinds)
    cleaned = cleaned[field.places].astype(field.points.dtype)
    return best[field.places], cleaned, is_rim[field.places]


def _find_kinds_twice(points, inside, random_state):
    """Find kinds, and once more where these are not."""
    kinds, left = [], inside
    for _ in range(2):
        new = _choose(_find_kinds(points, left, random_state))
        if not new:
            break
        kinds += new
        left = left & ~np.any([kind.found for kind in new], axis=0)
    return _choose(kinds)


def _choose(kinds):
    """Choose the kinds that are there, the strongest first, each once."""
    chosen = []
    for kind in sorted(kinds, key=lambda kind: -kind.total):
        if kind.is_there and not any(kind.is_same(other) for other in chosen):
            chosen.append(kind)
    return chosen


def _find_kinds(points, inside, random_state):
    residuals = predict_around(points, inside.astype(float)).subtract_from(points)
    apart = min(int(np.ceil(np.sqrt(inside.sum() / _N_SPREAD))), _MOST_APART)
    some = slice(None, None, apart), slice(None, None, apart)
    sums = add_up(residuals, inside)[some][inside[some]]
    values, vectors = np.linalg.eigh(robust_covariance(sums, _FAR_OUT))
    whiten = vectors / np.sqrt(np.maximum(values, 1e-3)) @ vectors.T
    directions = (whiten @ _find_skewed(sums @ whiten, random_state).T).T
    # Most of the time is spent outside of Python.
    found = Parallel(-1, prefer="threads")(
        delayed(_describe)(points, inside, d / np.linalg.norm(d)) for d in directions
    )
    return [kind for kind in found if kind is not None]


def _find_skewed(points, random_state):
    """Directions along which white points are skewed most, one after the other.

    What is added at a few places makes their distribution one-sided.
    """
    n_features = points.shape[1]
    directions = np.zeros((0, n_features))
    for _ in range(min(_N_DIRECTIONS, n_features)):
        left = points - (points @ directions.T) @ directions
        squares = np.square(left).sum(axis=1)
        chances = squares / squares.sum()
        d = left[random_state.choice(len(left), _N_STARTS, p=chances)].T
        for _ in range(_N_STEPS):
            d /= np.maximum(np.linalg.norm(d, axis=0), 1e-12)
            along = np.clip(left @ d, -_CLIPPED, _CLIPPED)
            d = left.T @ (along * np.abs(along))
            d -= directions.T @ (directions @ d)
        d /= np.maximum(np.linalg.norm(d, axis=0), 1e-12)
        skew = (np.clip(left @ d, -_CLIPPED, _CLIPPED) ** 3).mean(axis=0)
        directions = np.vstack([directions, d[:, np.argmax(skew)]])
    return directions


def _look_along(points, inside, direction):
    """Find the places that stand out along one direction.

    Returns
    -------
    weights, residuals, sums : numpy.ndarray, shape (ny, nx)
        How far a position belongs to the surroundings; what it has too much, alone and
        with its neighbours.
    places : numpy.ndarray of int, shape (ny, nx)
        Number of the place, 0 for none.
    """
    values = points @ direction
    weights = inside.astype(float)
    for _ in range(_N_WEIGHINGS):
        residuals = subtract_around(values, weights)
        scaled = residuals / local_spread(residuals, inside)
        sums = add_up(scaled[..., None], inside)[..., 0]
        excess = np.maximum(scaled, sums) - _HALF_WEIGHT
        weights = inside / (1 + np.exp(np.clip(_STEEPNESS * excess, -50, 50)))
    places = ndimage.label(sums > _STANDS_OUT, NEAR)[0]
    sizes = np.bincount(places.ravel())
    sizes[0] = 0
    return weights, residuals, sums, places * (sizes >= FEWEST)[places]


def _describe(points, inside, direction, n_rounds=3):
    """Let a direction follow what it finds: a kind, or None if there is nothing."""
    n_features = points.shape[-1]
    for i in range(n_rounds):
        weights, along, sums, places = _look_along(points, inside, direction)
        found = places > 0
        if not found.any():
            return None
        near = ndimage.binary_dilation(found, NEAR) & inside
        rest = _thin_out(inside & (weights > 0.5) & ~near)
        if not rest.any():
            return None
        used = near | rest
        fit = fit_at(points, weights, used).predict()
        residuals = fit.subtract_from(points[used])
        covariance = robust_covariance(residuals[rest[used]])
        residuals = residuals[found[used]]
        pattern = (residuals * sums[found, None]).sum(axis=0)
        pattern /= np.linalg.norm(pattern)
        direction = np.linalg.solve(covariance, pattern)
        direction /= np.linalg.norm(direction)
        scaled = np.zeros((*inside.shape, 1))
        spread = local_spread(along, inside)[used]
        scaled[used, 0] = along[used] / np.sqrt(spread**2 + fit.misfit)
        evidence = float(np.median(add_up(scaled, inside)[found] ** 2))
        if i == 0 and evidence < _EVIDENCE / 3:
            return None
    added = np.zeros_like(points)
    added[found] = residuals
    own = add_up(added, found)[found]
    excess = max((np.square(own).sum(axis=1) - n_features).sum(), 1e-9)
    strengths = np.bincount(places[found], sums[found])
    wide = fit_at(points, weights, found, _WIDER * SIZE)
    return Kind(
        found,
        pattern,
        evidence,
        places=float(strengths.sum() ** 2 / np.square(strengths).sum()),
        foreign=_measure_foreign(wide, pattern),
        alike=float((np.square(own @ pattern) - 1).sum() / excess),
        total=float(np.square(sums[found]).sum()),
    )


def _thin_out(places):
    """Some of many positions, as far apart as may be."""
    rows = np.flatnonzero(places)
    some = np.zeros(places.size, bool)
    some[rows[:: max(1, rows.size // _N_SPREAD)]] = True
    return some.reshape(places.shape)


def _measure_foreign(fit, pattern):
    """Part of a pattern that the changes of the surroundings do not have."""
    changes = fit.coefficients[:, 1:]
    along = changes @ pattern
    noise = changes.shape[-1] * fit.noise[:, 1:]
    gram = changes @ np.swapaxes(changes, 1, 2) + np.eye(5) * noise[:, None]
    own = (along * np.linalg.solve(gram, along[..., None])[..., 0]).sum(axis=1)
    return float(np.median(1 - own))
