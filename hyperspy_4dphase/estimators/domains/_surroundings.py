"""Whether what surrounds a position explains its pattern.

Near an interface the probe mixes the patterns of both sides, as they are there. A
cluster of such positions is no domain, though it may differ from all others.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.optimize import nnls
from scipy.spatial import cKDTree

from hyperspy_4dphase.estimators.domains._gradual import find_pure, take_pure

# Distance within which the patterns around a position are averaged, in positions: wider
# than an interface blurred by a probe of one position's width.
_RADIUS = 4.0
# Surroundings that are mixed at most: where more domains meet, the others have none.
_N_MIXED = 4
# Fewest positions of a domain off its border, and part of it, that stand for it.
_FEWEST_PURE = 4, 0.1
# Fewest positions that are averaged.
_FEWEST = 2
# Part of a cluster's positions that must have surroundings for it to be judged, and
# part of these, the best explained ones, that is judged: some have a corner of
# something else.
_SURROUNDED, _JUDGED = 0.8, 0.7
# What a mixture may leave over, each alone: standard deviations of the noise; times
# what patterns leave over that are predicted from others of their domain around them;
# part of the squared distance of what is mixed. Mixtures of simulated scans leave over
# -0.01 to 0.02 of it, true domains 0.2 and more.
_NOISE, _LIKE_OTHERS, _OF_DISTANCE = 3.0, 1.5, 0.03
# Of a domain's own misfit: positions that are looked at; distance in positions from
# which on patterns of the domain predict theirs; and fewest positions that tell it. The
# last two were chosen by trial.
_N_SAMPLED, _BEYOND, _FEWEST_MISFITS = 300, 2.0, 5
# Positions beside a part that it is looked at with, to find how deep it is.
_MARGIN = 5
# Weight of the equation by which fractions add up to 1, in units of the longest
# pattern.
_SUM_WEIGHT = 1e3


class _Mixture(NamedTuple):
    """A point as a mixture of what surrounds it.

    Attributes
    ----------
    names : list of int
        Labels of what is mixed.
    fractions : numpy.ndarray, shape (n_names,)
        Of each, none of them negative.
    left : float
        Squared distance of the point from the mixture, less that of noise.
    apart : float
        Largest squared distance of what is mixed.
    """

    names: list
    fractions: np.ndarray
    left: float
    apart: float


class Surroundings:
    """The labels of a scan, and the patterns around each position.

    Parameters
    ----------
    field : Field
        Of unit noise.
    labels : numpy.ndarray of int, shape (n,)
        Of domains, from 0 on.
    wholes : numpy.ndarray of int, shape (n,)
        What domains are parts of: a part that is no domain goes back to its whole.
    """

    def __init__(self, field, labels, wholes):
        self._field, self.labels, self._wholes = field, labels.copy(), wholes
        self._refresh()
        self._misfits = self._measure_misfits()

    def dissolve(self, judged=None):
        """Give back the parts that mixtures of their surroundings explain.

        Parameters
        ----------
        judged : list of int, optional
            Labels that may be given back; by default all.
        """
        again = True
        while again:
            again = False
            names, sizes = np.unique(self.labels[self.labels >= 0], return_counts=True)
            for name in names[np.argsort(sizes, kind="stable")].tolist():
                if (judged is None or name in judged) and self._explain(name):
                    again |= self.give_back(name)

    def give_back(self, name):
        """Give a part back to the others of its whole; False if it has none."""
        rows, others = np.flatnonzero(self.labels == name), self._find_siblings(name)
        if others.size:
            self.labels[rows] = self._give_back(rows, others)
            self._refresh()
        return bool(others.size)

    def assign_mixtures(self):
        """Give mixtures of parts of one whole to the part that they have most of."""
        parts, first = np.unique(self.labels, return_index=True)
        wholes, counts = np.unique(self._wholes[first[parts >= 0]], return_counts=True)
        several = np.isin(self._wholes, wholes[counts > 1])
        rows = np.flatnonzero(several & ~self._pure & (self.labels >= 0))
        labels = self.labels.copy()
        n_features = self._field.points.shape[1]
        for row, mixture in zip(rows, self._mix(rows), strict=True):
            if mixture is None:
                continue
            allowed = _NOISE * np.sqrt(2 * n_features) + self._allow(mixture)
            best = mixture.names[int(np.argmax(mixture.fractions))]
            is_part = self._whole_of[best] == self._wholes[row]
            if mixture.left <= allowed and is_part:
                labels[row] = best
        self.labels = labels

    def _refresh(self):
        pure = find_pure(self._field.spread(self.labels, -1))[self._field.places]
        self._pure = pure & (self.labels >= 0)
        members = [np.flatnonzero(self.labels == i) for i in self._names()]
        # Of what is thin nearly everywhere all is taken.
        used = [take_pure(rows, self._pure, *_FEWEST_PURE) for rows in members]
        self._used = np.sort(np.concatenate(used))
        self._tree = cKDTree(self._field.positions[self._used])
        names, first = np.unique(self.labels, return_index=True)
        self._whole_of = dict(zip(names.tolist(), self._wholes[first], strict=True))

    def _names(self):
        return np.unique(self.labels[self.labels >= 0])

    def _find_siblings(self, name):
        whole = self._whole_of[name]
        return np.array(
            [
                i
                for i, w in self._whole_of.items()
                if w == whole and i != name and i >= 0
            ]
        )

    def _find_around(self, rows):
        """Rows of the used points around each of some points."""
        found = self._tree.query_ball_point(self._field.positions[rows], _RADIUS)
        return [self._used[near] for near in found]

    def _measure_misfits(self):
        """What each domain's patterns leave over that others around them predict.

        What is mixed of several domains, as all of a small grain may be, is no misfit.
        """
        positions = self._field.positions
        misfits = {}
        for name in self._names().tolist():
            rows = self._used[self.labels[self._used] == name]
            rows = rows[:: -(-len(rows) // _N_SAMPLED)]
            around = []
            for row, near in zip(rows, self._find_around(rows), strict=True):
                squared = np.square(positions[near] - positions[row]).sum(axis=1)
                away = squared >= _BEYOND**2
                near = near[away | (self.labels[near] != name)]
                own = (self.labels[near] == name).sum() > _FEWEST
                around.append(near if own else near[:0])
            left = [m.left for m in self._mix(rows, around) if m is not None]
            told = len(left) >= _FEWEST_MISFITS
            misfits[name] = float(np.median(left)) if told else np.nan
        known = [value for value in misfits.values() if np.isfinite(value)]
        usual = float(np.median(known)) if known else 0.0
        return {i: v if np.isfinite(v) else usual for i, v in misfits.items()}

    def _mix(self, rows, around=None, without=-1):
        """Mixtures of the surroundings that are nearest to some points.

        Parameters
        ----------
        rows : numpy.ndarray of int
        around : list of numpy.ndarray of int, optional
            Rows of what is around each; by default all used points.
        without : int, optional
            Label that is left out.

        Returns
        -------
        list of _Mixture or None
            None where there is nothing around.
        """
        points = self._field.points
        n_features = points.shape[1]
        mixtures = []
        around = self._find_around(rows) if around is None else around
        for row, near in zip(rows, around, strict=True):
            own = self.labels[near]
            names, counts = np.unique(own[own != without], return_counts=True)
            order = np.argsort(-counts, kind="stable")[:_N_MIXED]
            names, counts = names[order], counts[order]
            names, counts = names[counts >= _FEWEST], counts[counts >= _FEWEST]
            if not names.size:
                mixtures.append(None)
                continue
            means = np.stack([points[near[own == i]].mean(axis=0) for i in names])
            fractions = _find_fractions(means, points[row])
            left = np.square(points[row] - fractions @ means).sum()
            left -= n_features * (1 + (fractions**2 / counts).sum())
            steps = means[:, None] - means
            apart = float(np.square(steps).sum(axis=-1).max())
            mixtures.append(_Mixture(names.tolist(), fractions, float(left), apart))
        return mixtures

    def _allow(self, mixture, most=np.inf):
        """What a mixture may leave over because patterns change, and of its size.

        A piece of a domain that changes leaves over what it does itself, `most`.
        """
        misfit = min(most, max(self._misfits[name] for name in mixture.names))
        return max(_LIKE_OTHERS * misfit, _OF_DISTANCE * mixture.apart)

    def _explain(self, name):
        """Whether mixtures of its surroundings explain a part."""
        rows = np.flatnonzero(self.labels == name)
        if not self._find_siblings(name).size or not self._is_thin(name):
            return False
        mixtures = [m for m in self._mix(rows, without=name) if m is not None]
        if len(mixtures) < _SURROUNDED * len(rows):
            return False
        left = np.sort([mixture.left for mixture in mixtures])
        left = left[: max(1, int(np.ceil(_JUDGED * len(left))))]
        noise = _NOISE * np.sqrt(2 * self._field.points.shape[1] / len(left))
        own = self._misfits[name]
        allowed = np.median([self._allow(mixture, own) for mixture in mixtures])
        return left.mean() <= max(noise, allowed)

    def _is_thin(self, name):
        """Whether most of a part is within the reach of others."""
        grid = self._field.spread(self.labels == name, False)
        box = ndimage.find_objects(grid.astype(np.int8))[0]
        box = tuple(slice(max(s.start - _MARGIN, 0), s.stop + _MARGIN) for s in box)
        depth = ndimage.distance_transform_edt(grid[box])[grid[box]]
        return (depth <= _RADIUS).mean() >= _SURROUNDED

    def _give_back(self, rows, others):
        """Labels of those parts that points have most of, or that are nearest."""
        used = self._used[np.isin(self.labels[self._used], others)]
        if not used.size:
            used = np.flatnonzero(np.isin(self.labels, others))
        positions = self._field.positions
        nearest = cKDTree(positions[used]).query(positions[rows])[1]
        given = self.labels[used[nearest]]
        own = int(self.labels[rows[0]])
        for k, mixture in enumerate(self._mix(rows, without=own)):
            if mixture is None:
                continue
            names = np.array(mixture.names)
            fractions = np.where(np.isin(names, others), mixture.fractions, -1)
            if fractions.max() > 0:
                given[k] = names[fractions.argmax()]
        return given


def _find_fractions(means, point):
    """Fractions of some patterns in a point: not negative, and 1 together."""
    if len(means) == 1:
        return np.ones(1)
    weight = _SUM_WEIGHT * max(float(np.abs(means).max()), 1.0)
    equations = np.vstack([means.T, np.full((1, len(means)), weight)])
    fractions = nnls(equations, np.append(point, weight))[0]
    return fractions / max(fractions.sum(), 1e-30)
