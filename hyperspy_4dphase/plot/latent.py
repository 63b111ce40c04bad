"""The latent plane beside the map of the scan: a selection in one is seen in both."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.widgets import LassoSelector, RectangleSelector

from hyperspy_4dphase.plot._checks import (
    check_callable,
    check_extent,
    check_labels,
    check_latent,
)
from hyperspy_4dphase.plot._layout import make_figure
from hyperspy_4dphase.plot._maps import ScanMap
from hyperspy_4dphase.plot._palette import UNASSIGNED, domain_colors, position_colors
from hyperspy_4dphase.plot._pattern import draw_pattern
from hyperspy_4dphase.plot._points import MANY_POINTS, PointCloud, PointDensity
from hyperspy_4dphase.plot._style import WIDEST
from hyperspy_4dphase.plot._text import AS_TYPED

_MOST_IN_LEGEND = 15


def plot_latent(
    latent,
    labels=None,
    *,
    dimensions=(0, 1),
    navigation_extent=None,
    navigation_units="px",
    mean_pattern=None,
    pattern_extent=None,
    pattern_units="px",
    title="",
):
    """Show where the probe positions lie in the latent plane and in the scan.

    Plane and map have the same colours: those of the domains, or without labels those
    of a colour chart laid over the plane. A line drawn round points in the plane
    selects their positions, and so does a rectangle drawn in the map, or a click: they
    keep their colours in both while the rest turns pale, and the third panel shows the
    mean of their patterns. A click into the plane takes the selection back.

    From 5000 points on, the plane shows their density: strong where there are many, in
    logarithm.

    Parameters
    ----------
    latent : numpy.ndarray, shape (\\*navigation_shape, latent_dim)
        In array order, with one, two or three navigation axes. NaN where masked. Of
        three navigation axes the map shows the last two: colours are mixed along the
        first.
    labels : numpy.ndarray of int, optional
        The domain of each probe position, of the navigation shape; -1 where
        unassigned.
    dimensions : tuple of int, default (0, 1)
        Which two latent dimensions span the plane.
    navigation_extent : tuple of float, optional
        Left, right, bottom and top edge of the map in `navigation_units`, as for
        :func:`matplotlib.pyplot.imshow`; left and right for one navigation axis.
        Pixels by default.
    navigation_units : str, default "px"
        Of `navigation_extent`.
    mean_pattern : callable, optional
        Takes a boolean array of the navigation shape, True where selected, and returns
        the mean pattern of these positions, 2-D or 1-D, with NaN at masked pixels.
        It is given all positions at first. Without it there is no third panel.
    pattern_extent : tuple of float, optional
        As `navigation_extent`, for the pattern.
    pattern_units : str, default "px"
        Of `pattern_extent`.
    title : str, default ""
        Of the figure.

    Returns
    -------
    LatentView

    Raises
    ------
    TypeError
        If `latent` holds no real numbers, `labels` no integers, or if `mean_pattern`
        cannot be called.
    ValueError
        If shapes do not fit, if `latent` is infinite or NaN everywhere, if a label is
        below -1, or if there are no such `dimensions`.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_4dphase.plot import plot_latent
    >>> latent = np.random.default_rng(0).normal(size=(8, 10, 2))
    >>> view = plot_latent(latent, (latent[..., 0] > 0).astype(int))
    """
    latent = check_latent(latent)
    dimensions = np.ravel(dimensions)
    if len(dimensions) != 2 or len({*dimensions} & {*range(latent.shape[-1])}) != 2:
        raise ValueError(
            f"dimensions must be two different ones of 0 to {latent.shape[-1] - 1}, "
            f"but are {dimensions}."
        )
    check_extent(navigation_extent, latent.ndim - 1, "navigation_extent")
    if mean_pattern is not None:
        check_callable(mean_pattern, "mean_pattern")
    valid = ~np.isnan(latent).any(axis=-1)
    points = latent[valid][:, dimensions]
    if labels is None:
        groups, colors = np.zeros(len(points), int), position_colors(points)
    else:
        groups = check_labels(labels, shape=valid.shape)[valid] + 1
        colors = np.vstack([UNASSIGNED, domain_colors(groups.max())])[groups]

    figure, axes = _add_panels(mean_pattern is not None, title)
    x, y = (f"latent dimension {dimension}" for dimension in dimensions)
    axes["latent"].set(xlabel=x, ylabel=y)
    if len(points) < MANY_POINTS:
        plane = PointCloud(axes["latent"], points, colors)
    else:
        plane = PointDensity(axes["latent"], points, colors, groups)
    scan = ScanMap(axes["map"], valid, colors, navigation_extent, navigation_units)
    if labels is not None:
        _draw_legend(figure, groups, colors)

    def show_pattern(selected):
        pattern = mean_pattern(selected)
        draw_pattern(axes["pattern"], pattern, pattern_extent, units=pattern_units)

    panels = plane, scan, show_pattern if mean_pattern else None
    return LatentView(figure, axes, valid, points, panels)


class LatentView:
    """The figure of :func:`plot_latent`, and what is selected in it.

    It lives as long as its figure, whether or not it is assigned to a name.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    axes : dict of matplotlib.axes.Axes
        "latent", "map" and, if there is a mean pattern to show, "pattern".
    selected : numpy.ndarray of bool
        Of the navigation shape; False everywhere if nothing is selected. Read-only.
    """

    def __init__(self, figure, axes, valid, points, panels):
        self.figure = figure
        self.axes = axes
        self._valid, self._points = valid, points
        self._plane, self._map, self._show_pattern = panels
        self._show(None)
        # Only windows are blitted: matplotlib 3.11 never frees a canvas as long as a
        # selector that blits is held, and only windows say when they are closed.
        useblit = figure.canvas.required_interactive_framework is not None
        self._lasso = LassoSelector(
            axes["latent"],
            self._on_lasso,
            useblit=useblit,
            props={"color": "0.1", "linewidth": 1.2},
        )
        self._rectangle = RectangleSelector(
            axes["map"],
            self._on_rectangle,
            useblit=useblit,
            props={"edgecolor": "0.1", "linewidth": 1.2, "fill": False},
            # A click has no width, and is to select a single position.
            minspanx=-1,
            minspany=-1,
        )
        # matplotlib refers to selectors and their methods only weakly, so that they
        # would stop working as soon as nobody holds this object. A function is held by
        # the figure's callbacks; pickling leaves it out.
        self._held = figure.canvas.mpl_connect(
            "close_event", lambda event: self._let_go()
        )

    def select(self, mask):
        """Select probe positions.

        Parameters
        ----------
        mask : numpy.ndarray of bool or None
            True where selected, of the navigation shape. Masked positions are left
            out. Nothing, or None, takes the selection back.

        Raises
        ------
        TypeError, ValueError
            If it holds no booleans, or is of another shape.

        Examples
        --------
        >>> import numpy as np
        >>> from hyperspy_4dphase.plot import plot_latent
        >>> latent = np.random.default_rng(0).normal(size=(8, 10, 2))
        >>> view = plot_latent(latent)
        >>> view.select(latent[..., 0] > 1)
        >>> int(view.selected.sum())
        10
        """
        self._show(mask)
        self.figure.canvas.draw_idle()

    def _show(self, mask):
        n_valid = self._valid.sum()
        note = f"nothing selected: all {n_valid} shown"
        if mask is None:
            mask, note = np.zeros_like(self._valid), f"{n_valid} probe positions"
        mask = np.asarray(mask)
        if mask.dtype != bool:
            raise TypeError(f"mask must hold booleans, but its type is {mask.dtype}.")
        if mask.shape != self._valid.shape:
            raise ValueError(
                f"mask has the shape {mask.shape}, but the navigation shape is "
                f"{self._valid.shape}."
            )
        self.selected = mask & self._valid
        self.selected.setflags(write=False)
        highlighted = None
        if self.selected.any():
            highlighted = self.selected
            note = f"{highlighted.sum()} of {n_valid} selected"
        self._plane.show(None if highlighted is None else highlighted[self._valid])
        self._map.show(highlighted)
        self.axes["map"].set_title(note)
        if self._show_pattern is not None:
            shown = self._valid if highlighted is None else highlighted
            self._show_pattern(shown.copy())

    def _on_lasso(self, vertices):
        selected = np.zeros_like(self._valid)
        selected[self._valid] = Path(vertices).contains_points(self._points)
        self.select(selected)

    def _on_rectangle(self, press, release):
        start, stop = (press.xdata, press.ydata), (release.xdata, release.ydata)
        self.select(self._map.inside(start, stop))

    def _let_go(self):
        self._lasso.disconnect_events()
        self._rectangle.disconnect_events()
        self.figure.canvas.mpl_disconnect(self._held)


def _add_panels(with_pattern, title):
    names = ["latent", "map", "pattern"][: 2 + with_pattern]
    panel = min(4.4, WIDEST / len(names))
    figure = make_figure(None, (panel * len(names), panel + 0.3))
    figure.get_layout_engine().set(w_pad=0.1)
    axes = figure.subplot_mosaic([names])
    axes["latent"].set_title("latent plane")
    if with_pattern:
        axes["pattern"].set_title("mean pattern")
    if title:
        figure.suptitle(title, **AS_TYPED)
    return figure, axes


def _draw_legend(figure, groups, colors):
    present, firsts, sizes = np.unique(groups, return_index=True, return_counts=True)
    if len(present) > _MOST_IN_LEGEND + 1:
        return
    names = [f"domain {group - 1}" if group else "unassigned" for group in present]
    texts = [f"{name}: {size}" for name, size in zip(names, sizes, strict=True)]
    dots = [Line2D([], [], color=colors[i], marker="s", linestyle="") for i in firsts]
    n_columns = int(figure.get_figwidth() / 1.75)
    n_rows = -(-len(present) // n_columns)
    figure.set_figheight(figure.get_figheight() + 0.25 * n_rows)
    figure.legend(
        dots,
        texts,
        loc="outside lower center",
        ncols=n_columns,
        frameon=False,
        handletextpad=0.1,
        columnspacing=1.2,
    )
