"""Nodes that have grown make a tree, and labels that tell the same."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._nodes import Node, label_leaves
from hyperspy_4dphase.estimators.domains._splits import Split


def split_node(node, at, strength=1.0):
    """Split off the first rows of a node."""
    side = np.arange(node.rows.size) < at
    node.split = Split(side, strength, 0.1, -5.0, 0.9)
    level = node.level_of_parts(node.split)
    node.children = [Node(node.rows[s], node, level) for s in (side, ~side)]
    for child in node.children:
        child.reason = "noise"
    node.reason = "split"
    return node.children


def grown():
    """10 + (20 + 30) points of 70; the last 10 are of no domain."""
    root = Node(np.arange(60))
    _, large = split_node(root, 10)
    split_node(large, 20)
    return root


def test_labels_and_tree_tell_the_same():
    labels, tree = label_leaves(grown(), 70)
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, np.repeat([2, 1, 0, -1], [10, 20, 30, 10]))
    assert tree.size.tolist() == [60, 50, 10, 30, 20]
    assert tree.parent.tolist() == [-1, 0, 0, 1, 1]
    assert tree.label.tolist() == [-1, -1, 2, 0, 1]
    assert [node.reason for node in tree] == ["split"] * 2 + ["noise"] * 3
    assert tree[0].log_p == -5
    assert np.isnan(tree[2].log_p)


def test_a_single_node():
    root = Node(np.arange(3))
    root.reason = "size"
    labels, tree = label_leaves(root, 3)
    assert labels.tolist() == [0, 0, 0]
    assert [(node.size, node.reason) for node in tree] == [(3, "size")]


@pytest.mark.parametrize(("strength", "level"), [(0.1, 2), (5.0, 1)])
def test_parts_of_parts_that_are_as_distinct_share_a_level(strength, level):
    root = Node(np.arange(60))
    _, large = split_node(root, 10)
    parts = split_node(large, 20, strength)
    assert [part.level for part in parts] == [level, level]


def test_parts_of_what_shows_in_means_only_do_so_too():
    root = Node(np.arange(60))
    root.pooled = True
    assert all(part.pooled for part in split_node(root, 10))
