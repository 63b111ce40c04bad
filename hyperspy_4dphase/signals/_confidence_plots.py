"""Figures of a confidence."""

from hyperspy_4dphase._scalars import check_names
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.signals._confidence_summary import ConfidenceSummary
from hyperspy_4dphase.signals._domain_plots import pattern_options
from hyperspy_4dphase.signals._figure_arguments import check_figure_arguments
from hyperspy_4dphase.signals._position_patterns import check_plane, pattern_of
from hyperspy_4dphase.signals._same_values import warn_of_other_values


class ConfidencePlots(ConfidenceSummary):
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

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> confidence = s.domain_confidence(
        ...     domains, n_maps=5, random_state=0, print_info=False
        ... )
        >>> fig = confidence.plot()
        """
        from hyperspy_4dphase.plot import plot_confidence, plot_sure_domains
        from hyperspy_4dphase.plot._checks import check_names as check_figure_names
        from hyperspy_4dphase.plot._layout import make_figure, map_size
        from hyperspy_4dphase.plot._style import WIDEST
        from hyperspy_4dphase.plot._text import AS_TYPED

        check_figure_arguments(title, fig=fig, scalebar=scalebar, legend=legend)
        names = check_figure_names(names, self.n_domains, "domain {}")
        confidence, is_whole = self._values, self._is_whole
        options = self._image_options() | {"scalebar": scalebar}
        title = self.metadata.General.title if title is None else title
        width, height = map_size(confidence.shape, options["extent"])
        if is_whole:
            shrink = min(1.0, (WIDEST - 3.5) / (2 * width))
            width, height = 2 * shrink * width + 2.3, shrink * height
        width += 1.2
        fig = make_figure(fig, (width, height + 1.1))
        axes = fig.subplots(1, 1 + is_whole, squeeze=False)[0]
        plot_confidence(confidence, ax=axes[0], **options)
        if is_whole:
            options |= {"names": names, "legend": legend, "ax": axes[1]}
            plot_sure_domains(self.domains.labels, confidence, **options)
        fig.suptitle(title, **AS_TYPED)
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
            If `signal` is another scan, if there is no such plane, or if nothing was
            resolved.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> confidence = s.domain_confidence(
        ...     domains, n_maps=5, random_state=0, print_info=False
        ... )
        >>> fig = confidence.plot_posterior()
        """
        from hyperspy_4dphase.plot import plot_posterior

        check_figure_arguments(fig=fig)
        maps = self.domains.labels, self._values, self.posterior.data
        source, shape = self._find_patterns(signal), maps[0].shape
        # The leading index of all positions that are shown.
        plane = check_plane(plane, shape[0] if len(shape) > 2 else 1)
        shown = (plane,) if len(shape) > 2 else ()
        return plot_posterior(
            *(values[shown] for values in maps),
            lambda *place: pattern_of(source, (*shown, *place)[-len(shape) :]),
            names=names,
            title=self.metadata.General.title,
            fig=fig,
            **pattern_options(self._stored_map.signal_axes),
            **self._image_options(),
        )

    def plot_doubts(self, names=None, *, scalebar=True, fig=None):
        """Plot how unsure each source of doubt makes each position, and the largest.

        Where nothing was resolved the title says so: no doubt is then no sureness.

        Parameters
        ----------
        names : str or sequence of str, optional
            Some of the names of :attr:`doubts`. By default all of them.
        scalebar : bool, default True
            Whether to draw a scale bar instead of ticks.
        fig : matplotlib.figure.Figure or SubFigure, optional
            A new figure by default.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        TypeError, ValueError
            If `names` are no names, or not of doubts that there are.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> confidence = s.domain_confidence(
        ...     domains, n_maps=5, random_state=0, print_info=False
        ... )
        >>> fig = confidence.plot_doubts(["boundary", "noise"])
        """
        from hyperspy_4dphase.plot import plot_doubts

        check_figure_arguments(fig=fig, scalebar=scalebar)
        shape, doubts = self._values.shape, self.doubts
        names = check_names("names", names, doubts)
        title = self.metadata.General.title
        if not self.is_resolved:
            title += ": not resolved"
        return plot_doubts(
            {name: doubts[name].data.reshape(shape) for name in names},
            title=title,
            scalebar=scalebar,
            fig=fig,
            **self._image_options(),
        )

    def plot_rounds(self, ax=None):
        """Plot what came of each round of training and mapping.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            A new figure by default.

        Returns
        -------
        matplotlib.axes.Axes

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> confidence = s.domain_confidence(
        ...     domains, n_maps=5, random_state=0, print_info=False
        ... )
        >>> ax = confidence.plot_rounds()
        """
        from hyperspy_4dphase.plot import plot_rounds

        check_figure_arguments(ax=ax)
        rounds = self.rounds
        return plot_rounds(rounds, best=rounds.pop("best"), ax=ax)

    def plot_reliability(self, truth, one_to_one=False, *, n_bins=10, ax=None):
        """Plot how often positions of like confidence are right.

        Parameters
        ----------
        truth : DomainMap, BaseSignal or array-like of int
            As in :meth:`reliability`.
        one_to_one : bool, default False
            As in :meth:`reliability`.
        n_bins : int, default 10
            How many groups of like confidence are compared with the truth.
        ax : matplotlib.axes.Axes, optional
            A new figure by default.

        Returns
        -------
        matplotlib.axes.Axes

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> confidence = s.domain_confidence(
        ...     domains, n_maps=5, random_state=0, print_info=False
        ... )
        >>> ax = confidence.plot_reliability(truth.domain)
        """
        from hyperspy_4dphase.plot import plot_reliability

        check_figure_arguments(ax=ax)
        found = self.reliability(truth, one_to_one)
        judged = found["judged"]
        confidence, right = self._values[judged], found["correct"][judged]
        return plot_reliability(confidence, right, n_bins=n_bins, ax=ax)

    def _find_patterns(self, signal):
        """What patterns are taken from: the scan, or an embedding; or None."""
        if signal is None:
            scan = self._unchanged_scan()
            return self.embedding if scan is None else scan
        self._stored_map.check_scan(Scan.from_signal(signal))
        warn_of_other_values(signal, self._stored_map, "The confidence", 4)
        return signal
