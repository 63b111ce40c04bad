"""How surely each probe position belongs to its domain."""

import numpy as np
from hyperspy.signals import LazySignal2D, Signal2D

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._results import axes_dictionaries, plain, scan_metadata
from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.estimators.domains import recount_patterns
from hyperspy_4dphase.signals._confidence_maps import ConfidenceMaps
from hyperspy_4dphase.signals._confidence_plots import ConfidencePlots
from hyperspy_4dphase.signals._scan_reference import ScanReference
from hyperspy_4dphase.signals._stored_confidence import (
    NODE,
    stored_confidence,
    sure_labels,
)
from hyperspy_4dphase.signals._stored_map import NODE as MAP
from hyperspy_4dphase.signals._stored_map import map_of_scan, stored_map
from hyperspy_4dphase.signals.domain_map import DomainMap


class DomainConfidence(ScanReference, ConfidenceMaps, ConfidencePlots, Signal2D):
    """The probability that each probe position is of its domain: ``(|x, y)``.

    Made by ``s.domain_confidence()``: float32 in [0, 1], NaN where masked, with the
    axes of a :class:`DomainMap`. Domain ``k`` is the same in :attr:`domains`, in
    :attr:`posterior` and in :meth:`mean_patterns`, at any threshold: a high one may
    leave a domain without any position. It saves to ``.hspy`` and ``.zspy`` and
    reloads whole.

    Notes
    -----
    A slice (``confidence.isig[:10, :10]``) has values of its own. All that belongs to
    the whole scan, from :attr:`domains` to the plots, needs the whole confidence: take
    it first and slice that, as in ``confidence.domains.isig[:10, :10]``.

    A scan in memory is not kept there: mean patterns can be had without giving it as
    long as it is there. A lazy one is remembered. Neither is saved.
    """

    _signal_type = "domain_confidence"

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
            `sample_weight`, `rounds` and `embedding`, see
            ``_stored_confidence.stored_confidence``.

        Returns
        -------
        DomainConfidence
        """
        own = stored_confidence(
            ensemble, threshold=threshold, provenance=provenance, **record
        )
        labels = sure_labels(own["confidence"], own["consensus"], threshold)
        tree = _with_sizes(tree, labels)
        branches = {
            NODE: own,
            MAP: stored_map(scan, labels, tree, provenance, compression),
        }
        values = own["confidence"]
        return map_of_scan(cls, scan, "Confidence", values, np.nan, **branches)

    @property
    def domains(self):
        """DomainMap: The domains, -1 where the confidence is below `threshold`."""
        return self._map(self._stored.get("threshold"), self._map_branch())

    def at_threshold(self, threshold):
        """The domains at another threshold.

        Parameters
        ----------
        threshold : float
            In [0, 1]: positions that are less sure become -1. At 0 all have a domain
            that are not masked, but those without counts enough for any.

        Returns
        -------
        DomainMap
            Numbered as :attr:`domains`.
        """
        threshold = check_number("threshold", threshold, 0, 1)
        tree = _with_sizes(self._stored_map.tree(), self._stored.labels(threshold))
        own = self._map_branch() | {"tree": tree.to_arrays()}
        return self._map(
            threshold,
            own | {"mean_patterns": None, "variances": None, "expected": None},
        )

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
        return self._stored.rounds()

    @property
    def embedding(self):
        """LatentEmbedding or None: That of the best round, if there is one."""
        self._check_whole()
        axes, _ = self._stored_map.navigation_axes()
        return self._stored.embedding(axes, scan_metadata(self))

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
        """
        if threshold is not None:
            domains = self.at_threshold(threshold)
            return domains.mean_patterns(signal, show_progressbar=show_progressbar)
        domains = self.domains
        means = domains.mean_patterns(signal, show_progressbar=show_progressbar)
        for name in ("mean_patterns", "variances"):
            read = domains.metadata.get_item(f"{MAP}.{name}")
            self.metadata.set_item(f"{MAP}.{name}", read)
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
        """
        if threshold is None:
            return self.domains.sizes
        return self.at_threshold(threshold).sizes

    def _map_branch(self):
        return plain(self.metadata.get_item(MAP))

    def _map(self, threshold, own):
        labels = self._maps(self._stored.labels(threshold), -1)
        title = self._titled("Domains")
        metadata = title | {"Signal": {"signal_type": "domain_map"}, MAP: own}
        domains = DomainMap(labels, axes=axes_dictionaries(self), metadata=metadata)
        domains._reference = self._reference
        return domains


class LazyDomainConfidence(DomainConfidence, LazySignal2D):
    """The same, as it is after ``hs.load(..., lazy=True)``."""

    _lazy = True


def _with_sizes(tree, labels):
    """The tree with the sizes that domains have among labels."""
    sizes = np.bincount(labels[labels >= 0], minlength=tree.n_domains)
    return recount_patterns(tree, sizes)
