"""How sure a map is, with all else that was found, on one page."""

from hyperspy_4dphase.signals._scan_map import ScanMap


class ConfidenceSummary(ScanMap):
    """What :class:`DomainConfidence` gains to be summed up."""

    def plot_phase_summary(
        self,
        classes=None,
        phases=None,
        *,
        names=None,
        signal=None,
        title=None,
        fig=None,
        show_progressbar=None,
    ):
        """Plot map, confidence, doubts, sizes, names and mean patterns on one page.

        The figure is that of :meth:`DomainMap.plot_phase_summary`, of :attr:`domains`:
        positions below the threshold have none. With `phases` it is of the domains that
        these name.

        Parameters
        ----------
        classes : DomainClasses or sequence of str, optional
            What :meth:`DomainMap.classify` gave.
        phases : PhaseMap, optional
            What :meth:`DomainMap.identify` gave of the same domains.
        names, signal, title, fig, show_progressbar : optional
            As in :meth:`DomainMap.plot_phase_summary`.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        TypeError
            As :meth:`DomainMap.plot_phase_summary`.
        ValueError
            If this is a slice; and as :meth:`DomainMap.plot_phase_summary`.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> confidence = s.domain_confidence(
        ...     domains, n_maps=5, random_state=0, print_info=False
        ... )
        >>> fig = confidence.plot_phase_summary()
        """
        return self._summed_up(phases).plot_phase_summary(
            self,
            classes,
            phases,
            names=names,
            signal=signal,
            title=title,
            fig=fig,
            show_progressbar=show_progressbar,
        )

    def to_html(
        self,
        filename,
        classes=None,
        phases=None,
        *,
        names=None,
        signal=None,
        title=None,
        overwrite=None,
        show_progressbar=None,
    ):
        """Write all that was found as a web page: one file, which any browser shows.

        The page is that of :meth:`DomainMap.to_html`, of :attr:`domains`: positions
        below the threshold have none. With `phases` it is of the domains that these
        name.

        Parameters
        ----------
        filename : str or pathlib.Path
            It gets ``.html`` unless it has it. Folders are made as needed.
        classes, phases, names, signal, title : optional
            As in :meth:`plot_phase_summary`.
        overwrite : bool, optional
            Whether a file of that name is replaced. By default it is asked, as
            HyperSpy's ``save`` does.
        show_progressbar : bool, optional
            As in :meth:`mean_patterns`.

        Returns
        -------
        pathlib.Path or None
            The file; None if there is one that was not to be replaced.

        Raises
        ------
        FileExistsError, IsADirectoryError, NotADirectoryError, TypeError
            As :meth:`DomainMap.to_html`.
        ValueError
            If this is a slice; and as :meth:`DomainMap.to_html`.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> confidence = s.domain_confidence(
        ...     domains, n_maps=5, random_state=0, print_info=False
        ... )
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = confidence.to_html(f"{folder}/scan")
        >>> path.name
        'scan.html'
        """
        return self._summed_up(phases).to_html(
            filename,
            self,
            classes,
            phases,
            names=names,
            signal=signal,
            title=title,
            overwrite=overwrite,
            show_progressbar=show_progressbar,
        )

    def _summed_up(self, phases):
        """The domains that a page is of: those that are named, or sure positions."""
        named = getattr(phases, "domains", None)
        return self.domains if named is None else named
