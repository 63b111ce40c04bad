"""Results in larger bins: adding labels, or probabilities, up would mean nothing."""

import numpy as np
from hyperspy.signals import Signal1D, Signal2D

from hyperspy_4dphase._results import axes_dictionaries, plain
from hyperspy_4dphase.signals._result_signal import ResultSignal


class Rebinned(ResultSignal):
    """What results gain to be put into other bins."""

    def rebin(self, new_shape=None, scale=None, crop=True, dtype=None, out=None):
        """Put the positions into larger, or smaller, bins.

        HyperSpy would add values up. Here labels are those that most of a bin has, an
        unassigned one only where more of it is unassigned than is of any domain, and
        confidences and latent points are means of those that are known.

        Parameters
        ----------
        new_shape, scale, crop, out : optional
            As of :meth:`hyperspy.api.signals.BaseSignal.rebin`.
        dtype : numpy.dtype or "same", optional
            By default that of the values.

        Returns
        -------
        The same kind of result
            A part of it, as a slice is; None if `out` is given.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> domains.rebin(scale=(2, 2))
        <DomainMap, title: Domains of Oxide bilayer, dimensions: (|8, 7)>
        """
        options = {"new_shape": new_shape, "scale": scale, "crop": crop}
        values, axes = self._rebin(options)
        if dtype is not None and dtype != "same":
            values = values.astype(dtype)
        if out is not None:
            # HyperSpy knows what else follows from other axes.
            super().rebin(**options, out=out)
            out.data = values
            out.events.data_changed.trigger(obj=out)
            made, result = out, None
        else:
            made = result = self._make_rebinned(values, axes)
        if hasattr(made, "_stored_map"):
            made._stored_map.know_values(made.data, is_part=True)
        return result

    def _make_rebinned(self, values, axes):
        made = self._plain_class(values, axes=axes, metadata=plain(self.metadata))
        made.set_signal_type(self._signal_type)
        made.original_metadata.add_dictionary(self.original_metadata.as_dictionary())
        if hasattr(self, "_reference"):
            made._reference = self._reference
        return made.as_lazy() if self._lazy else made

    def _add_up(self, values, options):
        """Add numbers of the shape of the data up, in bins."""
        numbers = self._plain_class(
            np.asarray(values, float), axes=axes_dictionaries(self)
        )
        return numbers.rebin(**options)

    @property
    def _plain_class(self):
        return Signal2D if self.axes_manager.signal_dimension == 2 else Signal1D


class RebinnedLabels(Rebinned):
    """For maps of labels."""

    def _rebin(self, options):
        values = np.asarray(self.data)
        labels = np.unique(values)
        # Of two that have as much of a bin, the first one is taken.
        labels = np.concatenate([labels[labels >= 0], labels[labels < 0]])
        most = found = None
        for label in labels:
            share = self._add_up(values == label, options)
            if most is None:
                most, found = share.data, np.full(share.data.shape, label, values.dtype)
                continue
            # Sums of parts of positions are rounded.
            more = share.data > most * (1 + 1e-9)
            most, found = np.where(more, share.data, most), np.where(more, label, found)
        return found.astype(values.dtype), axes_dictionaries(share)


class RebinnedValues(Rebinned):
    """For maps of probabilities, or points."""

    def _rebin(self, options):
        values = np.asarray(self.data)
        known = np.isfinite(values)
        total = self._add_up(np.where(known, values, 0), options)
        n = self._add_up(known, options).data
        means = np.divide(total.data, n, out=np.full(n.shape, np.nan), where=n > 0)
        return means.astype(values.dtype), axes_dictionaries(total)
