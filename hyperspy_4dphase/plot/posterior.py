"""Which domains a probe position may belong to, beside its pattern."""

import numpy as np
from matplotlib.patheffects import withStroke

from hyperspy_4dphase.plot._checks import (
    check_extent,
    checked_domain_map,
    checked_names,
    checked_shares,
)
from hyperspy_4dphase.plot._layout import figure_for, map_size, percent
from hyperspy_4dphase.plot._palette import PALE, UNASSIGNED, domain_colors
from hyperspy_4dphase.plot._panels import touched
from hyperspy_4dphase.plot._pattern import MeanPattern
from hyperspy_4dphase.plot.confidence import plot_sure_domains

_LEAST_SHOWN = 0.005
_MOST_BARS = 10
_NO_PATTERN = (
    "The scan is not in memory:\ngive it as `signal`\nto see the pattern here."
)


def plot_posterior(
    labels,
    confidence,
    posterior,
    pattern_at,
    *,
    extent=None,
    units="px",
    names=None,
    title=None,
    scalebar=True,
    pattern_extent=None,
    pattern_units="px",
    fig=None,
):
    """Show for one probe position which domains it may belong to, and its pattern.

    A click into the map, that of :func:`plot_sure_domains`, chooses the position. The
    least sure one is shown at first.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (ny, nx) or (n,)
        The domain of each probe position; -1 where masked or unassigned. A single axis
        becomes a strip, of the row 0.
    confidence : numpy.ndarray of float
        In [0, 1], of the shape of `labels`; NaN where masked.
    posterior : numpy.ndarray of float or callable
        The probability of each domain, of the shape (ny, nx, n_domains) or
        (n, n_domains), NaN where masked. Or what takes row and column of a position
        and returns its (n_domains,) probabilities.
    pattern_at : callable
        Takes row and column of a position, and returns its pattern, 2-D or 1-D, with
        NaN at masked pixels; or None if it cannot be had.
    extent, units, names, title, scalebar : optional
        As in :func:`plot_domains`, for the map. Names are also those of the bars.
    pattern_extent : tuple of float, optional
        Left, right, bottom and top edge of the pattern in `pattern_units`; for a curve,
        its first and last abscissa. Pixels by default.
    pattern_units : str, default "px"
    fig : matplotlib.figure.Figure, optional
        A new figure by default.

    Returns
    -------
    matplotlib.figure.Figure
        Its axes are the map, the bars and the pattern. Bars are those of the at most
        ten domains with more than 0.5 %, the likeliest on top; the rest is summed.

    Raises
    ------
    TypeError
        If `pattern_at` cannot be called.
    ValueError
        If shapes do not fit, if `labels` are no integers, if confidence or posterior
        hold what is not in [0, 1], or if no position has a confidence.
    """
    labels = _checked_labels(labels)
    check_extent(extent, labels.ndim, "extent")
    confidence = checked_shares(confidence, "confidence", labels.shape)
    if np.isnan(confidence).all():
        raise ValueError("confidence is NaN at every position: there is none to show.")
    if not callable(pattern_at):
        raise TypeError(
            "pattern_at must be callable (it is given row and column), but is of the "
            f"type {type(pattern_at).__name__}."
        )
    posterior = _as_function(posterior, labels)
    first = np.unravel_index(np.nanargmin(confidence), np.atleast_2d(labels).shape)
    n_domains = len(posterior(*first))
    names = checked_names(names, n_domains, "domain {}")

    figure, (scan, bars, pattern) = _panels(labels.shape, extent, fig)
    options = {"extent": extent, "units": units, "names": names, "scalebar": scalebar}
    plot_sure_domains(labels, confidence, legend=False, ax=scan, **options)
    scan.set_title("the paler, the less sure", fontsize="medium")
    if title:
        figure.suptitle(title)
    view = _Position(
        _Map(scan, labels, confidence, units, names),
        _Bars(bars, names),
        _Pattern(pattern, pattern_extent, pattern_units),
        posterior,
        pattern_at,
    )
    view.show(*first)
    # A function is held by the figure's callbacks, unlike a method.
    figure.canvas.mpl_connect("button_press_event", lambda event: view.on_click(event))
    return figure


class _Position:
    """The position that is shown in the three panels."""

    def __init__(self, scan, bars, pattern, posterior, pattern_at):
        self._map, self._bars, self._pattern = scan, bars, pattern
        self._posterior, self._pattern_at = posterior, pattern_at

    def show(self, row, column):
        row, column = int(row), int(column)
        self._bars.show(self._posterior(row, column))
        self._pattern.show(self._pattern_at(row, column))
        self._bars.name(self._map.mark(row, column))

    def on_click(self, event):
        axes = self._map.axes
        # While the toolbar zooms or pans, the canvas is locked.
        if event.inaxes is axes and not axes.figure.canvas.widgetlock.locked():
            self.show(*self._map.position(event.xdata, event.ydata))
            axes.figure.canvas.draw_idle()


class _Map:
    """Where positions are in the map, and what is known of them."""

    def __init__(self, axes, labels, confidence, units, names):
        self.axes, self._units, self._names = axes, units, names
        self._labels, self._confidence = np.atleast_2d(labels, confidence)
        self._strip = labels.ndim == 1
        self._extent = axes.images[-1].get_extent()
        (self._mark,) = axes.plot([], [], "o", markersize=9, markerfacecolor="none")
        self._mark.set(markeredgecolor="black", markeredgewidth=1.6)
        self._mark.set_path_effects([withStroke(linewidth=4, foreground="white")])

    def position(self, x, y):
        """Row and column of the position at a place in the map."""
        (column, row), _ = touched(self._labels.shape, self._extent, (x, y), (x, y))
        return row, column

    def mark(self, row, column):
        """Draw a ring round a position, and return what is to be said of it."""
        left, right, bottom, top = self._extent
        n_rows, n_columns = self._labels.shape
        steps = (right - left) / n_columns, (bottom - top) / n_rows
        x, y = left + (column + 0.5) * steps[0], top + (row + 0.5) * steps[1]
        self._mark.set_data([x], [y])
        units = f" {self._units}" if self._units else ""
        place = f"x = {_rounded(x, steps[0])}{units}"
        if not self._strip:
            place += f", y = {_rounded(y, steps[1])}{units}"
        label, confidence = self._labels[row, column], self._confidence[row, column]
        if np.isnan(confidence):
            return f"{place}\nmasked"
        name = self._names[label] if label >= 0 else "unassigned"
        return f"{place}\n{_cut(name, 22)}, {percent(confidence)} sure"


class _Bars:
    """The probabilities of one position: names and shares above bars."""

    def __init__(self, axes, names):
        self.axes, self._names = axes, names
        self._colors = np.vstack([domain_colors(len(names)), UNASSIGNED])
        n_rows = min(len(names), _MOST_BARS + 1)
        axes.set(xlim=(0, 1), ylim=(max(n_rows, 4) - 0.4, -0.6), yticks=[])
        axes.set_xticks([0, 0.5, 1], labels=["0", "50 %", "100 %"])
        axes.set_xlabel("posterior")
        axes.spines[["left", "right", "top"]].set_visible(False)

    def name(self, text):
        self.axes.set_title(text, loc="left", fontsize="medium")

    def show(self, shares):
        for artist in [*self.axes.containers, *self.axes.texts]:
            artist.remove()
        if np.isnan(shares).any():
            self.axes.text(0.5, 1, "no posterior", ha="center", va="center")
            return
        order = np.argsort(-shares, kind="stable")[:_MOST_BARS]
        order = order[shares[order] > _LEAST_SHOWN]
        rows = [(domain, self._names[domain], shares[domain]) for domain in order]
        # What no one can see is not to be named.
        rest = np.delete(shares, order).sum()
        if rest > _LEAST_SHOWN / 10:
            rows.append((-1, "others", rest))
        for place, (domain, name, share) in enumerate(rows):
            self._draw(place, self._colors[domain], name, share)

    def _draw(self, place, color, name, share):
        self.axes.barh(place + 0.18, 1, 0.36, color=PALE, zorder=0)
        self.axes.barh(place + 0.18, share, 0.36, color=color)
        style = {"y": place - 0.05, "va": "bottom", "fontsize": "small"}
        self.axes.text(0, s=_cut(name, 28), ha="left", **style)
        self.axes.text(1, s=percent(share), ha="right", **style)


class _Pattern:
    """The pattern of one position, or how to come by it."""

    def __init__(self, axes, extent, units):
        self._axes = axes
        self._pattern = MeanPattern(axes, extent, units)
        self._text = axes.text(
            0.5, 0.5, _NO_PATTERN, transform=axes.transAxes, ha="center", va="center"
        )
        axes.set_title("pattern", fontsize="medium")

    def show(self, pattern):
        known = pattern is not None
        if known:
            self._pattern.show(pattern)
        self._axes.set_axis_on() if known else self._axes.set_axis_off()
        self._text.set_visible(not known)
        for artist in (self._pattern.image, self._pattern.line):
            if artist is not None:
                artist.set_visible(known)


def _panels(shape, extent, figure):
    width, height = map_size(shape, extent)
    width = max(width, 2.0)
    size = (width + 7.4, max(height, 3.2) + 0.7)
    figure = figure_for(figure, size)
    grid = figure.add_gridspec(1, 3, width_ratios=[width, 2.6, 3.4])
    return figure, [figure.add_subplot(place) for place in grid]


def _cut(name, n_most):
    return name if len(name) <= n_most else name[: n_most - 1] + "…"


def _rounded(value, step):
    """To a tenth of a step, without zeros at the end."""
    n_decimals = max(0, 1 - int(np.floor(np.log10(abs(step)))))
    return f"{round(value, n_decimals) + 0.0:.10g}".replace("-", "−")


def _checked_labels(labels):
    labels = checked_domain_map(labels)
    if labels.ndim == 3:
        raise ValueError(
            "labels must have one or two navigation axes, so that a click means one "
            f"position, but have the shape {labels.shape}."
        )
    return labels


def _as_function(posterior, labels):
    """What returns the posterior of a position, whatever was given."""
    least = labels.max() + 1
    if callable(posterior):

        def at(row, column):
            shares = checked_shares(posterior(row, column), "posterior of a position")
            if shares.ndim != 1 or len(shares) < least:
                raise ValueError(
                    f"posterior must return one probability for each of {least} "
                    f"domains, but returned an array of the shape {shares.shape}."
                )
            return shares

        return at
    found = np.shape(posterior)
    if found[:-1] != labels.shape or found[-1] < max(least, 1):
        raise ValueError(
            f"posterior must have the shape {(*labels.shape, 'n_domains')}, with "
            f"{least} domains or more, but the shape is {found}."
        )
    shares = checked_shares(posterior, "posterior")
    shares = shares.reshape(*np.atleast_2d(labels).shape, found[-1])
    return lambda row, column: shares[row, column]
