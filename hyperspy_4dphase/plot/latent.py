"""The latent plane beside the map of the scan: a selection in one is seen in both."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.path import Path
from matplotlib.widgets import LassoSelector, RectangleSelector

from hyperspy_4dphase.plot._checks import (
    check_extent,
    checked_dimensions,
    checked_labels,
    checked_latent,
)
from hyperspy_4dphase.plot._palette import UNASSIGNED, domain_colors, position_colors
from hyperspy_4dphase.plot._panels import (
    MANY_POINTS,
    PointCloud,
    PointDensity,
    ScanMap,
)
from hyperspy_4dphase.plot._pattern import MeanPattern

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
        three navigation axes the map shows the last two, looking through the first.
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
    mean_pattern : callable, optional
        Takes a boolean array of the navigation shape, True where selected, and returns
        the mean pattern of these positions, 2-D or 1-D, with NaN at masked pixels.
        It is given all positions at first. Without it there is no third panel.
    pattern_extent : tuple of float, optional
        As `navigation_extent`, for the pattern.
    pattern_units : str, default "px"
    title : str, default ""

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
    """
    latent = checked_latent(latent)
    labels = checked_labels(labels, latent.shape[:-1])
    dimensions = checked_dimensions(dimensions, latent.shape[-1])
    check_extent(navigation_extent, latent.ndim - 1, "navigation_extent")
    if mean_pattern is not None and not callable(mean_pattern):
        raise TypeError(
            "mean_pattern must be callable (it is given the selected positions), but "
            f"is of the type {type(mean_pattern).__name__}."
        )
    valid = ~np.isnan(latent).any(axis=-1)
    points = latent[valid][:, dimensions]
    groups = np.zeros(len(points), int) if labels is None else labels[valid] + 1
    colors = position_colors(points) if labels is None else _label_colors(groups)

    figure, axes = _figure(mean_pattern is not None, title)
    for axis, dimension in zip("xy", dimensions, strict=True):
        axes["latent"].set(**{f"{axis}label": f"latent dimension {dimension}"})
    if len(points) < MANY_POINTS:
        plane = PointCloud(axes["latent"], points, colors)
    else:
        plane = PointDensity(axes["latent"], points, colors, groups)
    scan = ScanMap(axes["map"], valid, colors, navigation_extent, navigation_units)
    pattern = None
    if mean_pattern is not None:
        pattern = MeanPattern(axes["pattern"], pattern_extent, pattern_units)
    if labels is not None:
        _legend(figure, groups, colors)
    return LatentView(figure, axes, valid, points, (plane, scan, pattern), mean_pattern)


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

    def __init__(self, figure, axes, valid, points, panels, mean_pattern):
        self.figure = figure
        self.axes = axes
        self._valid, self._points = valid, points
        self._plane, self._map, self._pattern = panels
        self._mean_pattern = mean_pattern
        self._show(np.zeros_like(valid), _all_shown(valid.sum()))
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
        """
        n_valid = self._valid.sum()
        note = f"nothing selected: all {n_valid} shown"
        if mask is None:
            mask, note = np.zeros_like(self._valid), _all_shown(n_valid)
        mask = np.asarray(mask)
        if mask.dtype != bool:
            raise TypeError(f"mask must hold booleans, but its type is {mask.dtype}.")
        if mask.shape != self._valid.shape:
            raise ValueError(
                f"mask has the shape {mask.shape}, but the navigation shape is "
                f"{self._valid.shape}."
            )
        selected = mask & self._valid
        if selected.any():
            note = f"{selected.sum()} of {n_valid} selected"
        self._show(selected, note)
        self.figure.canvas.draw_idle()

    def _show(self, selected, note):
        selected.setflags(write=False)
        self.selected = selected
        some = selected.any()
        self._plane.show(selected[self._valid] if some else None)
        self._map.show(selected if some else None)
        self.axes["map"].set_title(note)
        if self._pattern is not None:
            shown = selected if some else self._valid
            self._pattern.show(self._mean_pattern(shown.copy()))
            self.axes["pattern"].set_title("mean pattern")

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


def _all_shown(n_valid):
    return f"{n_valid} probe positions"


def _figure(with_pattern, title):
    names = ["latent", "map", "pattern"][: 2 + with_pattern]
    figure = plt.figure(figsize=(4.4 * len(names), 4.4), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1)
    axes = dict(zip(names, figure.subplots(1, len(names)), strict=True))
    axes["latent"].set_title("latent plane")
    if title:
        figure.suptitle(title)
    return figure, axes


def _label_colors(groups):
    colors = np.vstack([UNASSIGNED, domain_colors(groups.max())])
    return colors[groups]


def _legend(figure, groups, colors):
    present, firsts, sizes = np.unique(groups, return_index=True, return_counts=True)
    if len(present) > _MOST_IN_LEGEND + 1:
        return
    names = [f"domain {group - 1}" if group else "unassigned" for group in present]
    dots = [
        plt.Line2D([], [], color=colors[first], marker="s", linestyle="")
        for first in firsts
    ]
    texts = [f"{name}: {size}" for name, size in zip(names, sizes, strict=True)]
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
