"""Maps of domains made from another: cut, merged, or split by hand."""

import numpy as np

from hyperspy_4dphase._results import check_map, plain
from hyperspy_4dphase._scalars import check_integer
from hyperspy_4dphase.estimators.domains import merge_domains, split_domain
from hyperspy_4dphase.signals._domain_patterns import check_whole, merge_means
from hyperspy_4dphase.signals._position_maps import PositionMaps
from hyperspy_4dphase.signals._stored_map import StoredMap

# What is known of the patterns of each domain.
_OF_DOMAINS = "mean_patterns", "variances"


class DomainEdits(PositionMaps):
    """What :class:`DomainMap` gains to change its domains."""

    def at_level(self, depth):
        """The map down to a level of the tree: 0 is one domain.

        Parameters
        ----------
        depth : int
            The level: 0 is the whole scan, 1 what it is split into, and so on.

        Returns
        -------
        DomainMap

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> domains.at_level(1).n_domains
        2
        """
        depth = check_integer("depth", depth, 0)
        cut = self.tree.prune(self.tree.at_level(depth), "depth")
        return self._merge(*cut, f"at_level({depth})")

    def cut(self, n_domains):
        """The map with so many domains: only the strongest splits are made.

        Parameters
        ----------
        n_domains : int
            At most as many as there are.

        Returns
        -------
        DomainMap

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> domains.cut(2).n_domains
        2
        """
        n_domains = check_integer("n_domains", n_domains, 1)
        cut = self.tree.prune(self.tree.cut(n_domains))
        return self._merge(*cut, f"cut({n_domains})")

    def merge(self, labels):
        """Make one domain of several, by hand.

        If these are all that a node of the tree was split into, the node becomes the
        domain. Otherwise the new domain hangs below their lowest common ancestor,
        beside all else that was there; the node in between has no scores.

        Parameters
        ----------
        labels : sequence of int
            Two domains or more.

        Returns
        -------
        DomainMap
            Numbered by size.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> domains.merge([0, 1]).n_domains
        2
        """
        try:
            labels = np.asarray(labels)
        except ValueError:
            # Of lists in lists, of different lengths.
            labels = np.asarray(labels, dtype=object)
        if labels.dtype.kind not in "iu" or labels.ndim != 1:
            raise TypeError(f"labels must be a list of domains, not {labels!r}.")
        labels = np.unique(labels)
        n = self.n_domains
        if labels.size < 2 or labels[0] < 0 or labels[-1] >= n:
            raise ValueError(
                f"labels={labels.tolist()}; expected two or more of 0 to {n - 1}."
            )
        merged = merge_domains(self.tree, labels)
        return self._merge(*merged, f"merge({labels.tolist()})")

    def split(self, label, by):
        """Part a domain as another map does, by hand.

        It takes the place of HyperSpy's ``split``, which cuts signals into pieces.

        Parameters
        ----------
        label : int
            The domain.
        by : DomainMap, BaseSignal or array_like of int or bool
            Of the navigation shape, in array order. Positions of the domain stay
            together where it has the same value, and become -1 where it is -1.

        Returns
        -------
        DomainMap
            Numbered by size. Its mean patterns have to be read anew.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> import numpy as np
        >>> left = np.arange(16) < 8
        >>> domains.split(0, by=np.tile(left, (14, 1))).n_domains
        4
        """
        check_whole(self, "split()")
        label = check_integer("label", label, 0)
        if label >= self.n_domains:
            raise ValueError(f"label={label}; expected 0 to {self.n_domains - 1}.")
        labels = self.labels
        by = check_map("by", by, labels.shape, integers=True).astype(np.int64)
        inside = (labels == label) & (by >= 0)
        values, numbers, sizes = np.unique(
            by[inside], return_inverse=True, return_counts=True
        )
        if len(values) < 2:
            raise ValueError(
                f"by does not part domain {label}: it is {values.tolist()} all over it."
            )
        order = np.argsort(-sizes, kind="stable")
        tree, new, parts = split_domain(self.tree, label, sizes[order])
        result = np.where(labels < 0, -1, new[labels])
        result[inside] = parts[np.argsort(order)][numbers.ravel()]
        return self._change(result, tree, f"split({label})", labels == label)

    def _merge(self, tree, new, step):
        """The map with domains merged: `new` says which label each of them has."""
        labels, own = self.labels, self._stored_map
        n_joined = np.array([np.count_nonzero(new == label) for label in new])
        changed = (labels >= 0) & (n_joined > 1)[labels]
        labels = np.where(labels < 0, -1, new[labels])
        means = {
            name: merge_means(own.array(name), self.tree, new, tree.n_domains)
            for name in _OF_DOMAINS
        }
        return self._change(labels, tree, step, changed, means)

    def _change(self, labels, tree, step, changed, means=None):
        """A map with other labels; `changed` says where a domain is another one."""
        metadata = plain(self.metadata)
        own = metadata[StoredMap.NODE]
        own |= {"inner": None} | (means or dict.fromkeys(_OF_DOMAINS))
        own |= self._forget(changed)
        changes = [*(own["provenance"].get("changes") or []), step]
        provenance = own["provenance"] | {"changes": changes}
        own |= {"tree": tree.to_arrays(), "provenance": provenance}
        labels = labels.astype(np.int32).reshape(self.data.shape)
        return self._make_map(self._in_memory, labels, metadata)
