"""The maps that a confidence holds, and what they say where the truth is known."""

import numpy as np
from hyperspy.signals import Signal1D, Signal2D

from hyperspy_4dphase._results import axes_dictionaries, check_map, fill_excluded
from hyperspy_4dphase._scalars import check_flags
from hyperspy_4dphase.estimators.confidence import (
    DOUBTS_FOUND,
    judge_labels,
    measure_errors,
)
from hyperspy_4dphase.signals._scan_map import ScanMap, show_last_two
from hyperspy_4dphase.signals._stored_confidence import StoredConfidence


class ConfidenceMaps(ScanMap):
    """What :class:`DomainConfidence` gains to give what belongs to each position."""

    @property
    def n_domains(self):
        """int: Number of domains."""
        return int(np.shape(self._stored.get("posterior"))[1])

    @property
    def posterior(self):
        """BaseSignal (x, y | domain): Probability of each domain; NaN where masked.

        The sum is less than 1 by the probability of none of these domains, as they are.
        NaN all over if nothing was resolved.
        """
        posterior = self._maps(self._stored.array("posterior", np.float32))
        posterior = posterior.reshape(*self._values.shape, -1)
        domain = {"name": "domain", "size": posterior.shape[-1], "navigate": False}
        axes = [*self._stored_map.navigation_axes, domain]
        return Signal1D(posterior, axes=axes, metadata=self._rename("Posterior"))

    @property
    def overlap(self):
        """Signal2D ``(|x, y)``: Mean overlap of the domains of pairs of maps."""
        return self._image(self._stored.array("overlap"), "Overlap")

    @property
    def doubts(self):
        """dict of str to Signal2D ``(|x, y)``: How unsure each source makes it.

        ``"boundary"`` and ``"noise"`` come of the source ``"noise"`` of
        ``s.domain_confidence()``; ``"resampling"``, ``"kinds"`` and ``"distortion"`` of
        those of the same name; ``"domain"``, ``"unresolved"`` and ``"misfit"`` of
        ``"structure"``. They are in this order.
        """
        doubts = self._stored.get("doubts")
        # Files put names in their own order.
        names = [name for name in DOUBTS_FOUND if name in doubts]
        return {
            name: self._image(np.asarray(doubts[name]), f"Doubt ({name})")
            for name in names
        }

    def _doubt_values(self, name):
        """One of the doubts as an array of the shape of the data, or None."""
        doubts = self._stored.get("doubts")
        return self._maps(np.asarray(doubts[name])) if name in doubts else None

    @property
    def sample_weight(self):
        """BaseSignal: For ``s.vae_embed(sample_weight=...)``: the unsure more often.

        Its data have the navigation shape of the scan. Domains are balanced; masked
        positions have weight 0, the others a mean of 1.
        """
        weights = self._maps(self._stored.array("sample_weight"), 0)
        weights = weights.reshape(self._values.shape)
        cls = Signal1D if weights.ndim == 1 else Signal2D
        axes = show_last_two(self._stored_map.navigation_axes)
        return cls(weights, axes=axes, metadata=self._rename("Sample weight"))

    def reliability(self, truth, one_to_one=False):
        """How well the confidence says which positions are mislabelled.

        Parameters
        ----------
        truth : DomainMap, BaseSignal or array-like of int
            True classes, of the navigation shape in array order; -1 where unknown.
        one_to_one : bool, default False
            If False, each domain stands for the class of which it holds most: a class
            in several pieces is right. If True, each domain stands for another class,
            such that most positions are right: of a class in several pieces only one
            is.

        Returns
        -------
        dict
            ``"expected_calibration_error"``: see
            :func:`hyperspy_4dphase.plot.calibration_error`. ``"error"``: share of
            mislabelled positions; ``"error_without_least_sure"``: without the 5 % least
            sure. ``"auroc"``: probability that a mislabelled position is less sure than
            a right one; NaN if all are one or the other. ``"overconfident"``: share of
            the mislabelled positions that has a confidence above 0.9; NaN if there is
            none. ``"judged"`` and ``"correct"``: which positions have a domain and a
            class, and which of these are right; bool, of the navigation shape.

        Raises
        ------
        TypeError, ValueError
            If `truth` does not hold integers, or has another shape, or if nothing was
            resolved.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> confidence = s.domain_confidence(
        ...     domains, n_maps=5, random_state=0, print_info=False
        ... )
        >>> found = confidence.reliability(truth.domain)
        >>> found["error"] < 0.2
        True
        """
        from hyperspy_4dphase.plot import calibration_error

        check_flags(one_to_one=one_to_one)
        labels, confidence = self.at_threshold(0).labels, self._values
        truth = check_map("truth", truth, labels.shape, integers=True)
        truth = truth.astype(np.int64)
        judged, correct = judge_labels(labels, confidence, truth, one_to_one)
        sure, right = confidence[judged], correct[judged]
        return {
            "expected_calibration_error": calibration_error(sure, right),
            **measure_errors(sure, right),
            "judged": judged,
            "correct": correct,
        }

    @property
    def _stored(self):
        return StoredConfidence(self)

    def _image(self, values, what):
        axes = axes_dictionaries(self)
        return Signal2D(self._maps(values), axes=axes, metadata=self._rename(what))

    def _maps(self, values, fill_value=np.nan):
        """Rows of patterns as maps of the shape of the data."""
        self._check_whole()
        excluded = self._stored_map.array("excluded_patterns", bool)
        values = fill_excluded(values, excluded, fill_value)
        return values.reshape(*self.data.shape, *values.shape[1:])
