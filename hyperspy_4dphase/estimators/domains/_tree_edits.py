"""Trees of domains changed by hand: domains joined, parted, or left without patterns.

Nothing is changed in place. Domains are numbered by size afterwards, and each function
says what became of the old labels.
"""

from dataclasses import fields, replace

import numpy as np

from hyperspy_4dphase.estimators.domains._tree import REASONS, DomainTree

_BY_HAND = REASONS.index("by hand")


def level_cut(tree, level):
    """The tree as it is down to a level.

    Parameters
    ----------
    tree : DomainTree
    level : int

    Returns
    -------
    tree : DomainTree
    labels : numpy.ndarray of int, shape (n_domains,)
        New label of each old one.
    """
    nodes = tree.at_level(level)
    cut, labels = tree.pruned(nodes)
    ended = [tree.leaves(node)[0] for node in nodes if tree.label[node] < 0]
    ended = np.isin(cut.label, labels[np.array(ended, dtype=int)])
    reason = np.where(ended, REASONS.index("depth"), cut.reason)
    return replace(cut, reason=reason), labels


def merged(tree, labels):
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
    tree : DomainTree
        Binary as before. A node added for this has no scores.
    labels : numpy.ndarray of int, shape (n_domains,)
        New label of each old one.
    """
    gone = np.isin(tree.label, labels)
    inside = _summed_up(tree.parent, gone)
    ancestor = int(np.flatnonzero(inside == gone.sum())[-1])
    child_level = tree.level[list(tree.children(ancestor))[0]]
    # A node above the ancestor, and the new domain as its other part: the ancestor and
    # whatever has lost its patterns is passed over below.
    above = _rows(
        parent=[tree.parent[ancestor], ancestor],
        level=[tree.level[ancestor], child_level],
        size=[tree.size[ancestor], tree.size[gone].sum()],
        label=[-1, tree.n_domains],
        reason=[_BY_HAND] * 2,
    )
    arrays = tree.to_arrays()
    arrays["level"] = arrays["level"].copy()
    arrays["level"][ancestor] = child_level
    number = np.arange(len(tree))
    number[ancestor:] += 2
    parent = np.where(tree.parent < 0, -1, number[tree.parent])
    parent[ancestor] = ancestor
    arrays["parent"] = parent
    extended = {
        name: np.insert(array, [ancestor] * 2, above[name])
        for name, array in arrays.items()
    }
    sizes = np.append(leaf_sizes(tree), tree.size[gone].sum())
    sizes[np.asarray(labels)] = 0
    result, new = resized(DomainTree.from_arrays(extended), sizes)
    new[np.asarray(labels)] = new[-1]
    return result, new[:-1]


def parted(tree, label, sizes):
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
    tree : DomainTree
        The parts share a level.
    labels : numpy.ndarray of int, shape (n_domains,)
        New label of each old one; -1 for the one that was parted.
    parts : numpy.ndarray of int, shape (n_parts,)
        Label of each part.
    """
    node = int(np.flatnonzero(tree.label == label)[0])
    n, n_parts = len(tree), len(sizes)
    level = tree.level[node] + 1
    # Two parts below each node: one of those asked for, and the rest.
    first = n + 2 * np.arange(n_parts - 1)
    parents = np.repeat(np.append(node, first[:-1] + 1), 2)
    labels = np.full(parents.size, -1)
    # There must be no gap: the last part takes the label of the whole.
    labels[::2] = tree.n_domains + np.arange(n_parts - 1)
    labels[-1] = label
    below = _rows(
        parent=parents,
        level=[level] * parents.size,
        size=[0] * parents.size,
        label=labels,
        reason=[_BY_HAND] * parents.size,
    )
    arrays = {
        name: np.concatenate([array, below[name]])
        for name, array in tree.to_arrays().items()
    }
    arrays["label"][node] = -1
    arrays["reason"][node] = _BY_HAND
    all_sizes = np.concatenate([leaf_sizes(tree), sizes[:-1]])
    all_sizes[label] = sizes[-1]
    result, new = resized(DomainTree.from_arrays(arrays), all_sizes)
    parts = np.append(new[tree.n_domains :], new[label])
    kept = new[: tree.n_domains].copy()
    kept[label] = -1
    return result, kept, parts


def resized(tree, sizes):
    """The tree after its domains have gained or lost patterns.

    Parameters
    ----------
    tree : DomainTree
    sizes : array-like of int, shape (n_domains,)
        Of each label. Those of 0 are left out, and their siblings take the places of
        their parents.

    Returns
    -------
    tree : DomainTree
    labels : numpy.ndarray of int, shape (n_domains,)
        New label of each old one; -1 for those left out.
    """
    sizes = np.asarray(sizes)
    leaf, size = tree.label >= 0, recounted(tree, sizes).size
    present = size > 0
    n_children = np.bincount(tree.parent[1:][present[1:]], minlength=len(tree))
    kept = present & (leaf | (n_children > 1))

    order = np.argsort(-sizes, kind="stable")
    labels = np.full(sizes.size, -1)
    labels[order] = np.arange(sizes.size)
    labels[sizes == 0] = -1
    parent, level = _passed_over(tree, kept)
    number = np.cumsum(kept) - 1
    arrays = {name: array[kept] for name, array in tree.to_arrays().items()}
    arrays["parent"] = np.where(parent < 0, -1, number[parent])[kept]
    arrays["level"], arrays["size"] = level[kept], size[kept]
    arrays["label"] = np.where(leaf, labels[tree.label], -1)[kept]
    return DomainTree.from_arrays(arrays), labels


def recounted(tree, sizes):
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
    leaf = tree.label >= 0
    own = np.zeros(len(tree), dtype=np.int64)
    own[leaf] = np.asarray(sizes)[tree.label[leaf]]
    return replace(tree, size=_summed_up(tree.parent, own))


def parts_of(tree, node):
    """The nodes that a node was split into, those on one level side by side.

    Parameters
    ----------
    tree : DomainTree
    node : int

    Returns
    -------
    list of int
        Two or more, or none for a domain.
    """
    parts, waiting = [], list(tree.children(node))
    while waiting:
        part = waiting.pop(0)
        children = tree.children(part)
        if children and tree.level[children[0]] == tree.level[part]:
            waiting = [*children, *waiting]
        else:
            parts.append(part)
    return parts


def leaf_sizes(tree):
    """numpy.ndarray of int, shape (n_domains,): Size of each label."""
    sizes = np.empty(tree.n_domains, dtype=np.int64)
    leaf = tree.label >= 0
    sizes[tree.label[leaf]] = tree.size[leaf]
    return sizes


def node_means(tree, means):
    """Mean of each node from those of the domains below it, weighted by size.

    Parameters
    ----------
    tree : DomainTree
    means : numpy.ndarray, shape (n_domains, ...)

    Returns
    -------
    numpy.ndarray, shape (n_nodes, ...)
    """
    weights = leaf_sizes(tree)
    return np.stack(
        [
            weighted_mean(means[leaves], weights[leaves])
            for leaves in map(tree.leaves, range(len(tree)))
        ]
    )


def weighted_mean(values, weights):
    """Mean of rows that have a weight; NaN if none has.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, ...)
    weights : numpy.ndarray, shape (n,)

    Returns
    -------
    numpy.ndarray, shape (...)
    """
    used = weights > 0
    if not used.any():
        return np.full(values.shape[1:], np.nan)
    return np.average(values[used], axis=0, weights=weights[used])


def _summed_up(parent, values):
    """Each node's value with those of all nodes below it."""
    total = np.array(values, dtype=np.int64)
    for node in range(len(total) - 1, 0, -1):
        total[parent[node]] += total[node]
    return total


def _passed_over(tree, kept):
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


def _rows(**integers):
    """Arrays of new nodes, without scores."""
    n = len(integers["parent"])
    return {
        item.name: np.asarray(integers.get(item.name, [np.nan] * n))
        for item in fields(DomainTree)
    }
