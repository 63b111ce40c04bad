"""Figures of a map of phases."""

import numpy as np

from hyperspy_4dphase.signals._domain_plots import pattern_options
from hyperspy_4dphase.signals._scan_map import ScanMap
from hyperspy_4dphase.signals._stored_phases import AMORPHOUS

_DIRECTIONS = {"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1)}
_MOST_PATTERNS = 15


class PhasePlots(ScanMap):
    """What :class:`PhaseMap` gains to show itself."""

    def plot(
        self, direction="z", *, patterns=None, title=None, scalebar=True, fig=None
    ):
        """Plot phases, orientations, and the pattern of each domain with its template.

        It takes the place of HyperSpy's ``plot``, and takes none of its options.

        Parameters
        ----------
        direction : {"x", "y", "z"}, default "z"
            Direction of the sample whose place in the crystal colours the map of
            orientations, by the inverse pole figure of each phase; ``"z"`` is along the
            beam.
        patterns : bool, optional
            Whether mean patterns are drawn, of the 15 largest domains. By default if
            they can be had without reading a file again.
        title : str, optional
            By default that of the map.
        scalebar : bool, default True
            Whether to draw scale bars instead of ticks.
        fig : matplotlib.figure.Figure or SubFigure, optional
            A new figure by default.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ValueError
            If `direction` is no such direction, or if this is a slice.

        Examples
        --------
        >>> from hyperspy_4dphase.data import battery_interface, structure
        >>> s, truth = battery_interface((24, 26), (48, 52), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> phases = domains.identify(structure("NMC622"))
        >>> fig = phases.plot()
        """
        from hyperspy_4dphase.plot import plot_phases
        from hyperspy_4dphase.plot._palette import domain_colors

        if direction not in _DIRECTIONS:
            raise ValueError(
                f"direction={direction!r}; expected one of {tuple(_DIRECTIONS)}."
            )
        self._check_whole()
        names = self.names
        stored = self._stored_map
        if patterns is None:
            known = any(stored.get(n) is not None for n in ("inner", "mean_patterns"))
            patterns = known or (self.scan is not None and not self.scan._lazy)
        has_orientations = np.isfinite(self.quaternions).any()
        colors = domain_colors(len(names))
        return plot_phases(
            self.phase_ids,
            names,
            colors,
            orientations=self._orientation_colors(direction)
            if has_orientations
            else None,
            orientations_title=f"inverse pole figure, {direction}",
            point_groups=self._point_groups() if has_orientations else None,
            panels=self._panels(colors) if patterns else (),
            title=self.metadata.General.title if title is None else title,
            scalebar=scalebar,
            fig=fig,
            pattern_extent=pattern_options(stored.signal_axes)["pattern_extent"],
            **self._image_options(),
        )

    def plot_phase_summary(
        self,
        confidence=None,
        *,
        names=None,
        signal=None,
        title=None,
        fig=None,
        show_progressbar=None,
    ):
        """Plot map, confidence, doubts, sizes, names and mean patterns on one page.

        The figure is that of :meth:`DomainMap.plot_phase_summary`, of :attr:`domains`.

        Parameters
        ----------
        confidence : DomainConfidence, optional
            Of the same domains: ``s.domain_confidence(phases.domains)``.
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
        >>> from hyperspy_4dphase.data import battery_interface, structure
        >>> s, truth = battery_interface((24, 26), (48, 52), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> phases = domains.identify(structure("NMC622"))
        >>> fig = phases.plot_phase_summary()
        """
        return self.domains.plot_phase_summary(
            confidence,
            phases=self,
            names=names,
            signal=signal,
            title=title,
            fig=fig,
            show_progressbar=show_progressbar,
        )

    def to_html(
        self,
        filename,
        confidence=None,
        *,
        names=None,
        signal=None,
        title=None,
        overwrite=None,
        show_progressbar=None,
    ):
        """Write all that was found as a web page: one file, which any browser shows.

        The page is that of :meth:`DomainMap.to_html`, of :attr:`domains`.

        Parameters
        ----------
        filename : str or pathlib.Path
            It gets ``.html`` unless it has it. Folders are made as needed.
        confidence, names, signal, title : optional
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
        >>> from hyperspy_4dphase.data import battery_interface, structure
        >>> s, truth = battery_interface((24, 26), (48, 52), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> phases = domains.identify(structure("NMC622"))
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = phases.to_html(f"{folder}/scan")
        >>> path.name
        'scan.html'
        """
        return self.domains.to_html(
            filename,
            confidence,
            phases=self,
            names=names,
            signal=signal,
            title=title,
            overwrite=overwrite,
            show_progressbar=show_progressbar,
        )

    def _orientation_colors(self, direction):
        """Colours of orientations, (*navigation_shape, 3), NaN where there is none."""
        from orix.plot import IPFColorKeyTSL
        from orix.quaternion import Orientation
        from orix.vector import Vector3d

        ids, turns = self.phase_ids, self._position_quaternions()
        colors = np.full((*ids.shape, 3), np.nan)
        for i, phase in enumerate(self._every_phase()):
            inside = ids == i
            if phase.name == AMORPHOUS or not inside.any():
                continue
            laue = phase.point_group.laue
            key = IPFColorKeyTSL(laue, direction=Vector3d(_DIRECTIONS[direction]))
            turned = Orientation(turns[inside], symmetry=laue)
            colors[inside] = key.orientation2color(turned)
        return colors

    def _point_groups(self):
        """Point groups of the crystalline phases that are in the map, by name."""
        ids, every = self.phase_ids, self._every_phase()
        return {
            phase.name: phase.point_group
            for i, phase in enumerate(every)
            if phase.name != AMORPHOUS and (ids == i).any()
        }

    def _panels(self, colors):
        """Mean patterns of the largest domains, with their templates."""
        from hyperspy_4dphase.plot.phases import PatternPanel

        kept = self._stored_map.get("inner")
        means = self.mean_patterns().data if kept is None else kept["means"]
        means = np.asarray(means).reshape(-1, *self._stored_map.signal_shape)
        labels, names = self._domain_labels(), self._stored.names
        sizes = np.bincount(labels[labels >= 0], minlength=len(means))
        chosen = self._choose_scores("probability")
        grey, every, sets = np.full(3, 0.62), self.names, self.sets
        panels = []
        for domain in np.argsort(-sizes, kind="stable")[:_MOST_PATTERNS]:
            phase = names.phase[domain]
            title = names.kind[domain] if phase < 0 else every[phase]
            if np.isfinite(chosen[domain]):
                title += f" ({chosen[domain]:.2f})"
                others = [name for name in sets[domain] if name != every[phase]]
                if others:
                    several = f"{len(others)} others" if others[1:] else others[0]
                    title += f" or {several}"
            panels.append(
                PatternPanel(
                    means[domain],
                    f"{domain}: {title}",
                    colors[phase] if phase >= 0 else grey,
                    self._template_spots(domain),
                )
            )
        return panels

    def _template_spots(self, domain):
        """Spots of the template of a domain, or None."""
        from hyperspy_4dphase.estimators.orientation import template_spots
        from hyperspy_4dphase.plot.phases import Spots

        names, phase = self._stored.names, self._stored.names.phase[domain]
        if not 0 <= phase < len(names.probability[0]):
            return None
        geometry, settings = self._geometry(), self.settings
        shape = self._stored_map.signal_shape
        reflections = self.candidates[phase].reflections(geometry.reach(shape))
        found = template_spots(
            reflections,
            names.quaternions[domain, phase],
            settings["wavelength"],
            geometry,
            shape,
            excitation_width=names.excitation_width[domain, phase],
        )
        return Spots(found.rows, found.columns, found.weight, found.hkl)

    def _geometry(self):
        """PatternGeometry that patterns were matched in."""
        from hyperspy_4dphase.estimators.orientation import PatternGeometry

        settings = self.settings
        kept = {name: settings[name] for name in PatternGeometry._fields}
        kept["center"] = tuple(np.asarray(kept["center"], float).tolist())
        return PatternGeometry(**kept)
