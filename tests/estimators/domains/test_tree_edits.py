"""Trees changed by hand stay trees, and hold every pattern once."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperspy_4dphase.estimators.domains._node_means import node_means, weighted_mean
from hyperspy_4dphase.estimators.domains._tree import DomainTree
from hyperspy_4dphase.estimators.domains._tree_edits import (
    find_parts,
    flat_tree,
    leaf_sizes,
    merge_domains,
    recount_patterns,
    resize_domains,
    split_domain,
)


def grown(steps, size=1000):
    """A tree split again and again: (leaf, shares of the parts) each."""
    tree = flat_tree([size], "by hand")
    for label, shares in steps:
        label %= tree.n_domains
        n = leaf_sizes(tree)[label]
        sizes = np.maximum(np.array(shares) * n // sum(shares), 1)
        sizes = np.sort(sizes)[::-1]
        sizes[0] += n - sizes.sum()
        if sizes.min() > 0:
            tree, _, _ = split_domain(tree, label, np.sort(sizes)[::-1])
    return tree


STEPS = st.lists(
    st.tuples(st.integers(0, 20), st.lists(st.integers(1, 9), min_size=2, max_size=4)),
    max_size=7,
)
TREES = STEPS.map(grown)


def check(tree, size):
    """Everything that a tree of domains must be."""
    DomainTree.from_arrays(tree.to_arrays())
    n_children = np.bincount(tree.parent[1:], minlength=len(tree))
    assert set(n_children) <= {0, 2}
    np.testing.assert_array_equal(n_children == 0, tree.label >= 0)
    np.testing.assert_array_equal(
        np.sort(tree.label[tree.label >= 0]), np.arange(tree.n_domains)
    )
    assert (np.diff(leaf_sizes(tree)) <= 0).all()
    assert tree.size[0] == size
    for node in np.flatnonzero(n_children):
        children = list(tree.children(node))
        assert tree.size[children].sum() == tree.size[node]
        first, second = tree.level[children]
        assert first == second
        assert first - tree.level[node] in (0, 1)
    assert tree.level[0] == 0


@given(tree=TREES, data=st.data())
@settings(max_examples=80, deadline=None)
def test_merge_domains(tree, data):
    check(tree, 1000)
    if tree.n_domains < 2:
        return
    labels = data.draw(
        st.lists(
            st.integers(0, tree.n_domains - 1), min_size=2, max_size=5, unique=True
        )
    )
    result, new = merge_domains(tree, labels)
    check(result, 1000)
    assert result.n_domains == tree.n_domains - len(labels) + 1
    assert np.unique(new[labels]).size == 1
    assert np.unique(new).size == result.n_domains
    sizes = np.bincount(new, weights=leaf_sizes(tree))
    np.testing.assert_array_equal(sizes, leaf_sizes(result))


@given(tree=TREES, data=st.data())
@settings(max_examples=80, deadline=None)
def test_resize_domains(tree, data):
    sizes = data.draw(
        st.lists(
            st.integers(0, 9), min_size=tree.n_domains, max_size=tree.n_domains
        ).filter(any)
    )
    result, new = resize_domains(tree, sizes)
    check(result, sum(sizes))
    np.testing.assert_array_equal(new < 0, np.array(sizes) == 0)
    for label, size in zip(new, sizes, strict=True):
        assert label < 0 or leaf_sizes(result)[label] == size


def parts(tree):
    """The domains below each node, as a set of sets."""
    return {frozenset(tree.leaves(node).tolist()) for node in range(len(tree))}


def renamed(sets, new):
    return {frozenset(new[list(s)].tolist()) for s in sets}


# Four domains on three levels.
STEADY = reduce(
    lambda tree, step: split_domain(tree, *step)[0],
    [(0, [600, 400]), (0, [350, 250]), (0, [210, 190])],
    flat_tree([1000], "by hand"),
)


def test_siblings_collapse():
    tree = flat_tree([10], "by hand")
    tree, _, _ = split_domain(tree, 0, [6, 4])
    tree, _, _ = split_domain(tree, 0, [4, 2])
    assert leaf_sizes(tree).tolist() == [4, 4, 2]
    below = [n for n in tree if n.level == 2]
    result, new = merge_domains(tree, [node.label for node in below])
    assert len(result) == 3
    assert leaf_sizes(result).tolist() == [6, 4]
    assert [node.reason for node in result if node.size == 6] == ["by hand"]


def test_everything_merged():
    result, new = merge_domains(STEADY, range(STEADY.n_domains))
    assert len(result) == 1
    assert (new == 0).all()
    assert result[0].reason == "by hand"


def test_other_branches_hang_below_the_common_ancestor():
    for one in range(STEADY.n_domains):
        for other in range(one):
            result, new = merge_domains(STEADY, [other, one])
            # What held both, or neither, still does.
            kept = {
                s for s in parts(STEADY) if {one, other} <= s or not {one, other} & s
            }
            assert renamed(kept, new) <= parts(result)


def test_split_domain():
    tree, new, labels = split_domain(STEADY, 1, [90, 60, 40])
    check(tree, 1000 - leaf_sizes(STEADY)[1] + 190)
    assert new[1] == -1
    assert leaf_sizes(tree)[labels].tolist() == [90, 60, 40]
    others = [i for i in range(STEADY.n_domains) if i != 1]
    np.testing.assert_array_equal(
        leaf_sizes(tree)[new[others]], leaf_sizes(STEADY)[others]
    )
    # Side by side, though the tree is binary.
    node = [n.number for n in tree if set(tree.leaves(n.number)) == set(labels)][0]
    assert sorted(tree.label[find_parts(tree, node)]) == sorted(labels)
    assert tree[node].reason == "by hand"


def test_node_means():
    means = np.random.default_rng(0).random((STEADY.n_domains, 3))
    sizes = leaf_sizes(STEADY)
    found = node_means(STEADY, means)
    for node in STEADY:
        inside = STEADY.leaves(node.number)
        expected = (means[inside] * sizes[inside, None]).sum(0) / node.size
        np.testing.assert_allclose(found[node.number], expected)


@pytest.mark.parametrize(
    "edit", [lambda t: merge_domains(t, [0, 2]), lambda t: split_domain(t, 0, [3, 2])]
)
def test_nothing_in_place(edit):
    before = {name: array.copy() for name, array in STEADY.to_arrays().items()}
    edit(STEADY)
    for name, array in STEADY.to_arrays().items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize(
    "sizes", [[7], [3, 5], [5, 3, 9], [0, 4, 0, 4], [1, 2, 3, 4, 5, 6, 7], [0], [0, 0]]
)
@pytest.mark.parametrize("reason", ["consensus", "by hand"])
def test_side_by_side_domains_keep_number_and_size(sizes, reason):
    tree = flat_tree(sizes, reason)
    assert tree.n_domains == len(sizes)
    leaves = sorted((node for node in tree if node.label >= 0), key=lambda n: n.label)
    assert [node.label for node in leaves] == list(range(len(sizes)))
    assert [node.size for node in leaves] == sizes
    assert {node.reason for node in leaves} == {reason}
    assert tree[0].size == sum(sizes)
    assert tree.n_levels == (1 if len(sizes) > 1 else 0)
    for node in tree:
        assert len(node.children) == (0 if node.label >= 0 else 2)
        assert (node.reason == "split") == (node.label < 0)
        if node.children:
            assert sum(tree[child].size for child in node.children) == node.size
            assert np.isnan([node.strength, node.agreement, node.log_p]).all()


def test_sizes_of_any_kind():
    sizes = np.array([3, 0, 5], np.uint32)
    for given_sizes in (sizes, tuple(sizes), sizes.tolist()):
        tree = flat_tree(given_sizes)
        assert [node.size for node in tree if node.label >= 0] == [3, 0, 5]
    assert sizes.tolist() == [3, 0, 5]


def test_side_by_side_domains_can_be_merged():
    tree, new = merge_domains(flat_tree([4, 8, 2, 6]), [0, 2])
    check(tree, 20)
    assert leaf_sizes(tree).tolist() == [8, 6, 6]
    assert new[0] == new[2]
    assert tree.n_levels == 1


def test_recount_patterns():
    sizes = np.arange(STEADY.n_domains) * 3
    tree = recount_patterns(STEADY, sizes)
    np.testing.assert_array_equal(leaf_sizes(tree), sizes)
    for node in tree:
        assert node.size == sizes[tree.leaves(node.number)].sum()


def test_weighted_mean():
    values = np.array([[1.0, 2], [np.nan, np.nan], [4, 8]])
    np.testing.assert_allclose(weighted_mean(values, np.array([2, 0, 1])), [2, 4])
    assert np.isnan(weighted_mean(values, np.zeros(3))).all()
