"""Which leaves of a tree are of one domain, though they were split.

A split of many parts stands on the steps of most of its borders, and on the gap that
most of its patterns leave. Two leaves that it has made may have neither. And thin
crystals are sought by what they add to the patterns around them, thicker ones of the
same kind by the gap that they leave among all patterns.
"""

from functools import cached_property
from itertools import combinations

import numpy as np
from scipy.spatial import cKDTree

from hyperspy_4dphase.estimators.domains._field import Field, average_alike
from hyperspy_4dphase.estimators.domains._gradual import find_pure, take_pure
from hyperspy_4dphase.estimators.domains._passages import Passages
from hyperspy_4dphase.estimators.domains._patches import are_apart, are_of_one_trend

# Positions around one in an inclusion that tell what is there without it.
_N_AROUND = 12
# Of what an inclusion adds so large a part (cosine) must be the change to the domain,
# and so much of it must be there: what is less than half of a pattern does not name it.
# In 20 simulated scans of precipitates, plates and crystals in a glass the cosine was
# 0.90 to 0.93 for domains of the same kind, and 0.70 at most for others.
_ALIKE, _LEAST = 0.8, 0.5
# Fewest positions of two leaves whose common trend may tell that they are of one
# domain. Of 660 pairs of leaves of different domains that do not touch, in 60 maps of
# simulated scans, 11 looked so; the smaller one of these had 23 to 67 positions.
_FEWEST_OF_TREND = 100


class Joins:
    """Leaves that are of one domain.

    Parameters
    ----------
    shapes : Shapes
        With positions.
    evidence : Evidence
        Of these.
    """

    def __init__(self, shapes, evidence):
        rows = np.flatnonzero(shapes.known)
        # Not the whole grid: points without counts may lie outside.
        self._steps = evidence.steps.take(rows)
        self._field = Field(evidence.points[rows], shapes.positions[rows])
        self._passages = Passages(self._field, self._steps, evidence.is_border)
        self._place = np.full(len(shapes.points), -1)
        self._place[rows] = np.arange(rows.size)
        self._judged = set()

    def find_gradual(self, leaves, find_gap):
        """Find two leaves that go over into one another where they touch.

        Parameters
        ----------
        leaves : list of Node
        find_gap : callable
            Called as ``find_gap(one, other)``: whether there is a gap that is no path,
            and whether there is one with few points, be it a path.

        Returns
        -------
        tuple of Node, or None
        """
        leaves = [leaf for leaf in leaves if not leaf.is_inclusion]
        return self._passages.find(leaves, self._label(leaves), find_gap)

    @property
    def blur(self):
        """float or None: See :class:`Passages`."""
        return self._passages.blur

    def find_of_one_trend(self, leaves):
        """Find two leaves that do not touch, and differ as both of them change.

        A wedge is of another thickness where its material comes again.

        Parameters
        ----------
        leaves : list of Node

        Returns
        -------
        tuple of Node, or None
        """
        members = [self._place[leaf.rows] for leaf in leaves]
        labels = self._label(leaves)
        touching = set(map(tuple, self._steps.borders(labels)[0].tolist()))
        large = [
            i
            for i, leaf in enumerate(leaves)
            if not leaf.is_inclusion and leaf.rows.size >= _FEWEST_OF_TREND
        ]
        if len(large) < 2:
            return None
        pure = find_pure(self._field.spread(labels, -1))[self._field.places]
        for i, k in combinations(large, 2):
            if (i, k) in touching or not self._is_new(leaves[i], leaves[k]):
                continue
            pair = members[i], members[k]
            if are_of_one_trend(self._field, self._means, pure, *pair):
                return leaves[i], leaves[k]
        return None

    @cached_property
    def _means(self):
        return average_alike(self._field).points

    def find_of_one_kind(self, leaves):
        """Find a domain, and an inclusion that is of its kind.

        Parameters
        ----------
        leaves : list of Node

        Returns
        -------
        tuple of Node, or None
        """
        members = [self._place[leaf.rows] for leaf in leaves]
        labels = self._label(leaves)
        pure = find_pure(self._field.spread(labels, -1))[self._field.places]
        for i, inclusion in enumerate(leaves):
            if not inclusion.is_inclusion:
                continue
            for k, domain in enumerate(leaves):
                if domain.is_inclusion or not self._is_new(domain, inclusion):
                    continue
                if self._is_of(members[i], members[k], pure):
                    return domain, inclusion
        return None

    def _label(self, leaves):
        """Number of the leaf of each point; -1 where there is none."""
        labels = np.full(len(self._field.points), -1)
        for i, leaf in enumerate(leaves):
            labels[self._place[leaf.rows]] = i
        return labels

    def _is_new(self, one, other):
        """Whether two leaves were not judged yet as they are."""
        name = one, other, one.rows.size, other.rows.size
        is_new = name not in self._judged
        self._judged.add(name)
        return is_new

    def _is_of(self, inclusion, domain, pure):
        """Whether what an inclusion adds to its surroundings is a domain's pattern."""
        points, positions = self._field.points, self._field.positions
        rest = np.ones(len(points), bool)
        rest[domain] = rest[inclusion] = False
        rest = np.flatnonzero(rest)
        if len(rest) < _N_AROUND:
            return False
        near = cKDTree(positions[rest]).query(positions[inclusion], _N_AROUND)[1]
        around = points[rest[near]].astype(float).mean(axis=1)
        added = points[inclusion] - around
        inner = take_pure(domain, pure, _N_AROUND, 0.0)
        change = points[inner].astype(float).mean(axis=0) - around
        along, squares = (change * added).sum(), np.square(change).sum()
        excess = np.square(added).sum() - added.size * (1 + 1 / _N_AROUND)
        if excess <= 0 or along < _LEAST * squares:
            return False
        if along < _ALIKE * np.sqrt(squares * excess):
            return False
        return not self._are_apart(take_pure(inclusion, pure, _N_AROUND, 0.0), inner)

    def _are_apart(self, one, other):
        both = np.sort(np.concatenate([one, other]))
        field = Field(self._field.points[both], self._field.positions[both])
        return are_apart(field, *(np.searchsorted(both, rows) for rows in (one, other)))
