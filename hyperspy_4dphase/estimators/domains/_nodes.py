"""Nodes of a tree while it grows, and the tree and the labels that they make."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.domains._tree import (
    REASONS,
    SCORES,
    TRAITS,
    DomainTree,
)

# Parts of a part that differ so nearly as much as the parts do are parts as well, as a
# ratio of strength times size. Historical: chosen by trial in 2026.
_AS_STRONG = 0.75


class Node:
    """A node that grows: its rows, and what it was split into.

    Parameters
    ----------
    rows : numpy.ndarray of int
    parent : Node or None
    level : int

    Attributes
    ----------
    split : Split or None
        With which scores it was split.
    children : list of Node
    reason : str
        One of ``_tree.REASONS``.
    pooled : bool
        Whether it is a part that shows in means of neighbours only, or of such a one.
    is_inclusion : bool
        Whether it is a kind of thin inclusion in what is around it.
    refused : Split or None
        What has a gap, but was not split.
    traits : dict
        What is known of a leaf; see :class:`TreeNode`.
    """

    def __init__(self, rows, parent=None, level=0):
        self.rows, self.parent, self.level = rows, parent, level
        self.split, self.children, self.reason = None, [], "split"
        self.is_inclusion = False
        self.refused, self.traits = None, {}
        self.pooled = parent is not None and parent.pooled

    def level_of_parts(self, split):
        """The level of this node's parts: its own if they belong beside its sibling."""
        if self.parent is None:
            return self.level + 1
        strength = split.strength * self.rows.size
        above = self.parent.split.strength * self.parent.rows.size
        return self.level + (strength < _AS_STRONG * above)


class LabelledTree(NamedTuple):
    """A tree, and which of its domains each point is in.

    Attributes
    ----------
    labels : numpy.ndarray of int32, shape (n,)
        -1 for points in none.
    tree : DomainTree
    """

    labels: np.ndarray
    tree: DomainTree


def label_leaves(root, n):
    """Number the leaves below a node by size, and make a tree of them.

    Parameters
    ----------
    root : Node
    n : int
        Number of points.

    Returns
    -------
    LabelledTree
        By generation, the larger part of each node first.
    """
    nodes = [root]
    for node in nodes:
        nodes += sorted(node.children, key=lambda child: -child.rows.size)
    leaves = [node for node in nodes if not node.children]
    leaves.sort(key=lambda node: -node.rows.size)
    labels = np.full(n, -1, dtype=np.int32)
    for i, leaf in enumerate(leaves):
        labels[leaf.rows] = i
    number = {node: i for i, node in enumerate(nodes)}
    label = {leaf: i for i, leaf in enumerate(leaves)}
    arrays = {
        "parent": [number.get(node.parent, -1) for node in nodes],
        "level": [node.level for node in nodes],
        "size": [node.rows.size for node in nodes],
        "label": [label.get(node, -1) for node in nodes],
        "reason": [REASONS.index(node.reason) for node in nodes],
    }
    for name in SCORES:
        arrays[name] = [getattr(node.split, name, np.nan) for node in nodes]
    for name in TRAITS:
        arrays[name] = [node.traits.get(name, np.nan) for node in nodes]
    return LabelledTree(labels, DomainTree.from_arrays(arrays))
