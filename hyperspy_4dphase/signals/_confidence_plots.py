"""Figures of a confidence."""

import numpy as np

from hyperspy_4dphase._results import axes_dictionaries, image_extent
from hyperspy_4dphase._scalars import check_integer
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.signals._domain_plots import pattern_extent_of
from hyperspy_4dphase.signals._stored_map import StoredMap


class ConfidencePlots:
    """What :class:`DomainConfidence` gains to show itself."""

    def plot(self, *, names=None, title=None, scalebar=True, legend=True, fig=None):
        """Plot the confidence, and beside it the domains, the paler the less sure.

        It takes the place of HyperSpy's ``plot``, and takes none of its options. Of a
        slice only the confidence is shown.

        Parameters
        ----------
        names : sequence of str, optional
            One for each domain, for the legend. "domain 0" and so on by default.
        title : str, optional
            By default that of the confidence.
        scalebar : bool, default True
            Whether to draw scale bars instead of ticks.
        legend : bool, default True
            Whether to say how many sure probe positions each domain has.
        fig : matplotlib.figure.Figure or SubFigure, optional
            A new figure by default.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from hyperspy_4dphase.plot import plot_confidence, plot_sure_domains
        from hyperspy_4dphase.plot._layout import make_figure, map_size

        confidence, options = self._shown()
        options["scalebar"] = scalebar
        title = self.metadata.General.title if title is None else title
        width, height = map_size(confidence.shape, options["extent"])
        is_whole = self._is_whole()
        width = 2 * width + 3.5 if is_whole else width + 1.2
        fig = make_figure(fig, (width, height + 1.1))
        axes = fig.subplots(1, 1 + is_whole, squeeze=False)[0]
        plot_confidence(confidence, ax=axes[0], **options)
        if is_whole:
            options |= {"names": names, "legend": legend}
            labels = self.domains.labels
            plot_sure_domains(labels, confidence, ax=axes[1], **options)
        fig.suptitle(title)
        return fig

    def plot_posterior(self, signal=None, *, names=None, plane=0, fig=None):
        """Plot the domains, and of the position clicked the posterior and the pattern.

        Parameters
        ----------
        signal : Diffraction2D or as the scan was, optional
            Whose patterns are shown. By default the scan if it is remembered, else
            patterns are decoded from the embedding, if there is one.
        names : sequence of str, optional
            One for each domain.
        plane : int, default 0
            Which plane is shown of a scan with three navigation axes.
        fig : matplotlib.figure.Figure, optional
            A new figure by default.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ValueError
            If `signal` is another scan, or if there is no such plane.
        """
        from hyperspy_4dphase.plot import plot_posterior

        domains = self.domains
        signal = self._pattern_source(signal)
        shape = domains.labels.shape
        plane = _checked_plane(plane, shape)
        confidence, options = self._shown()
        labels, confidence, posterior = (
            values if plane is None else values[plane]
            for values in (domains.labels, confidence, self.posterior.data)
        )
        extent, units = pattern_extent_of(StoredMap.of(self).signal_axes()[0])
        return plot_posterior(
            labels,
            confidence,
            posterior,
            lambda *position: _pattern(signal, plane, len(shape), *position),
            names=names,
            pattern_extent=extent,
            pattern_units=units,
            title=self.metadata.General.title,
            fig=fig,
            **options,
        )

    def plot_doubts(self, *, scalebar=True, fig=None):
        """Plot how unsure each source of doubt makes each position, and the largest.

        Parameters
        ----------
        scalebar : bool, default True
        fig : matplotlib.figure.Figure or SubFigure, optional
            A new figure by default.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from hyperspy_4dphase.plot import plot_doubts

        confidence, options = self._shown()
        doubts = {
            name: doubt.data.reshape(confidence.shape)
            for name, doubt in self.doubts.items()
        }
        title = self.metadata.General.title
        return plot_doubts(doubts, title=title, scalebar=scalebar, fig=fig, **options)

    def plot_rounds(self, ax=None):
        """Plot what came of each round of training and mapping.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            A new figure by default.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from hyperspy_4dphase.plot import plot_rounds

        rounds = self.rounds
        return plot_rounds(rounds, best=rounds.pop("best"), ax=ax)

    def plot_reliability(self, truth, *, n_bins=10, ax=None):
        """Plot how often positions of like confidence are right.

        Parameters
        ----------
        truth : DomainMap, BaseSignal or array-like of int
            As in :meth:`reliability`.
        n_bins : int, default 10
        ax : matplotlib.axes.Axes, optional
            A new figure by default.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from hyperspy_4dphase.plot import plot_reliability

        found = self.reliability(truth)
        judged = found["judged"]
        confidence, right = self._shown()[0][judged], found["correct"][judged]
        return plot_reliability(confidence, right, n_bins=n_bins, ax=ax)

    def _shown(self):
        """Values of one to three axes, and how to draw them."""
        axes, values = axes_dictionaries(self), np.asarray(self.data)
        if values.ndim > 1 and self._is_line():
            axes, values = axes[1:], values[0]
        extent, units = image_extent(axes)
        return values, {"extent": extent, "units": units}

    def _is_line(self):
        return len(StoredMap.of(self).navigation_axes()[1]) == 1

    def _pattern_source(self, signal):
        """What patterns are taken from: the scan, or an embedding; or None."""
        if signal is None:
            scan = self._unchanged_scan()
            return self.embedding if scan is None else scan
        StoredMap.of(self).check_scan(Scan.from_signal(signal))
        return signal


def _checked_plane(plane, shape):
    if len(shape) < 3:
        return None
    plane = check_integer("plane", plane, 0)
    if plane >= shape[0]:
        raise ValueError(f"plane={plane}; there are planes 0 to {shape[0] - 1}.")
    return plane


def _pattern(source, plane, n_axes, row, column):
    """The pattern of a position of the map that is shown, or None."""
    if source is None:
        return None
    position = (column,) if n_axes == 1 else (row, column)
    position = position if plane is None else (plane, *position)
    part = source.inav[position[::-1]]
    if hasattr(source, "decode"):
        part = source.decode(part.data)
    if np.ma.is_masked(part.data):
        return np.ma.filled(part.data.astype(float), np.nan)
    return np.asarray(part.data)
