"""A map of the domains of a scan, with the tree that they come from."""

import numpy as np
from hyperspy.signals import LazySignal2D

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._results import retitle, scan_metadata
from hyperspy_4dphase._scalars import check_flags, check_integer
from hyperspy_4dphase.estimators.domains import node_means
from hyperspy_4dphase.signals._domain_continuum import DomainContinuum
from hyperspy_4dphase.signals._domain_crystal_map import DomainCrystalMap
from hyperspy_4dphase.signals._domain_edits import DomainEdits
from hyperspy_4dphase.signals._domain_kinds import DomainKinds
from hyperspy_4dphase.signals._domain_names import DomainNaming
from hyperspy_4dphase.signals._domain_patterns import read_means, subtract_wholes
from hyperspy_4dphase.signals._domain_phases import DomainPhases
from hyperspy_4dphase.signals._domain_plots import DomainPlots
from hyperspy_4dphase.signals._domain_steps import DomainSteps
from hyperspy_4dphase.signals._domain_summary import DomainSummary
from hyperspy_4dphase.signals._domain_view import DomainView
from hyperspy_4dphase.signals._rebinning import RebinnedLabels
from hyperspy_4dphase.signals._result_signal import LazyResultSignal
from hyperspy_4dphase.signals._stored_map import StoredMap, store_map


class DomainMap(
    DomainEdits,
    DomainPhases,
    DomainKinds,
    DomainPlots,
    DomainSteps,
    DomainContinuum,
    DomainCrystalMap,
    DomainNaming,
    RebinnedLabels,
    DomainSummary,
    DomainView,
):
    """The domain of each probe position: ``(|x, y)``, with the tree of domains.

    Made by ``s.cluster_hierarchical()``. Domains are numbered by size, 0 is the
    largest; -1 is masked, or unassigned. The navigation axes of the scan are the signal
    axes of the map: of three, the first is its navigation axis ``(z|x, y)``. A scan
    along a line gives a map of one row. It saves to ``.hspy`` and ``.zspy`` and reloads
    whole.

    Nothing changes a map in place: what changes domains gives a new one.

    Notes
    -----
    A slice of a map (``domains.isig[:10, :10]``) keeps tree, mean patterns and the
    numbers of its domains, of the whole map; `labels`, `sizes`, `steps`, `along` and
    `refused` are its own. What reads the scan, and :meth:`split`, need the whole map.

    A scan in memory is not kept there by its map: mean patterns can be had without
    giving it as long as it is there. A lazy one is remembered. Neither is saved.

    Examples
    --------
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
    >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
    >>> domains
    <DomainMap, title: Domains of Oxide bilayer, dimensions: (|16, 14)>
    >>> domains.n_domains, domains.labels.shape
    (3, (14, 16))
    """

    _signal_type = "domain_map"
    # A mean of labels is none.
    _SAME_KIND = ()

    @classmethod
    def from_scan(
        cls, scan, labels, tree, provenance, compression=None, descriptions=None
    ):
        """Join labels and their tree with the scan they are of.

        Parameters
        ----------
        scan : Scan
            Whose axes and metadata are taken.
        labels : numpy.ndarray of int, shape (n_patterns,)
            One for each pattern that is not masked.
        tree : DomainTree
            Of these labels.
        provenance : dict
        compression : Compression, optional
            What the labels were found in.
        descriptions : Descriptions, optional
            Steps, places along the main direction of each domain, and what was not
            split, of the same patterns.

        Returns
        -------
        DomainMap
        """
        labels = np.asarray(labels, np.int32)
        own = store_map(scan, tree, provenance, compression, descriptions)
        return cls._from_rows(scan, "Domains", labels, -1, {StoredMap.NODE: own})

    @property
    def labels(self):
        """numpy.ndarray of int32: The map, of the navigation shape in array order."""
        return self._values.astype(np.int32)

    @property
    def tree(self):
        """DomainTree: What was split, how surely, and why no further."""
        return self._stored_map.tree

    @property
    def n_domains(self):
        """int: Number of domains."""
        return self.tree.n_domains

    @property
    def sizes(self):
        """numpy.ndarray of int, shape (n_domains,): Probe positions of each domain."""
        labels = self.labels
        return np.bincount(labels[labels >= 0], minlength=self.n_domains)

    @property
    def provenance(self):
        """dict: Parameters, seed, outcome and versions; ``"changes"`` by hand."""
        return self._stored_map.get("provenance")

    @with_shared_parameters
    def mean_patterns(self, signal=None, *, show_progressbar=None):
        """Mean patterns of the domains, from the original counts.

        They are read at the first call, once, and kept with the map from then on,
        in files too.

        Parameters
        ----------
        signal : Diffraction2D or as the scan was, optional
            The scan, if the map does not remember it any more; it is read then.
        %(show_progressbar)s

        Returns
        -------
        Diffraction2D or as the scan was
            (domain | kx, ky), float64, calibrated, in counts per pattern. NaN at masked
            pixels.

        Raises
        ------
        ValueError
            If there is no scan to read; if `signal` has other shapes or another
            calibration; if this is a slice of a map that has not read them; if a file
            of the scan was written again since the map was made, or its values are
            others.
        RuntimeError
            If a block cannot be read; it names the block.

        Warns
        -----
        UserWarning
            If the values of `signal` are not those that the map was made of: each
            pattern is known again by a sum over its pixels. Of maps of other sources
            than the compressed scan, nothing is known.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> domains.mean_patterns()
        <ElectronDiffraction2D, title: Mean patterns: Domains of Oxide bilayer,
        dimensions: (3|36, 32)>
        """
        means, _ = self._means(signal, show_progressbar)
        return self._make_patterns(means, {"name": "domain"}, "Mean patterns")

    @with_shared_parameters
    def difference_patterns(self, node=None, signal=None, *, show_progressbar=None):
        """What each part of a split has more, or less, than the whole.

        The mean pattern of the part minus that of the whole, its parent, with the part
        multiplied by total of the parent / total of the part (over all pixels that are
        not masked). So brightness does not show, each difference sums to 0, and values
        are in counts per pattern of the parent.

        Parameters
        ----------
        node : int, optional
            A node of the tree: its two parts only. By default all nodes but the root.
        signal, show_progressbar : optional
            As in :meth:`mean_patterns`.

        Returns
        -------
        Diffraction2D or as the scan was
            (node | kx, ky); the navigation axis counts nodes as `tree` does.

        Raises
        ------
        ValueError
            If `node` is none, or was not split; and as :meth:`mean_patterns`.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> domains.difference_patterns(node=0)
        <ElectronDiffraction2D, title: Parts minus wholes: Domains of Oxide bilayer,
        dimensions: (2|36, 32)>
        """
        tree = self.tree
        nodes = self._split_nodes(tree, node)
        means = node_means(tree, self._means(signal, show_progressbar)[0])
        values = subtract_wholes(means[nodes], means[tree.parent[nodes]])
        first, second = nodes[:2].astype(float).tolist()
        axis = {"name": "node", "offset": first, "scale": second - first}
        return self._make_patterns(values, axis, "Parts minus wholes")

    def _means(self, signal=None, show_progressbar=None):
        """Flat means and variances, kept from the first time on."""
        check_flags(optional=True, show_progressbar=show_progressbar)
        stored = self._stored_map
        if signal is None and stored.get("mean_patterns") is not None:
            return stored.array("mean_patterns"), stored.array("variances")
        return read_means(self, signal, show_progressbar)

    def _make_patterns(self, values, axis, what):
        """Make patterns, numbered along an axis, a signal of the scan's type."""
        stored, title = self._stored_map, f"{what}: {self.metadata.General.title}"
        metadata = retitle(scan_metadata(self), title, stored.get("signal_type"))
        axis = axis | {"size": len(values), "navigate": True}
        return stored.make_patterns(values, [axis], metadata)

    def _split_nodes(self, tree, node):
        if node is None:
            nodes = np.arange(1, len(tree))
        else:
            node = check_integer("node", node, 0)
            if node >= len(tree):
                raise ValueError(f"node={node}; the tree has {len(tree)} nodes.")
            nodes = np.array(tree.children(node), dtype=int)
        if not nodes.size:
            what = "the scan" if node is None else f"node {node}"
            raise ValueError(f"{what} was not split: it is a single domain.")
        return nodes


# What changes a map gives one in memory.
DomainMap._in_memory = DomainMap


class LazyDomainMap(LazyResultSignal, DomainMap, LazySignal2D):
    """The same, as it is after ``hs.load(..., lazy=True)``."""
