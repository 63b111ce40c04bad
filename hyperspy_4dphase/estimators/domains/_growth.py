"""Growing a tree of domains, node by node, until nothing distinct is left."""

from collections import deque

import numpy as np

from hyperspy_4dphase.estimators.domains._boundaries import (
    nearest_label,
    without_boundaries,
)
from hyperspy_4dphase.estimators.domains._mixtures import by_larger_share
from hyperspy_4dphase.estimators.domains._pooled import in_blocks, pooled_split
from hyperspy_4dphase.estimators.domains._splits import (
    best_split,
    forced_split,
    local_points,
)
from hyperspy_4dphase.estimators.domains._tree import REASONS, DomainTree

# Parts of a part that differ so nearly as much as the parts do are parts as well.
_AS_STRONG = 0.75
_HIDDEN = "noise", "no gap"


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
    callback : callable or None
        Called as ``callback(n_done, n_points)`` with the number of points whose domain
        is settled.

    Attributes
    ----------
    nodes : list of Node
    """

    def __init__(self, shapes, min_size, max_depth, random_state, callback=None):
        self.shapes = shapes
        self._min_size, self._max_depth = min_size, max_depth
        self._random_state = random_state
        self._callback = callback
        self.nodes = []

    def grow(self):
        """Split what has parts, the largest first come."""
        rows = np.flatnonzero(self.shapes.known)
        waiting = deque([self._add(Node(rows, None, 0))])
        n_done = 0
        while waiting:
            node = waiting.popleft()
            split, node.reason = best_split(
                self._points(node), self._min_size, self._random_state
            )
            if split is None and self._may_hide(node):
                taken = self.shapes.taken(node.rows)
                split = pooled_split(taken, self._min_size, self._random_state)
                node.pooled = node.pooled or split is not None
            if split is not None:
                waiting += self._parted(node, split)
            if split is None or node.reason == "depth":
                n_done += node.rows.size
                if self._callback is not None:
                    self._callback(n_done, rows.size)

    def _may_hide(self, node):
        """Whether noise may hide a gap: not in a continuum, seen to have none.

        Among parts that single points do not show, it is not seen by these either.
        """
        if self.shapes.positions is None:
            return False
        return node.reason in _HIDDEN or (node.pooled and node.reason == "continuum")

    def dissolve_boundaries(self):
        """Take out the leaves that are mixtures of others, and share out mixtures."""
        leaves = self.leaves()
        labels = np.full(self.shapes.points.shape[0], -1)
        for i, leaf in enumerate(leaves):
            labels[leaf.rows] = i
        pooled = [i for i, leaf in enumerate(leaves) if leaf.pooled]
        single = [i for i, leaf in enumerate(leaves) if not leaf.pooled]
        labels, dissolved = without_boundaries(
            self.shapes, labels, self._random_state, single
        )
        if pooled:
            labels, more = self._without_pooled_boundaries(labels, pooled)
            dissolved += more
        # What single patterns do not tell they do not correct.
        kept = np.isin(labels, pooled)
        labels = by_larger_share(self.shapes, labels, kept)
        for i, leaf in enumerate(leaves):
            leaf.rows = np.flatnonzero(labels == i)
        for i in dissolved:
            self._remove(leaves[i])
        self._gather()

    def _without_pooled_boundaries(self, labels, pooled):
        """The same for leaves that show in means of neighbours only, in these."""
        rows = np.flatnonzero(labels >= 0)
        means, groups, counts = in_blocks(self.shapes.taken(rows), labels[rows])
        of_means = np.zeros(counts.size, dtype=labels.dtype)
        of_means[groups] = labels[rows]
        # Blocks cut by an edge have more noise, but a thin boundary has no others.
        whole = 2 * counts >= counts.max()
        n_whole = np.bincount(of_means[whole], minlength=of_means.max() + 1)
        judged = np.flatnonzero(whole | (n_whole < self._min_size)[of_means])
        given, dissolved = without_boundaries(
            means.taken(judged), of_means[judged], self._random_state, pooled
        )
        of_means[judged] = given
        left = np.flatnonzero(np.isin(of_means, dissolved))
        if left.size:
            others = np.setdiff1d(of_means, dissolved)
            of_means[left] = nearest_label(means, of_means, left, others)
        labels = labels.copy()
        labels[rows] = of_means[groups]
        return labels, dissolved

    def reach(self, n_domains):
        """Split on, gap or no gap, until there are so many leaves.

        Returns
        -------
        int
            How many there are: fewer if the points do not differ by more than noise.
        """
        found = {}
        while len(self.leaves()) < n_domains:
            for leaf in self.leaves():
                if leaf not in found:
                    points = self._points(leaf)
                    found[leaf] = forced_split(points, self._random_state)
            able = [leaf for leaf in self.leaves() if found[leaf] is not None]
            if not able:
                break
            best = max(able, key=lambda leaf: found[leaf].strength * leaf.rows.size)
            for part in self._parted(best, found[best], forced=True):
                part.reason = "n_domains"
        return len(self.leaves())

    def leaves(self):
        """The nodes without children."""
        return [node for node in self.nodes if not node.children]

    def result(self):
        """Labels (n_points,), -1 where unknown, and the tree, level by level."""
        self._order()
        leaves = sorted(self.leaves(), key=lambda node: -node.rows.size)
        labels = np.full(self.shapes.points.shape[0], -1, dtype=np.int32)
        for i, leaf in enumerate(leaves):
            labels[leaf.rows] = i
        number = {node: i for i, node in enumerate(self.nodes)}
        label = {leaf: i for i, leaf in enumerate(leaves)}
        scores = ("strength", "share", "log_p", "agreement")
        arrays = {
            "parent": [number.get(node.parent, -1) for node in self.nodes],
            "level": [node.level for node in self.nodes],
            "size": [node.rows.size for node in self.nodes],
            "label": [label.get(node, -1) for node in self.nodes],
            "reason": [REASONS.index(node.reason) for node in self.nodes],
        } | {
            name: [getattr(node.split, name, np.nan) for node in self.nodes]
            for name in scores
        }
        return labels, DomainTree.from_arrays(arrays)

    def _order(self):
        """Nodes by generation, the larger part of each first."""
        self.nodes = self.nodes[:1]
        for node in self.nodes:
            node.children.sort(key=lambda child: -child.rows.size)
            self.nodes += node.children

    def _points(self, node):
        return local_points(self.shapes.points[node.rows], self.shapes.noise(node.rows))

    def _add(self, node):
        self.nodes.append(node)
        return node

    def _parted(self, node, split, forced=False):
        """The two parts of a node, none if that would go too deep."""
        level = node.level_of_parts(split)
        if self._max_depth is not None and level > self._max_depth and not forced:
            node.reason = "depth"
            return []
        node.split, node.reason = split, "split"
        # The larger part first.
        sides = sorted((split.side, ~split.side), key=lambda side: -side.sum())
        node.children = [
            self._add(Node(node.rows[side], node, level)) for side in sides
        ]
        for child in node.children:
            child.pooled = node.pooled
        return node.children

    def _remove(self, leaf):
        """Take out a leaf; its sibling takes the place of its parent."""
        parent = leaf.parent
        (sibling,) = (child for child in parent.children if child is not leaf)
        above = parent.parent
        sibling.parent = above
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


class Node:
    """A node that grows: its rows, and what it was split into.

    Parameters
    ----------
    rows : numpy.ndarray of int
    parent : Node or None
    level : int

    Attributes
    ----------
    pooled : bool
        Whether it is a part that shows in means of neighbours only, or of such a one.
    """

    def __init__(self, rows, parent, level):
        self.rows, self.parent, self.level = rows, parent, level
        self.split, self.children, self.reason = None, [], "split"
        self.pooled = False

    def level_of_parts(self, split):
        """The level of this node's parts: its own if they belong beside its sibling."""
        if self.parent is None:
            return self.level + 1
        strength = split.strength * self.rows.size
        above = self.parent.split.strength * self.parent.rows.size
        return self.level + (strength < _AS_STRONG * above)
