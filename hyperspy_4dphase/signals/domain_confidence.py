"""How surely each probe position belongs to its domain."""

import numpy as np
from hyperspy.signals import LazySignal2D

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._results import retitle, scan_metadata
from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.estimators.domains import recount_patterns
from hyperspy_4dphase.signals._confidence_maps import ConfidenceMaps
from hyperspy_4dphase.signals._confidence_plots import ConfidencePlots
from hyperspy_4dphase.signals._rebinning import RebinnedValues
from hyperspy_4dphase.signals._result_signal import LazyResultSignal
from hyperspy_4dphase.signals._stored_confidence import (
    StoredConfidence,
    label_sure,
    store_confidence,
)
from hyperspy_4dphase.signals._stored_map import StoredMap, store_map
from hyperspy_4dphase.signals._stored_model import StoredModel
from hyperspy_4dphase.signals.domain_map import DomainMap
from hyperspy_4dphase.signals.latent_embedding import LatentEmbedding


class DomainConfidence(ConfidenceMaps, ConfidencePlots, RebinnedValues):
    """The probability that each probe position is of its domain: ``(|x, y)``.

    Made by ``s.domain_confidence()``: float32 in [0, 1], NaN where masked, and all over
    where nothing was resolved, with the axes of a :class:`DomainMap`. Domain ``k`` is
    the same in :attr:`domains`, in :attr:`posterior` and in :meth:`mean_patterns`, at
    any threshold: a high one may leave a domain without any position. It saves to
    ``.hspy`` and ``.zspy`` and reloads whole.

    Notes
    -----
    A slice (``confidence.isig[:10, :10]``) has values of its own. All that belongs to
    the whole scan, from :attr:`domains` to the plots, needs the whole confidence: take
    it first and slice that, as in ``confidence.domains.isig[:10, :10]``.

    A scan in memory is not kept there: mean patterns can be had without giving it as
    long as it is there. A lazy one is remembered. Neither is saved.

    Examples
    --------
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
    >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
    >>> confidence = s.domain_confidence(
    ...     domains, n_maps=5, random_state=0, print_info=False
    ... )
    >>> confidence
    <DomainConfidence, title: Confidence of Oxide bilayer, dimensions: (|16, 14)>
    >>> confidence.is_resolved
    True
    """

    _signal_type = "domain_confidence"
    _KIND, _TITLE = "confidence", "Confidence"

    @classmethod
    def from_scan(
        cls, scan, ensemble, tree, provenance, compression=None, *, threshold, **record
    ):
        """Join what an ensemble of maps says with the scan that they are of.

        Parameters
        ----------
        scan : Scan
            Whose axes and metadata are taken.
        ensemble : MapEnsemble
            Fitted to the patterns that are not masked.
        tree : DomainTree
            Of its domains; sizes do not matter.
        provenance : dict
        compression : Compression, optional
            What was mapped.
        threshold : float
        **record
            `sample_weight`, `rounds`, `exposures` and `embedding`, see
            ``_stored_confidence.store_confidence``.

        Returns
        -------
        DomainConfidence
        """
        own = store_confidence(
            ensemble, threshold=threshold, provenance=provenance, **record
        )
        values = own["confidence"]
        labels = label_sure(values, own["consensus"], threshold)
        tree = _recount(tree, labels)
        domains = store_map(scan, tree, provenance, compression)
        branches = {StoredConfidence.NODE: own, StoredMap.NODE: domains}
        return cls._from_rows(scan, "Confidence", values, np.nan, branches)

    @property
    def domains(self):
        """DomainMap: The domains, -1 where the confidence is below `threshold`."""
        return self._make_domains(self._label(self.threshold), {})

    def at_threshold(self, threshold):
        """The domains at another threshold.

        Parameters
        ----------
        threshold : float
            In [0, 1]: positions that are less sure become -1. At 0 all have a domain
            that are not masked, but those without counts enough for any. Where nothing
            was resolved, the one domain stays.

        Returns
        -------
        DomainMap
            Numbered as :attr:`domains`.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> confidence = s.domain_confidence(
        ...     domains, n_maps=5, random_state=0, print_info=False
        ... )
        >>> sure = confidence.at_threshold(0.95)
        >>> sure.n_domains
        3
        """
        labels = self._label(check_number("threshold", threshold, 0, 1))
        tree = _recount(self._stored_map.tree, labels).to_arrays()
        unread = dict.fromkeys(("mean_patterns", "variances", "inner"))
        return self._make_domains(labels, {"tree": tree} | unread)

    @property
    def rounds(self):
        """dict: What came of each round of training and mapping.

        Arrays of one value a round: ``"mean_confidence"``, ``"unassigned"`` (share of
        positions), ``"consistent"`` (share of those with a confidence of at least 0.9),
        ``"information"`` (mutual information of position and domain, in bits) and, if
        anything was trained, ``"held_out_loss"`` (NaN in a round that trained
        nothing; rounds weight patterns differently). ``"best"`` is the number of the
        round that all else is of.
        """
        rounds = self._stored.get("rounds")
        arrays = {n: np.atleast_1d(v) for n, v in rounds.items() if n != "best"}
        return arrays | {"best": int(rounds["best"])}

    @property
    def embedding(self):
        """LatentEmbedding or None: That of the best round, if there is one."""
        self._check_whole()
        own = self._stored.get("embedding")
        if own is None:
            return None
        cls = LatentEmbedding
        metadata = retitle(scan_metadata(self), own["title"], cls._signal_type)
        axes = [*self._stored_map.navigation_axes, own["axis"] | {"navigate": False}]
        metadata[StoredModel.NODE] = own["node"]
        return cls(own["data"], axes=axes, metadata=metadata)

    @property
    def is_resolved(self):
        """bool: Whether the scan has more than one domain, in any tree of its patterns.

        If not, there is nothing to be sure of, and the confidence is NaN.
        """
        return bool(np.isfinite(self._stored.array("confidence", np.float32)).any())

    @property
    def exposures(self):
        """dict or None: How maps of two independent exposures agree, if asked for.

        ``"rand_index"``: adjusted Rand index of both maps, 1 for equal ones;
        ``"n_domains"``: how many domains each has; ``"overlap"`` (n_domains, 2): of
        each domain of this map its intersection over union with that of either map
        which it is matched with; ``"gain"``: by how much the domains of one exposure
        make a pattern of the other more likely than one domain does (difference of
        log-likelihoods a pattern); ``"gain_of_parts"``: by how much more domains do
        that are cut in two. If it is about 0, or less, there is nothing more in them.
        """
        found = self._stored.get("exposures")
        return None if found is None else dict(found)

    @property
    def n_effective(self):
        """float: How many independent maps the maps are worth."""
        return float(self._stored.get("n_effective"))

    @property
    def threshold(self):
        """float: Below this confidence, positions of :attr:`domains` are -1."""
        return float(self._stored.get("threshold"))

    @property
    def provenance(self):
        """dict: Parameters, seed, outcome and versions."""
        return self._stored.get("provenance")

    @with_shared_parameters
    def mean_patterns(self, signal=None, threshold=None, *, show_progressbar=None):
        """Mean patterns of the sure positions of each domain, from the original counts.

        At the threshold of the confidence they are read at the first call, once, and
        kept with it from then on, in files too.

        Parameters
        ----------
        signal : Diffraction2D or as the scan was, optional
            The scan, if it is not remembered any more; it is read then.
        threshold : float, optional
            In [0, 1]. By default that of the confidence.
        %(show_progressbar)s

        Returns
        -------
        Diffraction2D or as the scan was
            (domain | kx, ky), float64, calibrated, in counts per pattern. NaN at masked
            pixels, and all over for a domain without sure positions.

        Raises
        ------
        ValueError
            As :meth:`DomainMap.mean_patterns`.

        See Also
        --------
        n_patterns : How many patterns each of them stands for.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> confidence = s.domain_confidence(
        ...     domains, n_maps=5, random_state=0, print_info=False
        ... )
        >>> confidence.mean_patterns(threshold=0.9)
        <ElectronDiffraction2D, title: Mean patterns: Domains of Oxide bilayer,
        dimensions: (3|36, 32)>
        """
        domains = self.domains if threshold is None else self.at_threshold(threshold)
        means = domains.mean_patterns(signal, show_progressbar=show_progressbar)
        if threshold is None:
            for name in ("mean_patterns", "variances"):
                self._stored_map.set(name, domains._stored_map.get(name))
        return means

    def n_patterns(self, threshold=None):
        """How many patterns :meth:`mean_patterns` are the means of.

        Parameters
        ----------
        threshold : float, optional
            In [0, 1]. By default that of the confidence.

        Returns
        -------
        numpy.ndarray of int, shape (n_domains,)

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> confidence = s.domain_confidence(
        ...     domains, n_maps=5, random_state=0, print_info=False
        ... )
        >>> confidence.n_patterns().shape
        (3,)
        """
        domains = self.domains if threshold is None else self.at_threshold(threshold)
        return domains.sizes

    def _label(self, threshold):
        """Label each pattern, see :func:`label_sure`."""
        stored = self._stored
        confidence = stored.array("confidence", np.float32)
        return label_sure(confidence, stored.array("consensus", np.int32), threshold)

    def _make_domains(self, labels, changes):
        """Make the map of labels, with changes in what it keeps in its metadata."""
        metadata = self._rename("Domains", DomainMap._signal_type)
        metadata[StoredMap.NODE] = self._stored_map.to_dict(changes)
        return self._make_map(DomainMap, self._maps(labels, -1), metadata)


class LazyDomainConfidence(LazyResultSignal, DomainConfidence, LazySignal2D):
    """The same, as it is after ``hs.load(..., lazy=True)``."""


def _recount(tree, labels):
    """Give domains of a tree the sizes that they have among labels."""
    sizes = np.bincount(labels[labels >= 0], minlength=tree.n_domains)
    return recount_patterns(tree, sizes)
