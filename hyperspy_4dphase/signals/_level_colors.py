"""Colours of the domains of a tree that stay the same from level to level."""

import numpy as np


def level_colors(domains, nodes):
    """The colour of each domain of a map that is cut.

    A domain has the colour of its largest part, and so on down to the domains of the
    whole map, which have those of every figure. So it keeps it where it stays the same,
    and its largest part keeps it where it is split.

    Parameters
    ----------
    domains : DomainMap
        The whole map.
    nodes : numpy.ndarray of int
        Of its tree: where it is cut.

    Returns
    -------
    numpy.ndarray, shape (n_nodes, 3)
        Red, green and blue, in the order of the numbers that domains have then.
    """
    from hyperspy_4dphase.plot._palette import domain_colors

    tree = domains.tree
    # Numbered by size, as DomainTree.prune() does it.
    nodes = nodes[np.argsort(-tree.size[nodes], kind="stable")]
    return domain_colors(domains.n_domains)[find_leading(tree)[nodes]]


def find_leading(tree):
    """The domain whose colour each node has: that of its largest part, and so on down.

    Parameters
    ----------
    tree : DomainTree

    Returns
    -------
    numpy.ndarray of int, shape (n_nodes,)
    """
    leading = tree.label.copy()
    of_children = [tree.children(node) for node in range(len(tree))]
    parts = [list(children) for children in of_children]
    for node in reversed(range(len(tree))):
        for child in of_children[node]:
            # Parts at the level of what they are parts of stand beside its sibling.
            if (tree.level[list(of_children[child])] == tree.level[child]).any():
                parts[node].remove(child)
                parts[node] += parts[child]
        if parts[node]:
            largest = max(parts[node], key=lambda i: (tree.size[i], -leading[i]))
            leading[node] = leading[largest]
    return leading
