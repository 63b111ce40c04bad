"""Trees changed by hand stay trees, and hold every pattern once."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperspy_4dphase.estimators.domains._tree import DomainTree
from hyperspy_4dphase.estimators.domains._tree_edits import (
    leaf_sizes,
    level_cut,
    merged,
    node_means,
    parted,
    parts_of,
    resized,
)


def grown(steps, size=1000):
    """A tree split again and again: (leaf, shares of the parts) each."""
    tree = DomainTree.single(size)
    for label, shares in steps:
        label %= tree.n_domains
        n = leaf_sizes(tree)[label]
        sizes = np.maximum(np.array(shares) * n // sum(shares), 1)
        sizes = np.sort(sizes)[::-1]
        sizes[0] += n - sizes.sum()
        if sizes.min() > 0:
            tree, _, _ = parted(tree, label, np.sort(sizes)[::-1])
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
def test_merged(tree, data):
    check(tree, 1000)
    if tree.n_domains < 2:
        return
    labels = data.draw(
        st.lists(
            st.integers(0, tree.n_domains - 1), min_size=2, max_size=5, unique=True
        )
    )
    result, new = merged(tree, labels)
    check(result, 1000)
    assert result.n_domains == tree.n_domains - len(labels) + 1
    assert np.unique(new[labels]).size == 1
    assert np.unique(new).size == result.n_domains
    sizes = np.bincount(new, weights=leaf_sizes(tree))
    np.testing.assert_array_equal(sizes, leaf_sizes(result))


@given(tree=TREES, data=st.data())
@settings(max_examples=80, deadline=None)
def test_resized(tree, data):
    sizes = data.draw(
        st.lists(
            st.integers(0, 9), min_size=tree.n_domains, max_size=tree.n_domains
        ).filter(any)
    )
    result, new = resized(tree, sizes)
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
    lambda tree, step: parted(tree, *step)[0],
    [(0, [600, 400]), (0, [350, 250]), (0, [210, 190])],
    DomainTree.single(1000),
)


def test_siblings_collapse():
    tree = DomainTree.single(10)
    tree, _, _ = parted(tree, 0, [6, 4])
    tree, _, _ = parted(tree, 0, [4, 2])
    assert leaf_sizes(tree).tolist() == [4, 4, 2]
    below = [n for n in tree if n.level == 2]
    result, new = merged(tree, [node.label for node in below])
    assert len(result) == 3
    assert leaf_sizes(result).tolist() == [6, 4]
    assert [node.reason for node in result if node.size == 6] == ["by hand"]


def test_everything_merged():
    result, new = merged(STEADY, range(STEADY.n_domains))
    assert len(result) == 1
    assert (new == 0).all()
    assert result[0].reason == "by hand"


def test_other_branches_hang_below_the_common_ancestor():
    for one in range(STEADY.n_domains):
        for other in range(one):
            result, new = merged(STEADY, [other, one])
            # What held both, or neither, still does.
            kept = {
                s for s in parts(STEADY) if {one, other} <= s or not {one, other} & s
            }
            assert renamed(kept, new) <= parts(result)


def test_parted():
    tree, new, labels = parted(STEADY, 1, [90, 60, 40])
    check(tree, 1000 - leaf_sizes(STEADY)[1] + 190)
    assert new[1] == -1
    assert leaf_sizes(tree)[labels].tolist() == [90, 60, 40]
    others = [i for i in range(STEADY.n_domains) if i != 1]
    np.testing.assert_array_equal(
        leaf_sizes(tree)[new[others]], leaf_sizes(STEADY)[others]
    )
    # Side by side, though the tree is binary.
    node = [n.number for n in tree if set(tree.leaves(n.number)) == set(labels)][0]
    assert sorted(tree.label[parts_of(tree, node)]) == sorted(labels)
    assert tree[node].reason == "by hand"


def test_levels():
    for level in range(STEADY.n_levels + 1):
        tree, new = level_cut(STEADY, level)
        check(tree, 1000)
        assert tree.n_domains == np.unique(new).size
        assert tree.n_levels == level
    top = level_cut(STEADY, 0)[0]
    assert len(top) == 1
    assert top[0].reason == "depth"
    assert [n.reason for n in level_cut(STEADY, 9)[0]] == [n.reason for n in STEADY]


def test_node_means():
    means = np.random.default_rng(0).random((STEADY.n_domains, 3))
    sizes = leaf_sizes(STEADY)
    found = node_means(STEADY, means)
    for node in STEADY:
        inside = STEADY.leaves(node.number)
        expected = (means[inside] * sizes[inside, None]).sum(0) / node.size
        np.testing.assert_allclose(found[node.number], expected)


@pytest.mark.parametrize(
    "edit", [lambda t: merged(t, [0, 2]), lambda t: parted(t, 0, [3, 2])]
)
def test_nothing_in_place(edit):
    before = {name: array.copy() for name, array in STEADY.to_arrays().items()}
    edit(STEADY)
    for name, array in STEADY.to_arrays().items():
        np.testing.assert_array_equal(array, before[name])
