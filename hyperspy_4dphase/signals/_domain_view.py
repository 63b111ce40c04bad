"""The map of domains and their patterns, linked, also with HyperSpy's own figures."""

import weakref

import numpy as np
from hyperspy.signal import BaseSignal

from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.signals._domain_patterns import check_whole
from hyperspy_4dphase.signals._domain_plots import pattern_options
from hyperspy_4dphase.signals._figure_arguments import check_figure_arguments
from hyperspy_4dphase.signals._position_patterns import check_plane, pattern_of
from hyperspy_4dphase.signals._same_values import warn_of_other_values
from hyperspy_4dphase.signals._scan_map import ScanMap


class DomainView(ScanMap):
    """What :class:`DomainMap` gains to be clicked on."""

    def plot_linked(
        self, signal=None, *, names=None, plane=0, fig=None, show_progressbar=None
    ):
        """Plot the map and the mean patterns, linked by clicks.

        A click into the map shows the pattern of that position, and the mean of its
        domain; a click on one of the mean patterns draws an outline round its domain.
        Where the scan is plotted by HyperSpy, its navigator follows, and is followed.

        Parameters
        ----------
        signal : Diffraction2D or as the scan was, optional
            Whose patterns are shown, and whose means are read if they are not known. By
            default the scan, if it is remembered.
        names : sequence of str, optional
            One for each domain.
        plane : int, default 0
            Which plane is shown of a scan with three navigation axes.
        fig : matplotlib.figure.Figure, optional
            A new figure by default.
        show_progressbar : bool, optional
            As in :meth:`mean_patterns`.

        Returns
        -------
        hyperspy_4dphase.plot.LinkedView

        Raises
        ------
        ValueError
            If this is a slice, if there is no such plane; and as :meth:`mean_patterns`.

        Notes
        -----
        In Jupyter, ``%matplotlib widget`` makes figures interactive; it needs ipympl.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> view = domains.plot_linked()
        >>> view.outline(1)
        """
        from hyperspy_4dphase.plot import plot_linked

        check_figure_arguments(fig=fig)
        check_whole(self, "plot_linked()")
        stored = self._stored_map
        scan = self._unchanged_scan() if signal is None else signal
        if signal is not None:
            stored.check_scan(Scan.from_signal(signal))
            warn_of_other_values(signal, stored, "The map", 3)
        labels = self.labels
        is_stack = labels.ndim == 3
        plane = check_plane(plane, len(labels) if is_stack else 1)
        shown = (plane,) if is_stack else ()
        means, _ = self._means(signal, show_progressbar)
        n_axes = labels.ndim
        link = _Link(scan, shown, n_axes)
        view = plot_linked(
            labels[shown],
            np.asarray(means).reshape(-1, *stored.signal_shape),
            lambda *place: pattern_of(scan, (*shown, *place)[-n_axes:]),
            on_position=link.move,
            names=names,
            title=self.metadata.General.title,
            fig=fig,
            **pattern_options(stored.signal_axes),
            **self._image_options(),
        )
        link.follow(view)
        return view


class _Link:
    """Ties a view to the position that HyperSpy shows of a scan.

    Parameters
    ----------
    scan : BaseSignal or None
    shown : tuple of int
        The plane, where there are several.
    n_axes : int
        Of the scan.
    """

    def __init__(self, scan, shown, n_axes):
        self._manager = scan.axes_manager if isinstance(scan, BaseSignal) else None
        self._shown, self._n_axes = shown, n_axes

    def move(self, row, column):
        """Let HyperSpy's figures of the scan show a position."""
        if self._manager is not None:
            place = (*self._shown, row, column)[-self._n_axes :]
            self._manager.indices = place[::-1]

    def follow(self, view):
        """Let a view show what HyperSpy's figures do, until it is closed."""
        if self._manager is None:
            return
        manager, held = self._manager, weakref.ref(view)

        def show():
            view = held()
            if view is None:
                # Its figure is gone; not all canvases say when they are closed.
                manager.events.indices_changed.disconnect(show)
                return
            *plane, row, column = (0, *manager.indices[::-1])[-max(self._n_axes, 2) :]
            if tuple(plane) == self._shown and (row, column) != view.position:
                view.select(row, column)

        manager.events.indices_changed.connect(show, [])

        def stop(event):
            if show in manager.events.indices_changed.connected:
                manager.events.indices_changed.disconnect(show)

        view.figure.canvas.mpl_connect("close_event", stop)
