"""Trees of domains changed: domains merged, split, or left without patterns.

Nothing is changed in place. Domains are numbered by size afterwards, and each function
says what became of the old labels.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.domains._tree import (
    REASONS,
    SCORES,
    TRAITS,
    DomainTree,
)

_BY_HAND = REASONS.index("by hand")


class EditedTree(NamedTuple):
    """A tree, and what became of the domains of the one before.

    Attributes
    ----------
    tree : DomainTree
        Its domains numbered by size.
    labels : numpy.ndarray of int, shape (n_domains_before,)
        New label of each old one; -1 for domains that are no more.
    """

    tree: DomainTree
    labels: np.ndarray


class SplitTree(NamedTuple):
    """A tree after one of its domains was split by hand.

    Attributes
    ----------
    tree : DomainTree
        Its domains numbered by size; the parts share a level.
    labels : numpy.ndarray of int, shape (n_domains_before,)
        New label of each old one; -1 for the one that was split.
    parts : numpy.ndarray of int, shape (n_parts,)
        Label of each part.
    """

    tree: DomainTree
    labels: np.ndarray
    parts: np.ndarray


def flat_tree(sizes, reason="consensus"):
    """Make a tree of domains side by side, in an order that is theirs.

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
    n_nodes = 2 * n - 1
    # Below each inner node a domain, and another inner node or the last domain.
    parent = np.append(-1, np.repeat(np.arange(0, n_nodes - 1, 2), 2))
    label = np.full(n_nodes, -1)
    label[1::2] = np.arange(n - 1)
    label[-1] = n - 1
    reason = np.where(label < 0, REASONS.index("split"), REASONS.index(reason))
    arrays = {"parent": parent, "level": np.minimum(parent + 1, 1), "label": label}
    arrays |= {"reason": reason, "size": np.zeros(n_nodes)}
    arrays |= dict.fromkeys(SCORES, np.full(n_nodes, np.nan))
    return recount_patterns(DomainTree.from_arrays(arrays), sizes)


def merge_domains(tree, labels):
    """Make one domain of several.

    If they are all the domains below a node, that node becomes the domain. Otherwise
    the domain hangs below their lowest common ancestor, beside what is left of it.

    Parameters
    ----------
    tree : DomainTree
    labels : sequence of int
        Two or more.

    Returns
    -------
    EditedTree
        Binary as before. A node added for this has no scores.
    """
    labels = np.asarray(labels)
    gone = np.isin(tree.label, labels)
    inside = _sum_up(tree.parent, gone)
    ancestor = int(np.flatnonzero(inside == gone.sum())[-1])
    level = tree.level.copy()
    level[ancestor] = level[list(tree.children(ancestor))[0]]
    # A node above the ancestor, and the new domain as its other part: the ancestor and
    # whatever has lost its patterns is passed over below.
    extended = _insert(
        replace(tree, level=level),
        ancestor,
        parent=[tree.parent[ancestor], ancestor],
        level=[tree.level[ancestor], level[ancestor]],
        label=[-1, tree.n_domains],
    )
    extended.parent[ancestor + 2] = ancestor
    sizes = np.append(leaf_sizes(tree), tree.size[gone].sum())
    sizes[labels] = 0
    result, new = resize_domains(extended, sizes)
    new[labels] = new[-1]
    return EditedTree(result, new[:-1])


def split_domain(tree, label, sizes):
    """Make several domains of one.

    Parameters
    ----------
    tree : DomainTree
    label : int
    sizes : sequence of int
        Of its parts, two or more, the largest first. They may add up to less than the
        domain: the rest is no longer in the tree.

    Returns
    -------
    SplitTree
    """
    node = int(np.flatnonzero(tree.label == label)[0])
    n, n_parts, n_before = len(tree), len(sizes), tree.n_domains
    # Two parts below each node: one of those asked for, and the rest.
    rests = n + 1 + 2 * np.arange(n_parts - 2)
    parents = np.repeat(np.append(node, rests), 2)
    labels = np.full(parents.size, -1)
    # There must be no gap: the last part takes the label of the whole.
    labels[::2] = n_before + np.arange(n_parts - 1)
    labels[-1] = label
    level = np.full(parents.size, tree.level[node] + 1)
    extended = _insert(tree, n, parent=parents, level=level, label=labels)
    extended.label[node], extended.reason[node] = -1, _BY_HAND
    for name in TRAITS:
        getattr(extended, name)[node] = np.nan
    all_sizes = np.concatenate([leaf_sizes(tree), sizes[:-1]])
    all_sizes[label] = sizes[-1]
    result, new = resize_domains(extended, all_sizes)
    parts = np.append(new[n_before:], new[label])
    new[label] = -1
    return SplitTree(result, new[:n_before], parts)


def resize_domains(tree, sizes):
    """Change a tree whose domains have gained or lost patterns.

    Parameters
    ----------
    tree : DomainTree
    sizes : array-like of int, shape (n_domains,)
        Of each label. Those of 0 are left out, and their siblings take the places of
        their parents.

    Returns
    -------
    EditedTree
    """
    sizes = np.asarray(sizes)
    tree = recount_patterns(tree, sizes)
    leaf, present = tree.label >= 0, tree.size > 0
    n_children = np.bincount(tree.parent[1:][present[1:]], minlength=len(tree))
    kept = present & (leaf | (n_children > 1))
    labels = np.full(sizes.size, -1)
    labels[np.argsort(-sizes, kind="stable")] = np.arange(sizes.size)
    labels[sizes == 0] = -1
    parent, level = _pass_over(tree, kept)
    label = np.where(leaf, labels[tree.label], -1)
    passed = replace(tree, parent=parent, level=level, label=label)
    return EditedTree(passed.take(kept), labels)


def recount_patterns(tree, sizes):
    """The same tree with other numbers of patterns; labels stay, empty ones too.

    Parameters
    ----------
    tree : DomainTree
    sizes : array-like of int, shape (n_domains,)
        Of each label.

    Returns
    -------
    DomainTree
    """
    own = np.where(tree.label >= 0, np.asarray(sizes)[tree.label], 0)
    return replace(tree, size=_sum_up(tree.parent, own))


def find_parts(tree, node):
    """Find the nodes that a node was split into, those on one level side by side.

    Parameters
    ----------
    tree : DomainTree
    node : int

    Returns
    -------
    list of int
        Two or more, or none for a domain.
    """
    parts = []
    for part in tree.children(node):
        below = tree.children(part)
        is_passed = below and tree.level[below[0]] == tree.level[part]
        parts += find_parts(tree, part) if is_passed else [part]
    return parts


def leaf_sizes(tree):
    """numpy.ndarray of int, shape (n_domains,): Size of each label."""
    leaves = np.flatnonzero(tree.label >= 0)
    return tree.size[leaves[np.argsort(tree.label[leaves])]]


def _sum_up(parent, values):
    """Each node's value with those of all nodes below it."""
    total = np.array(values, dtype=np.int64)
    for node in range(len(total) - 1, 0, -1):
        total[parent[node]] += total[node]
    return total


def _pass_over(tree, kept):
    """Parent and level of each node when some of those above it are no more.

    What takes the place of another takes its level, and all below moves along.
    """
    parent, level = tree.parent.copy(), tree.level.copy()
    for node in range(1, len(tree)):
        above = tree.parent[node]
        if kept[above]:
            level[node] += level[above] - tree.level[above]
        else:
            parent[node], level[node] = parent[above], level[above]
    return parent, level


def _insert(tree, place, **integers):
    """Insert nodes made by hand, without patterns and scores, before a node.

    `integers` has the arrays of the new nodes; parents as they are counted afterwards.
    """
    n = len(integers["parent"])
    integers |= {"size": [0] * n, "reason": [_BY_HAND] * n}
    number = np.arange(len(tree)) + n * (np.arange(len(tree)) >= place)
    arrays = tree.to_arrays()
    arrays["parent"] = np.where(tree.parent < 0, -1, number[tree.parent])
    arrays = {
        name: np.insert(array, place, integers.get(name, [np.nan] * n))
        for name, array in arrays.items()
    }
    return DomainTree(**arrays)
