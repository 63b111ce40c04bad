"""Splitting the leaves of a tree where the pattern makes steps in real space."""

import numpy as np
from scipy.cluster.hierarchy import linkage, to_tree

from hyperspy_4dphase.estimators.domains._boundaries import dissolve_boundaries
from hyperspy_4dphase.estimators.domains._directions import measure_strength
from hyperspy_4dphase.estimators.domains._evidence import Evidence
from hyperspy_4dphase.estimators.domains._field import Field
from hyperspy_4dphase.estimators.domains._growth import Growth
from hyperspy_4dphase.estimators.domains._inclusion_places import trim_rims
from hyperspy_4dphase.estimators.domains._patches import separate_patches
from hyperspy_4dphase.estimators.domains._regions import find_regions
from hyperspy_4dphase.estimators.domains._splits import Split
from hyperspy_4dphase.estimators.domains._surroundings import Surroundings

# Fraction of a region that makes it a boundary if it is mixtures of two crowds. Those
# of scans without noise of their own had 0.54 to 1, crystals of 20 positions in a glass
# 0.13 to 0.32.
_MIN_MIXED_PART = 0.45


class RegionGrowth(Growth):
    """A tree whose leaves are split, and dissolved, by what is around each position.

    Parameters are those of :class:`Growth`, and `evidence`, if it is known; the shapes
    have positions.
    """

    def __init__(
        self, shapes, min_size, max_depth, random_state, callback=None, evidence=None
    ):
        super().__init__(shapes, min_size, max_depth, random_state, callback)
        evidence = evidence or Evidence(shapes, random_state)
        self._evidence = evidence if evidence.exists else None

    @property
    def evidence(self):
        """Evidence or None: See :class:`Growth`."""
        return self._evidence

    def attach(self, shapes, evidence):
        """Take other shapes and what the scan says of them, or None for no more."""
        self.shapes, self._evidence = shapes, evidence

    def _find_regions(self, blur):
        """Split leaves where the pattern makes a step between neighbouring positions.

        Parts that mixtures of what is around them explain are none. For `blur` see
        :func:`find_blur`.
        """
        whole = np.full(len(self.shapes.points), -1)
        labels = whole.copy()
        parts = {}
        for i, leaf in enumerate(self.leaves()):
            found = self._find_regions_of(leaf, blur)
            whole[leaf.rows] = i
            for part in np.unique(found):
                labels[leaf.rows[found == part]] = len(parts)
                parts[len(parts)] = leaf
        if len(set(parts.values())) == len(parts):
            return
        rows = np.flatnonzero(labels >= 0)
        steps = self._evidence.steps.take(rows)
        field = Field(self._evidence.points[rows], steps.positions)
        surroundings = Surroundings(field, labels[rows], whole[rows])
        for name in self._find_mixed(labels, parts):
            surroundings.give_back(name)
        surroundings.dissolve()
        surroundings.assign_mixtures()
        labels[rows] = surroundings.labels
        for leaf in dict.fromkeys(parts.values()):
            own = [i for i, whole in parts.items() if whole is leaf]
            members = [np.flatnonzero(labels == i) for i in own]
            self._split_regions(leaf, [rows for rows in members if rows.size])
        self._gather()

    def _dissolve_rims(self):
        """Take out thin leaves that mixtures of what is around them explain."""
        leaves = self.leaves()
        if len(leaves) < 3:
            return
        labels = self._label(leaves)
        rows = np.flatnonzero(labels >= 0)
        field = Field(self._evidence.points[rows], self.shapes.positions[rows])
        surroundings = Surroundings(field, labels[rows], np.zeros(rows.size, int))
        judged = [i for i, leaf in enumerate(leaves) if not leaf.is_inclusion]
        surroundings.dissolve(judged)
        for i, leaf in enumerate(leaves):
            leaf.rows = rows[surroundings.labels == i]
        for leaf in leaves:
            if not leaf.rows.size:
                self._remove(leaf)
        self._gather()

    def _trim_inclusions(self):
        """Give to what is around an inclusion where this is the larger part."""
        kinds, is_rim = self._evidence.inclusions, self._evidence.is_rim
        leaves = self.leaves()
        labels = self._label(leaves)
        labels = trim_rims(labels, kinds, is_rim, self.shapes.positions)
        for i, leaf in enumerate(leaves):
            leaf.rows = np.flatnonzero(labels == i)
        self._gather()

    def _separate_patches(self):
        """Split leaves into patches that do not touch and are not of one domain."""
        for leaf in self.leaves():
            if not leaf.is_inclusion and leaf.rows.size >= 2 * self._min_size:
                points = self._evidence.points[leaf.rows]
                field = Field(points, self.shapes.positions[leaf.rows])
                found = separate_patches(field, self._min_size)
                names = range(found.max() + 1)
                self._split_regions(leaf, [leaf.rows[found == i] for i in names])
        self._gather()

    def _find_mixed(self, labels, parts):
        """Parts that lie on lines between two crowds, but for the largest of a leaf."""
        sizes = np.bincount(labels[labels >= 0], minlength=len(parts))
        largest = {}
        for i, leaf in parts.items():
            largest[leaf] = max(i, largest.get(leaf, i), key=lambda k: sizes[k])
        judged = [i for i, leaf in parts.items() if largest[leaf] != i]
        return dissolve_boundaries(
            self.shapes, labels, self._random_state, judged, _MIN_MIXED_PART
        )[1]

    def _find_regions_of(self, leaf, blur):
        nothing = np.zeros(leaf.rows.size, int)
        if leaf.is_inclusion:
            return nothing
        too_deep = self._max_depth is not None and leaf.level >= self._max_depth
        if too_deep or leaf.rows.size < 3 * self._min_size:
            return nothing
        points = self._points(leaf)
        if not points.shape[1] or not self._evidence.has_steps(leaf.rows):
            return nothing
        steps = self._evidence.steps.take(leaf.rows)
        field = Field(points, steps.positions)
        options = self._random_state, self._evidence.least_step, blur
        return find_regions(field, steps, self._min_size, *options)

    def _split_regions(self, leaf, members):
        """Split a leaf into regions, those that differ most first."""
        if len(members) < 2:
            return
        points, reason = self._evidence.points, leaf.reason
        means = np.stack([points[rows].mean(axis=0) for rows in members])
        waiting = [(leaf, to_tree(linkage(means, "average")))]
        while waiting:
            node, branch = waiting.pop(0)
            if branch.is_leaf():
                continue
            node.rows = np.sort(
                np.concatenate([members[i] for i in branch.pre_order()])
            )
            one = np.concatenate([members[i] for i in branch.left.pre_order()])
            split = Split(np.isin(node.rows, one), np.nan)
            split.strength = measure_strength(points[node.rows], split.side)
            split.step = self._evidence.steps.take(node.rows).measure_border(split.side)
            parts = self._split(node, split)
            # The larger part comes first.
            branches = sorted(
                (branch.left, branch.right),
                key=lambda b: -sum(members[i].size for i in b.pre_order()),
            )
            for part in parts:
                part.reason = reason
            waiting += zip(parts, branches, strict=False)
