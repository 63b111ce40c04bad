"""The tree as arrays: its order, its leaves, its cuts."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._tree import (
    REASONS,
    TRAITS,
    DomainTree,
)
from hyperspy_4dphase.estimators.domains._tree_edits import flat_tree
from hyperspy_4dphase.estimators.domains._tree_node import TreeNode

# 0 (100) - 1 (70) - 3 (50)
#         |        - 4 (20)
#         - 2 (30) - 5 (18) - 7 (10)
#                  |        - 8 (8)
#                  - 6 (12)
# The parts of 2 are as distinct as 2 is from 1, so they share its level.
ARRAYS = {
    "parent": [-1, 0, 0, 1, 1, 2, 2, 5, 5],
    "level": [0, 1, 1, 2, 2, 1, 1, 2, 2],
    "size": [100, 70, 30, 50, 20, 18, 12, 10, 8],
    "label": [-1, -1, -1, 0, 1, -1, 2, 3, 4],
    "strength": [5.0, 1, 3] + 2 * [np.nan] + [2] + 3 * [np.nan],
    "share": [0.1, 0.2, 0] + 2 * [np.nan] + [0.3] + 3 * [np.nan],
    "log_p": [-90.0, -9, -8] + 2 * [np.nan] + [-np.inf] + 3 * [np.nan],
    "agreement": [1.0, 0.9, 0.8] + 2 * [np.nan] + [0.7] + 3 * [np.nan],
    "reason": [0, 0, 0, 1, 3, 0, 2, 4, 5],
}
TREE = DomainTree.from_arrays(ARRAYS)


def changed(**values):
    return {**ARRAYS, **values}


def assert_equal(one, other):
    for name, array in one.to_arrays().items():
        np.testing.assert_array_equal(array, other.to_arrays()[name])


def test_round_trip():
    arrays = TREE.to_arrays()
    assert set(arrays) == {*ARRAYS, "step", *TRAITS}
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], values)
    assert {array.dtype.kind for array in arrays.values()} == {"i", "f"}
    assert_equal(DomainTree.from_arrays(arrays), TREE)


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        (changed(parent=[0, -1, 0, 1, 1, 2, 2, 5, 5]), "not in order"),
        (changed(parent=[-1, 0, 0, 1, 1, 6, 2, 5, 5]), "not in order"),
        (changed(parent=[-1, 0, 0, 1, 1, 5, 2, 5, 5]), "not in order"),
        (changed(parent=[-1, -1, 0, 1, 1, 2, 2, 5, 5]), "not in order"),
        (changed(parent=[-1, 0, 0, 1, 1, 2, 2, 5, 9]), "not in order"),
        (changed(size=[100, 70]), "differ in shape"),
        ({name: [values] for name, values in ARRAYS.items()}, "differ in shape"),
        ({k: v for k, v in ARRAYS.items() if k != "reason"}, "lacks 'reason'"),
    ],
)
def test_what_is_no_tree(arrays, match):
    with pytest.raises(ValueError, match=match):
        DomainTree.from_arrays(arrays)


def test_single():
    tree = flat_tree([12], "noise")
    assert (len(tree), tree.n_domains, tree.n_levels) == (1, 1, 0)
    assert (tree[0].size, tree[0].label, tree[0].reason) == (12, 0, "noise")
    assert np.isnan(tree[0].strength)
    assert_equal(tree, DomainTree.from_arrays(tree.to_arrays()))
    assert tree.cut(1).tolist() == tree.at_level(0).tolist() == [0]
    assert_equal(tree.join(), tree)


def test_sequence():
    assert (len(TREE), TREE.n_domains, TREE.n_levels) == (9, 5, 2)
    assert "5 domains" in repr(TREE)
    nodes = list(TREE)
    assert all(isinstance(node, TreeNode) for node in nodes)
    assert [node.number for node in nodes] == list(range(9))
    assert [node.reason for node in nodes] == [REASONS[i] for i in ARRAYS["reason"]]
    assert nodes[2].children == (5, 6)
    assert TREE[-1][:6] == nodes[8][:6]
    assert TREE[-9].number == TREE[np.int64(0)].number == 0
    assert type(TREE[1].size) is int
    for number in (9, -10):
        with pytest.raises(IndexError):
            TREE[number]
    for node in nodes:
        assert all(nodes[child].parent == node.number for child in node.children)


@pytest.mark.parametrize(
    ("number", "labels"), [(0, range(5)), (1, [0, 1]), (2, [2, 3, 4]), (6, [2])]
)
def test_leaves(number, labels):
    assert TREE.leaves(number).tolist() == list(labels)


def test_at_level():
    assert TREE.at_level(0).tolist() == [0]
    assert TREE.at_level(1).tolist() == [1, 5, 6]
    assert TREE.at_level(2).tolist() == TREE.at_level(7).tolist() == [3, 4, 6, 7, 8]


def test_cut_makes_the_strongest_splits():
    cuts = [TREE.cut(n).tolist() for n in range(1, 6)]
    # Strength times size: 500 for the root, then 90, 70 and 36.
    assert cuts == [[0], [1, 2], [1, 5, 6], [3, 4, 5, 6], [3, 4, 6, 7, 8]]
    for n in (0, 6):
        with pytest.raises(ValueError, match="cut into 1 to 5"):
            TREE.cut(n)


@pytest.mark.parametrize("n_domains", range(1, 6))
def test_pruned(n_domains):
    before = {name: array.copy() for name, array in TREE.to_arrays().items()}
    tree, labels = TREE.prune(TREE.cut(n_domains))
    assert tree.n_domains == n_domains
    assert len(tree) == 2 * n_domains - 1
    DomainTree.from_arrays(tree.to_arrays())
    leaves = tree.label >= 0
    sizes = tree.size[leaves][np.argsort(tree.label[leaves])]
    assert (np.diff(sizes) <= 0).all()
    old = np.array(ARRAYS["size"])[np.array(ARRAYS["label"]) >= 0]
    np.testing.assert_array_equal(np.bincount(labels, weights=old), sizes)
    for node in tree:
        assert sum(tree[child].size for child in node.children) in (0, node.size)
        assert (node.label >= 0) == (not node.children) == np.isnan(node.strength)
        assert (node.reason == "split") == (node.label < 0)
    for name, array in TREE.to_arrays().items():
        np.testing.assert_array_equal(array, before[name])


def test_pruned_nowhere():
    tree, labels = TREE.prune(TREE.at_level(TREE.n_levels))
    assert_equal(tree, TREE)
    assert labels.tolist() == list(range(5))


@pytest.mark.parametrize("level", range(3))
def test_pruned_at_a_level(level):
    tree, labels = TREE.prune(TREE.at_level(level), "depth")
    assert tree.n_levels == level
    assert tree.n_domains == np.unique(labels).size == len(TREE.at_level(level))
    ended = [node for node in tree if node.label >= 0 and node.reason == "depth"]
    assert len(ended) == (TREE.label[TREE.at_level(level)] < 0).sum() + (level == 2)
    assert all(np.isnan(node.strength) for node in ended)


def test_take_renumbers_parents():
    kept = np.isin(np.arange(9), [0, 2, 5, 6])
    tree = TREE.take(kept)
    assert tree.parent.tolist() == [-1, 0, 1, 1]
    np.testing.assert_array_equal(tree.size, TREE.size[kept])


def test_joined():
    tree = TREE.join()
    # Node 2 is gone, its parts stand beside node 1.
    assert tree.parent.tolist() == [-1, 0, 1, 1, 0, 0, 4, 4]
    assert tree.children(0) == (1, 4, 5)
    assert tree.size.tolist() == [100, 70, 50, 20, 18, 12, 10, 8]
    assert tree.n_domains == TREE.n_domains
    DomainTree.from_arrays(tree.to_arrays())
    assert_equal(tree.join(), tree)


def test_joined_through_several_nodes():
    """A chain of splits on one level is one split."""
    tree = DomainTree.from_arrays(
        {
            "parent": [-1, 0, 0, 1, 1, 3, 3],
            "level": [0, 1, 1, 1, 1, 1, 1],
            "size": [9, 7, 2, 5, 2, 3, 2],
            "label": [-1, -1, 1, -1, 2, 0, 3],
            "reason": [0, 0, 1, 0, 1, 1, 1],
        }
        | dict.fromkeys(("strength", "share", "log_p", "agreement"), np.ones(7))
    )
    assert tree.join().parent.tolist() == [-1, 0, 0, 0, 0]
