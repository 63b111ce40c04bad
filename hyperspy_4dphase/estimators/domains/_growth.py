"""Growing a tree of domains, node by node, until nothing distinct is left."""

from collections import deque

import numpy as np

from hyperspy_4dphase.estimators.domains._boundaries import (
    dissolve_boundaries,
    find_nearest,
)
from hyperspy_4dphase.estimators.domains._mixtures import assign_mixtures
from hyperspy_4dphase.estimators.domains._nodes import Node, label_leaves
from hyperspy_4dphase.estimators.domains._pooled import (
    average_blocks,
    find_pooled_split,
)
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
        With positions, what noise hides in single points is sought in means of
        neighbours.
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
    """

    def __init__(self, shapes, min_size, max_depth, random_state, callback=None):
        self.shapes = shapes
        self._min_size, self._max_depth = min_size, max_depth
        self._random_state = random_state
        self._callback = callback
        self.nodes = [Node(np.flatnonzero(shapes.known))]

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
        labels = np.full(len(self.shapes.points), -1)
        for i, leaf in enumerate(leaves):
            labels[leaf.rows] = i
        pooled = [i for i, leaf in enumerate(leaves) if leaf.pooled]
        single = [i for i, leaf in enumerate(leaves) if not leaf.pooled]
        labels, dissolved = dissolve_boundaries(
            self.shapes, labels, self._random_state, single
        )
        if pooled:
            labels, more = self._dissolve_pooled_boundaries(labels, pooled)
            dissolved += more
        # What single patterns do not tell they do not correct.
        labels = assign_mixtures(self.shapes, labels, np.isin(labels, pooled))
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

    def leaves(self):
        """The nodes without children."""
        return [node for node in self.nodes if not node.children]

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
        """Find a split that single points show, or else means of neighbours."""
        split, node.reason = find_split(
            self._points(node), self._min_size, self._random_state
        )
        # Noise may hide a gap, but not in a continuum, which is seen to have none; nor
        # is that seen by single points among parts that these do not show.
        hidden = {"noise", "no gap"} | ({"continuum"} if node.pooled else set())
        if self.shapes.positions is None or node.reason not in hidden:
            return split
        shapes = self.shapes.take(node.rows)
        split = find_pooled_split(shapes, self._min_size, self._random_state)
        node.pooled |= split is not None
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

    def _dissolve_pooled_boundaries(self, labels, pooled):
        """Dissolve those boundaries that only means of neighbours show.

        Parameters
        ----------
        labels : numpy.ndarray of int, shape (n,)
        pooled : list of int
            Labels that may be boundaries.

        Returns
        -------
        labels : numpy.ndarray of int, shape (n,)
        dissolved : list of int
        """
        rows = np.flatnonzero(labels >= 0)
        blocks = average_blocks(self.shapes.take(rows), labels[rows])
        own = np.zeros(blocks.counts.size, dtype=labels.dtype)
        own[blocks.groups] = labels[rows]
        # Blocks cut by an edge have more noise, but a thin boundary has no others.
        n_full = np.bincount(own[blocks.full], minlength=own.max() + 1)
        judged = np.flatnonzero(blocks.full | (n_full < self._min_size)[own])
        own[judged], dissolved = dissolve_boundaries(
            blocks.shapes.take(judged), own[judged], self._random_state, pooled
        )
        left = np.flatnonzero(np.isin(own, dissolved))
        if left.size:
            others = np.setdiff1d(own, dissolved)
            own[left] = find_nearest(blocks.shapes, own, left, others)
        labels = labels.copy()
        labels[rows] = own[blocks.groups]
        return labels, dissolved

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
