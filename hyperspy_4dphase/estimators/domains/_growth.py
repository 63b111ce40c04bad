"""Growing a tree of domains, node by node, until nothing distinct is left."""

from collections import deque

import numpy as np

from hyperspy_4dphase.estimators.domains._boundaries import dissolve_boundaries
from hyperspy_4dphase.estimators.domains._descriptions import (
    Descriptions,
    find_main_direction,
)
from hyperspy_4dphase.estimators.domains._mixtures import assign_mixtures
from hyperspy_4dphase.estimators.domains._nodes import Node, label_leaves
from hyperspy_4dphase.estimators.domains._splits import (
    find_local_points,
    find_split,
    force_split,
)


class Growth:
    """A tree that grows.

    Parameters
    ----------
    shapes : Shapes
        Their positions are not looked at; see :class:`ScanGrowth`.
    min_size : int
        Fewest points of a domain.
    max_depth : int or None
        Most levels below the root.
    random_state : numpy.random.RandomState
    callback : callable, optional
        Called as ``callback(n_done, n_points)`` with the number of points whose domain
        is settled.

    Attributes
    ----------
    nodes : list of Node
        In the order in which they grew; the root is the first.
    evidence : Evidence or None
        What the scan around the points says, if there is more than noise.
    """

    evidence = None

    def __init__(self, shapes, min_size, max_depth, random_state, callback=None):
        self.shapes = shapes
        self._min_size, self._max_depth = min_size, max_depth
        self._random_state = random_state
        self._callback = callback
        self.nodes = [Node(np.flatnonzero(shapes.known))]

    def run(self):
        """Grow the tree, and take out the leaves that are mixtures of others."""
        self.grow()
        self.dissolve_boundaries()

    def grow(self):
        """Split what has parts, the largest first come."""
        waiting = deque(self.nodes)
        n_done, n_points = 0, self.nodes[0].rows.size
        while waiting:
            node = waiting.popleft()
            split = self._find_split(node)
            if split is not None:
                waiting += self._split(node, split)
            if not node.children:
                n_done += node.rows.size
                if self._callback is not None:
                    self._callback(n_done, n_points)

    def dissolve_boundaries(self):
        """Take out the leaves that are mixtures of others, and share out mixtures."""
        leaves = self.leaves()
        labels = self._label(leaves)
        pooled = [i for i, leaf in enumerate(leaves) if leaf.pooled]
        inclusions = [i for i, leaf in enumerate(leaves) if leaf.is_inclusion]
        kept = {*pooled, *inclusions}
        single = [i for i in range(len(leaves)) if i not in kept]
        labels, dissolved = dissolve_boundaries(
            self.shapes, labels, self._random_state, single
        )
        if pooled:
            labels, more = self._dissolve_pooled_boundaries(labels, pooled)
            dissolved += more
        # What single patterns do not tell they do not correct.
        labels = assign_mixtures(self.shapes, labels, np.isin(labels, list(kept)))
        for i, leaf in enumerate(leaves):
            leaf.rows = np.flatnonzero(labels == i)
        for i in dissolved:
            self._remove(leaves[i])
        self._gather()

    def reach(self, n_domains):
        """Split on, gap or no gap, until there are so many leaves.

        There are fewer in the end if the points do not differ by more than noise.
        """
        found = {}
        while len(leaves := self.leaves()) < n_domains:
            for leaf in leaves:
                if leaf not in found:
                    found[leaf] = force_split(self._points(leaf), self._random_state)
            able = [leaf for leaf in leaves if found[leaf] is not None]
            if not able:
                break
            best = max(able, key=lambda leaf: found[leaf].strength * leaf.rows.size)
            for part in self._split(best, found[best], forced=True):
                part.reason = "n_domains"

    def describe(self):
        """Say what each leaf is like, and keep it with the leaf.

        Returns
        -------
        Descriptions
        """
        steps, along, refused = Descriptions.unknown(len(self.shapes.points))
        self._measure_steps(steps)
        for leaf in self.leaves():
            points = self._points(leaf)
            found = find_main_direction(points, *self._locate(leaf))
            along[leaf.rows], spread = found
            leaf.traits = {"n_directions": points.shape[1], "spread": spread}
            if leaf.refused is not None and leaf.refused.side.size == leaf.rows.size:
                leaf.traits["refused"] = leaf.refused.log_p
                refused[leaf.rows] = 1 + leaf.refused.side
        return Descriptions(steps, along, refused)

    def _measure_steps(self, steps):
        """Fill in the steps to neighbours, where these are known."""

    def _locate(self, leaf):
        """Positions of a leaf, and which are off its border; empty if not known."""
        return ()

    def leaves(self):
        """The nodes without children."""
        return [node for node in self.nodes if not node.children]

    def attach(self, shapes, evidence):
        """Take other shapes and what the scan says of them, or None for no more."""
        self.shapes = shapes

    def take_callback(self):
        """Take the callback away: a copy in another process cannot call it."""
        callback, self._callback = self._callback, None
        return callback

    def _label(self, leaves):
        """Number (n_points,) of the leaf that each point is in, -1 for none."""
        labels = np.full(len(self.shapes.points), -1)
        for i, leaf in enumerate(leaves):
            labels[leaf.rows] = i
        return labels

    def result(self):
        """Labels (n_points,), -1 where unknown, and the tree, level by level.

        Returns
        -------
        LabelledTree
        """
        return label_leaves(self.nodes[0], len(self.shapes.points))

    def _points(self, node):
        noise = self.shapes.noise(node.rows)
        return find_local_points(self.shapes.points[node.rows], noise)

    def _find_split(self, node):
        """Find a split that the points of a node show."""
        split, node.reason, node.refused = find_split(
            self._points(node), self._min_size, self._random_state
        )
        return split

    def _split(self, node, split, forced=False):
        """The two parts of a node, none if that would go too deep."""
        level = node.level_of_parts(split)
        if self._max_depth is not None and level > self._max_depth and not forced:
            node.reason = "depth"
            return []
        node.split, node.reason = split, "split"
        # The larger part first.
        sides = sorted((split.side, ~split.side), key=lambda side: -side.sum())
        node.children = [Node(node.rows[side], node, level) for side in sides]
        self.nodes += node.children
        return node.children

    def _remove(self, leaf):
        """Take out a leaf; its sibling takes the place of its parent."""
        parent = leaf.parent
        (sibling,) = (child for child in parent.children if child is not leaf)
        above = sibling.parent = parent.parent
        if above is not None:
            above.children[above.children.index(parent)] = sibling
        self.nodes = [node for node in self.nodes if node not in (leaf, parent)]

    def _gather(self):
        """Rows of inner nodes from those of the leaves, and levels anew."""
        for node in reversed(self.nodes):
            if node.children:
                rows = np.concatenate([child.rows for child in node.children])
                node.rows = np.sort(rows)
        self.nodes[0].level = 0
        for node in self.nodes:
            for child in node.children:
                child.level = node.level_of_parts(node.split)
