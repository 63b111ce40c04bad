"""Growing a tree where it is known where points are in the scan."""

from functools import partial

import numpy as np
from scipy.spatial import cKDTree

from hyperspy_4dphase.estimators.domains._directions import (
    discriminate,
    measure_strength,
    refine_direction,
)
from hyperspy_4dphase.estimators.domains._growth import Growth
from hyperspy_4dphase.estimators.domains._inclusion_places import N_AROUND
from hyperspy_4dphase.estimators.domains._joins import Joins
from hyperspy_4dphase.estimators.domains._nodes import Node
from hyperspy_4dphase.estimators.domains._pooled import (
    dissolve_pooled_boundaries,
    find_pooled_split,
)
from hyperspy_4dphase.estimators.domains._region_growth import RegionGrowth
from hyperspy_4dphase.estimators.domains._splits import (
    MAX_LOG_P,
    Split,
    find_split,
)
from hyperspy_4dphase.estimators.domains._steps import CERTAIN_STEP

# Leaves that touch without a step stay apart only if few mixtures between them are no
# chance, in standard deviations of the crowds' numbers. With 1 thin bent layers are cut
# less often than with 0 (10 domains instead of 11 of one scan, three seeds). With 2 two
# domains of 288 positions that vary in six directions are found in 3 of 10 draws, and
# with 1 in 9.
_CROWDS_MARGIN = 1.0
# Points in a gap over those of the smaller part. Of 18 cuts through bent crystals in
# simulated scans 16 had 0.2 or more, of 16 interfaces that are blurred by 1.5 to 3
# positions all had 0.15 or less.
_CLEAR_SHARE = 0.17
# Directions of a node from which on there may be so many crowds that halves of the scan
# are looked at. Maps of 18 simulated polycrystals are as right with 8 as with 1; where
# few crowds are, single directions show them.
_MANY_DIRECTIONS = 8
# Part of the searches that must find a refused split, where it may take the place of
# another one.
_MOSTLY = 0.8


def make_growth(
    shapes, min_size, max_depth, random_state, callback=None, evidence=None
):
    """Begin a tree, by what is known of the points; see :class:`Growth`."""
    options = shapes, min_size, max_depth, random_state, callback
    if shapes.positions is None:
        return Growth(*options)
    return ScanGrowth(*options, evidence)


class ScanGrowth(RegionGrowth):
    """A tree that grows by what neighbours in the scan say, too.

    A gap must show in means of neighbours. What noise hides in single points is sought
    in such means. Where patterns leave no gap, leaves are split where these make a step
    between neighbouring positions. Thin inclusions are parts of what they are in.

    Parameters are those of :class:`Growth`, and `evidence`, if it is known; the shapes
    have positions.
    """

    def __init__(
        self, shapes, min_size, max_depth, random_state, callback=None, evidence=None
    ):
        options = shapes, min_size, max_depth, random_state, callback
        super().__init__(*options, evidence)
        if self._evidence is not None and max_depth != 0:
            # They would hide what they are in.
            root = self.nodes[0]
            root.rows = root.rows[self._evidence.inclusions[root.rows] < 0]

    def adopt(self, shapes, evidence):
        """Take over other shapes of the same points, as grown on these.

        Parameters
        ----------
        shapes : Shapes
        evidence : Evidence
            Of these.
        """
        self.attach(shapes, evidence)
        for node in self.nodes:
            if node.children:
                side = np.isin(node.rows, node.children[0].rows)
                node.split.strength = measure_strength(self._points(node), side)
                own = evidence.steps.take(node.rows)
                node.split.step = own.measure_border(side)
        self._gather()

    def part(self, labels):
        """Split leaves further, into those parts that have labels of their own.

        Parameters
        ----------
        labels : numpy.ndarray of int, shape (n_points,)
        """
        for leaf in self.leaves():
            own = labels[leaf.rows]
            self._split_regions(leaf, [leaf.rows[own == i] for i in np.unique(own)])
        self._gather()

    def run(self):
        """Grow the tree, and take out the leaves that are mixtures of others."""
        self.grow()
        if self._evidence is not None:
            self._place_inclusions()
            joins = Joins(self.shapes, self._evidence)
            self._join(joins.find_of_one_kind)
        self.dissolve_boundaries()
        if self._evidence is not None:
            gaps = partial(joins.find_gradual, find_gap=self._find_gap)
            self._join(gaps)
            self._find_regions(joins.blur)
            self._join(gaps)
            self._dissolve_rims()
            self._join(joins.find_of_one_kind)
            self._trim_inclusions()
            self._separate_patches()
            self._join(joins.find_of_one_trend)
            self._join(gaps)

    def _find_split(self, node):
        """Find a split that single points show, or else means of neighbours."""
        points = self._points(node)
        split, node.reason, refused = find_split(
            points, self._min_size, self._random_state
        )
        split = self._judge(node, points, split, refused)
        if split is None and node.reason in ("no gap", "continuum"):
            split = self._split_many(node, points)
        # Noise may hide a gap, but not in a continuum, which is seen to have none; nor
        # is that seen by single points among parts that these do not show.
        hidden = {"noise", "no gap"} | ({"continuum"} if node.pooled else set())
        if split is not None or node.reason not in hidden:
            return split
        shapes = self.shapes.take(node.rows)
        split = find_pooled_split(shapes, self._min_size, self._random_state)
        if split is not None and self._evidence is not None:
            verdict = self._evidence.judge(
                node.rows, points, split, self._random_state, pooled=True
            )
            split.step = verdict.step
            split = split if verdict.stands else None
        node.pooled |= split is not None
        return split

    def _split_many(self, node, points):
        """The split of many crowds that single directions to one of them do not show.

        Mixtures of one crowd with all that are around it fill the valley between it
        and the others. Fewer are mixtures of crowds in two halves of the scan.
        """
        if self._evidence is None or points.shape[1] < _MANY_DIRECTIONS:
            return None
        options = self._min_size, self._random_state
        for values in self.shapes.positions[node.rows].T:
            side = values > np.median(values)
            split = find_split(points, *options, side).split
            if split is None:
                continue
            verdict = self._evidence.judge(
                node.rows,
                points,
                split,
                self._random_state,
                n_cells=points.shape[1] + 1,
            )
            if verdict.stands:
                split.step, node.reason, node.refused = verdict.step, "split", None
                return split
        return None

    def _judge(self, node, points, split, refused):
        """The split, or the refused one, that the scan around its points confirms."""
        if self._evidence is None:
            return split
        if split is not None:
            options = node.rows, points
            verdict = self._evidence.judge(*options, split, self._random_state)
            split.step, node.reason = verdict.step, verdict.reason
            if verdict.stands:
                return split
            if _may_replace(refused, split):
                verdict = self._evidence.judge(*options, refused, self._random_state)
                if verdict.stands and verdict.step >= CERTAIN_STEP:
                    refused.step, node.reason = verdict.step, verdict.reason
                    return refused
            refused = split
        if refused is None:
            return None
        refused.step = self._evidence.steps.take(node.rows).measure_border(refused.side)
        if node.reason == "continuum" and self._evidence.is_border(refused.step):
            node.reason = "split"
            return refused
        node.refused = refused
        return None

    def _find_gap(self, one, other):
        """Find the gap between the patterns of two leaves.

        Returns
        -------
        stands : bool
            Whether there is one that the scan confirms, and that is no path.
        is_clear : bool
            Whether there are few points in it, though these may look like a path.
        """
        rows = np.sort(np.concatenate([one.rows, other.rows]))
        points, side = self._points(Node(rows)), np.isin(rows, other.rows)
        if not points.shape[1]:
            return False, False
        cut = refine_direction(points, discriminate(points, side), self._min_size)
        if cut is None or cut.valley.log_p > MAX_LOG_P:
            return False, False
        split = Split(side, np.nan, cut.valley.share, cut.valley.log_p)
        options = {"by_step": False, "margin": _CROWDS_MARGIN}
        verdict = self._evidence.judge(
            rows, points, split, self._random_state, **options
        )
        is_clear = cut.valley.share < _CLEAR_SHARE and verdict.reason != "no gap"
        return verdict.stands, is_clear

    def _place_inclusions(self):
        """Make each kind of inclusion a part of the leaf that it is mostly in."""
        if self._max_depth == 0:
            return
        kinds = self._evidence.inclusions
        hosts = self.leaves()
        leaf_of = self._label(hosts)
        rest = np.flatnonzero(leaf_of >= 0)
        tree = cKDTree(self.shapes.positions[rest])
        for kind in np.unique(kinds[kinds >= 0]):
            rows = np.flatnonzero(kinds == kind)
            near = tree.query(self.shapes.positions[rows], N_AROUND)[1].ravel()
            around = leaf_of[rest[near[near < rest.size]]]
            host = int(np.bincount(around).argmax())
            hosts[host] = self._add_part(hosts[host], rows)
        self._gather()

    def _add_part(self, leaf, rows):
        """A leaf with one more part; the leaf that is left of it."""
        own, reason = leaf.rows, leaf.reason
        leaf.rows = np.sort(np.concatenate([own, rows]))
        if rows.size < self._min_size:
            return leaf
        side = np.isin(leaf.rows, rows)
        split = Split(side, measure_strength(self._evidence.points[leaf.rows], side))
        split.step = self._evidence.steps.take(leaf.rows).measure_border(side)
        parts = self._split(leaf, split)
        if not parts:
            return leaf
        for part in parts:
            part.reason = reason
        rest = max(parts, key=lambda part: np.isin(part.rows, own).sum())
        for part in parts:
            part.is_inclusion = part is not rest
        return rest

    def _join(self, find):
        """Join leaves as long as some are found that are of one domain."""
        while (pair := find(self.leaves())) is not None:
            one, other = pair
            one.rows = np.sort(np.concatenate([one.rows, other.rows]))
            self._remove(other)
        self._gather()

    def _dissolve_pooled_boundaries(self, labels, pooled):
        return dissolve_pooled_boundaries(
            self.shapes, labels, pooled, self._min_size, self._random_state
        )

    def _measure_steps(self, steps):
        if self._evidence is not None:
            known = np.flatnonzero(self.shapes.known)
            largest = self._evidence.steps.take(known).of_positions()
            # There is some noise in each; 0 is none.
            steps[known] = np.where(largest > 0, largest, np.nan)

    def _locate(self, leaf):
        if self._evidence is None:
            return ()
        own = self._evidence.steps.take(leaf.rows)
        return own.positions, own.clear[tuple(own.positions.T)]


def _may_replace(refused, split):
    """Whether a split that is not confirmed may have hidden a stronger one."""
    if refused is None:
        return False
    return refused.support >= _MOSTLY and refused.strength > split.strength
