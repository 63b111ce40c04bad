"""Trees of domains that were not found by splitting: all of them on one level."""

from dataclasses import replace

import numpy as np

from hyperspy_4dphase.estimators.domains._tree import REASONS, DomainTree
from hyperspy_4dphase.estimators.domains._tree_edits import parted, recounted


def flat_tree(sizes, reason="consensus"):
    """A tree of domains side by side, in an order that is theirs.

    Parameters
    ----------
    sizes : array-like of int, shape (n_domains,)
        Patterns of each; 0 is allowed.
    reason : str, default "consensus"
        Why the domains are as they are, one of ``_tree.REASONS``.

    Returns
    -------
    DomainTree
        One level; its inner nodes, two parts below each, have no scores.

    Examples
    --------
    >>> tree = flat_tree([3, 0, 5])
    >>> tree
    <DomainTree of 3 domains, 1 levels>
    >>> [(node.label, node.size) for node in tree if node.label >= 0]
    [(0, 3), (1, 0), (2, 5)]
    """
    n = len(sizes)
    if n == 1:
        return DomainTree.single(int(sizes[0]), reason)
    tree, _, parts = parted(DomainTree.single(n), 0, np.ones(n, dtype=int))
    # They come numbered by size; here each keeps its number.
    number = np.argsort(parts)
    leaf = tree.label >= 0
    tree = replace(
        tree,
        label=np.where(leaf, number[tree.label], -1),
        reason=np.where(leaf, REASONS.index(reason), REASONS.index("split")),
    )
    return recounted(tree, sizes)
