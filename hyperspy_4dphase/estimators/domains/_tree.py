"""The tree of domains as plain arrays: what was split, how surely, why no further."""

from dataclasses import dataclass, fields, replace
from numbers import Integral

import numpy as np

from hyperspy_4dphase.estimators.domains._tree_node import (
    REASONS,
    SCORES,
    TRAITS,
    TreeNode,
)


@dataclass(frozen=True, eq=False)
class DomainTree:
    """A binary tree of domains, one entry a node; parents come before children.

    Attributes
    ----------
    parent, level, size, label : numpy.ndarray of int, shape (n_nodes,)
    strength, share, log_p, agreement, step : numpy.ndarray of float, shape (n_nodes,)
    n_directions, spread, refused : numpy.ndarray of float, shape (n_nodes,)
    reason : numpy.ndarray of int, shape (n_nodes,)
        Indices into `REASONS`.

    See Also
    --------
    TreeNode : What each of these means.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
    >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
    >>> from hyperspy_4dphase.estimators import DivisiveDomains
    >>> tree = DivisiveDomains(random_state=0).fit(counts).tree_
    >>> tree.n_domains, tree.n_levels
    (3, 2)
    >>> tree[0].size, tree[0].reason
    (400, 'split')
    """

    parent: np.ndarray
    level: np.ndarray
    size: np.ndarray
    label: np.ndarray
    strength: np.ndarray
    share: np.ndarray
    log_p: np.ndarray
    agreement: np.ndarray
    step: np.ndarray
    n_directions: np.ndarray
    spread: np.ndarray
    refused: np.ndarray
    reason: np.ndarray

    @classmethod
    def from_arrays(cls, arrays):
        """Make a tree of a dict as :meth:`to_arrays` gives it, checked.

        Parameters
        ----------
        arrays : dict of str to numpy.ndarray
            What files of earlier versions do not hold is NaN.

        Returns
        -------
        DomainTree

        Raises
        ------
        ValueError
            If they are not those of a tree.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import DivisiveDomains
        >>> tree = DivisiveDomains(random_state=0).fit(counts).tree_
        >>> type(tree).from_arrays(tree.to_arrays()).n_domains
        3
        """
        unknown = np.full(np.shape(arrays.get("parent", 0)), np.nan)
        arrays = dict.fromkeys(("step", *TRAITS), unknown) | arrays
        try:
            values = {
                item.name: np.atleast_1d(np.asarray(arrays[item.name])).astype(
                    float if item.name in (*SCORES, *TRAITS) else np.int64
                )
                for item in fields(cls)
            }
        except KeyError as error:
            raise ValueError(f"The tree lacks {error}.") from None
        lengths = {name: value.shape for name, value in values.items()}
        parent = values["parent"]
        if len(set(lengths.values())) != 1 or parent.ndim != 1:
            raise ValueError(f"The tree's arrays differ in shape: {lengths}.")
        too_late = parent >= np.arange(parent.size)
        if parent[0] != -1 or (parent[1:] < 0).any() or too_late.any():
            raise ValueError(
                "The tree's nodes are not in order: the root must come first, and each "
                "parent before its children."
            )
        return cls(**values)

    def to_arrays(self):
        """Return everything as arrays, to be stored.

        Returns
        -------
        dict of str to numpy.ndarray
            One entry a node in each.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import DivisiveDomains
        >>> tree = DivisiveDomains(random_state=0).fit(counts).tree_
        >>> sorted(tree.to_arrays())[:3]
        ['agreement', 'label', 'level']
        """
        return dict(vars(self))

    def __len__(self):
        return self.parent.size

    def __getitem__(self, number):
        if isinstance(number, bool | np.bool_) or not isinstance(number, Integral):
            raise TypeError(f"A node of the tree is an integer, not {number!r}.")
        if not -len(self) <= number < len(self):
            raise IndexError(f"Node {number}: the tree has {len(self)} nodes.")
        number = range(len(self))[number]
        values = {name: array[number].item() for name, array in vars(self).items()}
        values["reason"] = REASONS[values["reason"]]
        return TreeNode(number=number, children=self.children(number), **values)

    def __repr__(self):
        return f"<DomainTree of {self.n_domains} domains, {self.n_levels} levels>"

    @property
    def n_domains(self):
        """int: Number of leaves."""
        return int((self.label >= 0).sum())

    @property
    def n_levels(self):
        """int: Number of levels below the root."""
        return int(self.level.max())

    def children(self, number):
        """List the nodes that a node was split into.

        Parameters
        ----------
        number : int
            Of the node.

        Returns
        -------
        tuple of int
            Empty for a leaf.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import DivisiveDomains
        >>> tree = DivisiveDomains(random_state=0).fit(counts).tree_
        >>> tree.children(0)
        (1, 2)
        """
        return tuple(np.flatnonzero(self.parent == number).tolist())

    def leaves(self, number=0):
        """List the labels of the domains below a node.

        Parameters
        ----------
        number : int, default 0
            Of the node. The root is 0.

        Returns
        -------
        numpy.ndarray of int
            Ascending; of a leaf its own.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import DivisiveDomains
        >>> tree = DivisiveDomains(random_state=0).fit(counts).tree_
        >>> tree.leaves()
        array([0, 1, 2])
        """
        inside = np.zeros(len(self), dtype=bool)
        inside[number] = True
        for node in range(number + 1, len(self)):
            inside[node] = inside[self.parent[node]]
        return np.sort(self.label[inside & (self.label >= 0)])

    def at_level(self, level):
        """List the nodes that are the domains of a level.

        Parameters
        ----------
        level : int
            Counted from the whole scan, which is 0.

        Returns
        -------
        numpy.ndarray of int
            Nodes at the level, and leaves above it.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import DivisiveDomains
        >>> tree = DivisiveDomains(random_state=0).fit(counts).tree_
        >>> tree.at_level(1)
        array([1, 2])
        """
        return self._lowest(self.level <= level)

    def cut(self, n_domains):
        """List the nodes that are the domains if only the strongest splits are made.

        Parameters
        ----------
        n_domains : int
            How many domains there are to be.

        Returns
        -------
        numpy.ndarray of int
            As many.

        Raises
        ------
        ValueError
            If the tree has not so many leaves.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import DivisiveDomains
        >>> tree = DivisiveDomains(random_state=0).fit(counts).tree_
        >>> len(tree.cut(2))
        2
        """
        if not 1 <= n_domains <= self.n_domains:
            raise ValueError(
                f"n_domains={n_domains}; this tree can be cut into 1 to "
                f"{self.n_domains}."
            )
        total = np.nan_to_num(self.strength) * self.size
        kept = np.zeros(len(self), dtype=bool)
        kept[0] = True
        n = 1
        while n < n_domains:
            parts = {node: self.children(node) for node in self._lowest(kept)}
            fitting = [i for i, p in parts.items() if 1 < len(p) <= n_domains - n + 1]
            if not fitting:
                raise ValueError(
                    f"n_domains={n_domains}; this tree can be cut into {n}, but its "
                    "next split makes too many at once."
                )
            best = max(fitting, key=lambda i: total[i])
            kept[list(parts[best])] = True
            n += len(parts[best]) - 1
        return self._lowest(kept)

    def _lowest(self, kept):
        """Of the nodes kept, those that have no kept children."""
        inner = np.zeros(len(self), dtype=bool)
        inner[self.parent[1:][kept[1:]]] = True
        return np.flatnonzero(kept & ~inner)

    def prune(self, nodes, reason="n_domains"):
        """The tree that ends at some nodes, and the new label of each old one.

        Parameters
        ----------
        nodes : array-like of int
            As of :meth:`at_level` or :meth:`cut`: one above each leaf.
        reason : str, default "n_domains"
            Why it ends there, one of `REASONS`.

        Returns
        -------
        tree : DomainTree
            Its domains numbered by size.
        labels : numpy.ndarray of int, shape (n_domains,)

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import DivisiveDomains
        >>> tree = DivisiveDomains(random_state=0).fit(counts).tree_
        >>> coarse, new_labels = tree.prune(tree.cut(2))
        >>> coarse.n_domains
        2
        """
        nodes = np.asarray(nodes)
        nodes = nodes[np.argsort(-self.size[nodes], kind="stable")]
        labels = np.empty(self.n_domains, dtype=int)
        kept = np.zeros(len(self), dtype=bool)
        kept[nodes] = True
        for node in range(len(self) - 1, 0, -1):
            kept[self.parent[node]] |= kept[node]
        label = np.full(len(self), -1)
        reasons = self.reason.copy()
        for new, node in enumerate(nodes):
            labels[self.leaves(node)] = new
            label[node] = new
            if self.label[node] < 0:
                reasons[node] = REASONS.index(reason)
        scores = {
            name: np.where(label >= 0, np.nan, getattr(self, name)) for name in SCORES
        }
        ended = replace(self, label=label, reason=reasons, **scores)
        return ended.take(kept), labels

    def take(self, kept):
        """Some nodes only, renumbered.

        Parameters
        ----------
        kept : numpy.ndarray of bool, shape (n_nodes,)
            Of each node; all parents of a node that is kept must be kept, too.

        Returns
        -------
        DomainTree

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import DivisiveDomains
        >>> tree = DivisiveDomains(random_state=0).fit(counts).tree_
        >>> len(tree.level), len(tree.take(tree.level < 2).level)
        (5, 3)
        """
        number = np.cumsum(kept) - 1
        arrays = {name: array[kept] for name, array in vars(self).items()}
        parent = arrays["parent"]
        arrays["parent"] = np.where(parent < 0, -1, number[parent])
        return DomainTree(**arrays)

    def join(self):
        """The tree as its levels show it: nodes may have more than two children.

        Returns
        -------
        DomainTree
            Without the nodes that share their level with their parent and are split.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import DivisiveDomains
        >>> tree = DivisiveDomains(random_state=0).fit(counts).tree_
        >>> tree.join().n_domains
        3
        """
        # Parts that share the level of their node belong to the split above it.
        beside = np.flatnonzero(self.level[1:] == self.level[self.parent[1:]]) + 1
        passed = np.isin(np.arange(len(self)), self.parent[beside])
        passed[0] = False
        parent = self.parent.copy()
        for node in range(1, len(self)):
            if passed[parent[node]]:
                parent[node] = parent[parent[node]]
        return replace(self, parent=parent).take(~passed)
