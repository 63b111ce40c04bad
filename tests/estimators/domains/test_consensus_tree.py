"""Trees of domains side by side: in their own order, and fit to be edited."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._consensus_tree import flat_tree
from hyperspy_4dphase.estimators.domains._tree import DomainTree


@pytest.mark.parametrize(
    "sizes", [[7], [3, 5], [5, 3, 9], [0, 4, 0, 4], [1, 2, 3, 4, 5, 6, 7], [0], [0, 0]]
)
@pytest.mark.parametrize("reason", ["consensus", "by hand"])
def test_domains_keep_number_and_size(sizes, reason):
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
    for given in (sizes, tuple(sizes), sizes.tolist()):
        assert [n.size for n in flat_tree(given) if n.label >= 0] == [3, 0, 5]
    assert sizes.tolist() == [3, 0, 5]


def test_stored_and_back():
    tree = flat_tree([4, 8, 2])
    arrays = tree.to_arrays()
    same = DomainTree.from_arrays(arrays)
    for name, array in same.to_arrays().items():
        np.testing.assert_array_equal(array, arrays[name])
