"""Map and patterns, linked: a click in one is seen in the other."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.plot._borders import draw_outline
from hyperspy_4dphase.plot._checks import (
    check_callable,
    check_extent,
    check_labels_to_click,
    check_names,
    check_patterns,
)
from hyperspy_4dphase.plot._layout import make_figure, map_size
from hyperspy_4dphase.plot._maps import draw_domains, draw_scale_bar, find_touched
from hyperspy_4dphase.plot._palette import UNASSIGNED, domain_colors
from hyperspy_4dphase.plot._pattern import draw_pattern, proportion, spots_top
from hyperspy_4dphase.plot._place import (
    describe_place,
    draw_ring,
    locate,
    shorten,
    show_pattern,
)
from hyperspy_4dphase.plot._style import SMALL, SMALLEST, WIDEST
from hyperspy_4dphase.plot._text import AS_TYPED

# Patterns in the panel, and in each of its rows.
_MOST, _MOST_IN_ROW = 16, 8


class _Shown(NamedTuple):
    """What a view shows: as the arguments of :func:`plot_linked`."""

    labels: np.ndarray
    means: np.ndarray
    names: list
    pattern_at: object
    on_position: object
    units: str
    pattern_extent: tuple | None


def plot_linked(
    labels,
    means,
    pattern_at,
    *,
    on_position=None,
    extent=None,
    units="px",
    names=None,
    title=None,
    scalebar=True,
    pattern_extent=None,
    pattern_units="px",
    fig=None,
):
    """Show the map of domains and their mean patterns, linked.

    A click into the map shows the pattern of that position and the mean of its domain.
    A click on one of the mean patterns below draws an outline round its domain on the
    map; another one takes it back. It works wherever matplotlib is interactive, as in
    Jupyter after ``%matplotlib widget``.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (ny, nx) or (n,)
        As in :func:`plot_posterior`.
    means : numpy.ndarray, shape (n_domains, nky, nkx) or (n_domains, nk)
        Mean pattern of each domain. The panel has those of the 16 largest.
    pattern_at : callable
        As in :func:`plot_posterior`.
    on_position : callable, optional
        Is given row and column of each position that is shown after a click.
    extent, units, names, title, scalebar, pattern_extent, pattern_units : optional
        As in :func:`plot_posterior`.
    fig : matplotlib.figure.Figure, optional
        A new figure by default, at most 9 inches wide.

    Returns
    -------
    LinkedView

    Raises
    ------
    TypeError
        If `pattern_at` cannot be called, or if `labels` are no integers.
    ValueError
        If shapes do not fit, or if no position has a domain.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.repeat([0, 1, 2], [40, 24, 16]).reshape(8, 10)
    >>> patterns = np.random.default_rng(0).random((3, 12, 14))
    >>> from hyperspy_4dphase.plot import plot_linked
    >>> view = plot_linked(labels, patterns, lambda row, column: patterns[0])
    >>> view.select(5, 2)
    >>> view.position
    (5, 2)
    """
    labels = check_labels_to_click(labels)
    least = int(labels.max()) + 1
    if least < 1:
        raise ValueError("labels have no domain: they are -1 all over.")
    check_extent(extent, labels.ndim, "extent")
    check_callable(pattern_at, "pattern_at")
    if on_position is not None:
        check_callable(on_position, "on_position")
    means = np.asarray(means)
    # Of one plane of several, not all domains need be there.
    n = max(len(means) if means.ndim else 0, least)
    means = check_patterns(means, "means", n)
    check_extent(pattern_extent, means.ndim - 1, "pattern_extent")
    names = check_names(names, n, "domain {}")
    order = np.argsort(-np.bincount(labels[labels >= 0], minlength=n), kind="stable")
    shown = order[:_MOST].tolist()
    figure, axes = _add_panels(labels.shape, extent, means, pattern_extent, shown, fig)
    colors = np.vstack([domain_colors(n), UNASSIGNED])
    draw_domains(axes["map"], labels, colors, extent, units, scalebar)
    for label in shown:
        panel = axes[label]
        draw_pattern(panel, means[label], pattern_extent, top=spots_top(means[label]))
        panel.spines[:].set(color=colors[label], linewidth=2.5)
        panel.set_title(shorten(names[label], 14), fontsize=SMALLEST, **AS_TYPED)
    if means.ndim == 3 and scalebar:
        draw_scale_bar(axes[shown[0]], pattern_units, SMALLEST)
    if title:
        figure.suptitle(title, **AS_TYPED)
    shown = _Shown(labels, means, names, pattern_at, on_position, units, pattern_extent)
    return LinkedView(figure, axes, shown, pattern_units)


class LinkedView:
    """The figure of :func:`plot_linked`, and what is shown in it.

    It lives as long as its figure, whether or not it is assigned to a name.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    axes : dict of matplotlib.axes.Axes
        ``"map"``, ``"pattern"``, ``"mean"``, and one for each domain in the panel, by
        its label.
    position : tuple of int
        Row and column of the position that is shown.
    outlined : int or None
        The domain that has an outline.
    """

    def __init__(self, figure, axes, shown, pattern_units):
        self.figure, self.axes, self.outlined = figure, axes, None
        self._labels, self._means, self._names, *given = shown
        self._pattern_at, self._on_position, self._units, self._extent = given
        self._n_axes = self._labels.ndim
        self._labels = np.atleast_2d(self._labels)
        self._image = axes["map"].images[-1]
        self._ring, self._lines = draw_ring(axes["map"]), []
        first = np.argwhere(self._labels >= 0)[0]
        self._show(*map(int, first))
        if self._means.ndim == 3:
            for name in ("pattern", "mean"):
                draw_scale_bar(axes[name], pattern_units, SMALLEST)
        # matplotlib holds methods weakly, but functions as long as the figure lives.
        figure.canvas.mpl_connect(
            "button_press_event", lambda event: self._on_click(event)
        )

    def select(self, row, column):
        """Show a probe position: its pattern, and the mean of its domain.

        Parameters
        ----------
        row, column : int
            Of the position, in array order.

        Raises
        ------
        ValueError
            If there is no such position.

        Examples
        --------
        >>> import numpy as np
        >>> labels = np.repeat([0, 1, 2], [40, 24, 16]).reshape(8, 10)
        >>> patterns = np.random.default_rng(0).random((3, 12, 14))
        >>> from hyperspy_4dphase.plot import plot_linked
        >>> view = plot_linked(labels, patterns, lambda row, column: patterns[0])
        >>> view.select(5, 2)
        >>> view.axes["mean"].get_title()
        'mean of domain 1'
        """
        n_rows, n_columns = self._labels.shape
        if row not in range(n_rows) or column not in range(n_columns):
            raise ValueError(
                f"There is no position ({row}, {column}) among {n_rows} rows and "
                f"{n_columns} columns."
            )
        self._show(int(row), int(column))
        self.figure.canvas.draw_idle()

    def outline(self, label):
        """Draw a line round a domain on the map.

        Parameters
        ----------
        label : int or None
            None takes the line away.

        Raises
        ------
        ValueError
            If there is no such domain.

        Examples
        --------
        >>> import numpy as np
        >>> labels = np.repeat([0, 1, 2], [40, 24, 16]).reshape(8, 10)
        >>> patterns = np.random.default_rng(0).random((3, 12, 14))
        >>> from hyperspy_4dphase.plot import plot_linked
        >>> view = plot_linked(labels, patterns, lambda row, column: patterns[0])
        >>> view.outline(2)
        >>> view.outlined
        2
        """
        if label is not None and label not in range(len(self._means)):
            raise ValueError(
                f"There is no domain {label}: they are numbered from 0 to "
                f"{len(self._means) - 1}."
            )
        for line in self._lines:
            line.remove()
        self._lines = []
        self.outlined = label
        if label is not None:
            self._lines = draw_outline(self._image, self._labels == label)
        title = "" if label is None else f"outlined: {self._names[label]}"
        self.axes["map"].set_title(shorten(title, 40), fontsize=SMALL, **AS_TYPED)
        self.figure.canvas.draw_idle()

    def _on_click(self, event):
        # While the toolbar zooms or pans, the canvas is locked.
        if event.inaxes is None or self.figure.canvas.widgetlock.locked():
            return
        name = next((k for k, ax in self.axes.items() if ax is event.inaxes), None)
        if name == "map":
            place = event.xdata, event.ydata
            (column, row), _ = find_touched(self._image, place, place)
            self.select(int(row), int(column))
            if self._on_position is not None:
                self._on_position(int(row), int(column))
        elif isinstance(name, int):
            self.outline(None if name == self.outlined else name)

    def _show(self, row, column):
        self.position = row, column
        center, steps = locate(self._image, row, column)
        self._ring.set_data(*np.transpose([center]))
        pattern = self._pattern_at(row, column)
        show_pattern(self.axes["pattern"], pattern, self._extent, None)
        where = describe_place(center[: self._n_axes], steps, self._units)
        self.axes["pattern"].set_title(f"pattern at {where}", fontsize=SMALL)
        label, mean = int(self._labels[row, column]), self.axes["mean"]
        shown = self._means[label] if label >= 0 else np.nan * self._means[0]
        show_pattern(mean, shown, self._extent, None)
        name = self._names[label] if label >= 0 else "no domain"
        mean.set_title(
            shorten(f"mean of {name}" if label >= 0 else name, 32), **AS_TYPED
        )
        mean.title.set_fontsize(SMALL)
        color = domain_colors(len(self._means))[label] if label >= 0 else UNASSIGNED
        mean.spines[:].set(color=color, linewidth=2.5)


def _add_panels(shape, extent, means, pattern_extent, shown, figure):
    """The figure, and axes by their names: above three, below one for each domain."""
    width, height = map_size(shape, extent)
    ratio = proportion(means.shape[1:], pattern_extent)
    side = (WIDEST - 0.8) / 3
    above = max(min(side / width, 1.0) * height, side * min(ratio, 1.0)) + 0.7
    n_columns = max(min(len(shown), _MOST_IN_ROW), 4)
    n_rows = -(-len(shown) // n_columns)
    panel = (WIDEST - 0.4) / max(n_columns, 6)
    below = n_rows * (panel * ratio + 0.3)
    figure = make_figure(figure, (WIDEST, above + below))
    top, bottom = figure.subfigures(2, 1, height_ratios=[above, below])
    axes = dict(zip(("map", "pattern", "mean"), top.subplots(1, 3), strict=True))
    panels = bottom.subplots(n_rows, max(n_columns, 6), squeeze=False).ravel()
    for ax in panels[len(shown) :]:
        ax.set_axis_off()
    return figure, axes | dict(zip(shown, panels, strict=False))
