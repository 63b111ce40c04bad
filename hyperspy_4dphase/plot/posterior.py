"""Which domains a probe position may belong to, beside its pattern."""

import numpy as np

from hyperspy_4dphase.plot._checks import (
    check_callable,
    check_extent,
    check_fractions,
    check_labels_to_click,
    check_names,
)
from hyperspy_4dphase.plot._layout import format_percent, make_figure, map_size
from hyperspy_4dphase.plot._maps import find_touched
from hyperspy_4dphase.plot._palette import PALE, UNASSIGNED, domain_colors
from hyperspy_4dphase.plot._place import (
    describe_place,
    draw_ring,
    locate,
    shorten,
    show_pattern,
)
from hyperspy_4dphase.plot._style import WIDEST
from hyperspy_4dphase.plot._text import AS_TYPED
from hyperspy_4dphase.plot.confidence import plot_sure_domains

# A posterior below it gets no bar of its own.
_LEAST_SHOWN = 0.005
_MOST_BARS = 10


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
        In [0, 1], of the shape of `labels`; NaN where masked, or not resolved.
    posterior : numpy.ndarray of float, shape (ny, nx, n_domains) or (n, n_domains)
        The probability of each domain; NaN where the confidence is.
    pattern_at : callable
        Takes row and column of a position, and returns its pattern, 2-D or 1-D, with
        NaN at masked pixels; or None if it cannot be had.
    extent, units, names, title, scalebar : optional
        As in :func:`plot_domains`, for the map. Names are also those of the bars.
    pattern_extent : tuple of float, optional
        Left, right, bottom and top edge of the pattern in `pattern_units`; for a curve,
        its first and last abscissa. Pixels by default.
    pattern_units : str, default "px"
        Of `pattern_extent`.
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
        If `pattern_at` cannot be called, or if `labels` are no integers.
    ValueError
        If shapes do not fit, if confidence or posterior hold what is not in [0, 1], or
        if no position has a domain or a confidence.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.repeat([0, 1, 2], [40, 24, 16]).reshape(8, 10)
    >>> confidence = np.linspace(0.6, 1, 80).reshape(8, 10)
    >>> from hyperspy_4dphase.plot import plot_posterior
    >>> posterior = np.full((8, 10, 3), 0.1)
    >>> fig = plot_posterior(
    ...     labels, confidence, posterior, lambda row, column: np.ones((12, 14))
    ... )
    """
    labels = check_labels_to_click(labels)
    check_extent(extent, labels.ndim, "extent")
    confidence = check_fractions(confidence, "confidence", labels.shape)
    unknown = np.isnan(confidence)
    if unknown.all() and labels.max() < 0:
        raise ValueError("confidence is NaN at every position: there is none to show.")
    check_callable(pattern_at, "pattern_at")
    posterior = _check_posterior(posterior, labels)
    # Where nothing is resolved, that is the first position of a domain.
    unsure = np.where(unknown, 2 - (labels >= 0), confidence - 1)
    first = np.unravel_index(unsure.argmin(), np.atleast_2d(labels).shape)
    names = check_names(names, posterior.shape[-1], "domain {}")

    figure, (scan, bars, pattern) = _add_panels(labels.shape, extent, len(names), fig)
    options = {"extent": extent, "units": units, "names": names, "scalebar": scalebar}
    plot_sure_domains(labels, confidence, legend=False, ax=scan, **options)
    if title:
        figure.suptitle(title, **AS_TYPED)
    ring, image = draw_ring(scan), scan.images[-1]
    label, sure = np.atleast_2d(labels, confidence)

    def show(row, column):
        center, steps = locate(image, row, column)
        ring.set_data(*np.transpose([center]))
        _draw_bars(bars, posterior[row, column], names)
        show_pattern(pattern, pattern_at(row, column), pattern_extent, pattern_units)
        domain = _describe_domain(label[row, column], sure[row, column], names)
        place = describe_place(center[: labels.ndim], steps, units)
        bars.set_title(f"{place}\n{domain}", loc="left", fontsize="medium", **AS_TYPED)

    def on_click(event):
        # While the toolbar zooms or pans, the canvas is locked.
        if event.inaxes is scan and not figure.canvas.widgetlock.locked():
            place = event.xdata, event.ydata
            (column, row), _ = find_touched(image, place, place)
            show(int(row), int(column))
            figure.canvas.draw_idle()

    show(*map(int, first))
    figure.canvas.mpl_connect("button_press_event", on_click)
    return figure


def _describe_domain(label, confidence, names):
    if np.isnan(confidence) and label < 0:
        return "masked"
    name = names[label] if label >= 0 else "unassigned"
    sure = f"{format_percent(confidence)} sure"
    return f"{shorten(name, 16)}, {'not resolved' if np.isnan(confidence) else sure}"


def _draw_bars(axes, posterior, names):
    """Draw the probabilities of one position: names and percents above bars."""
    for artist in [*axes.containers, *axes.texts]:
        artist.remove()
    if np.isnan(posterior).any():
        axes.text(0.5, 1, "no posterior", ha="center", va="center")
        return
    colors = domain_colors(len(names))
    order = np.argsort(-posterior, kind="stable")[:_MOST_BARS]
    order = order[posterior[order] > _LEAST_SHOWN]
    bars = [(names[i], posterior[i], colors[i]) for i in order]
    # What no one can see is not to be named.
    rest = np.delete(posterior, order).sum()
    if rest > _LEAST_SHOWN / 10:
        bars.append(("others", rest, UNASSIGNED))
    nothing = 1 - posterior.sum()
    if nothing > _LEAST_SHOWN:
        bars.append(("none of these", nothing, UNASSIGNED))
    for place, (name, fraction, color) in enumerate(bars):
        axes.barh(place + 0.18, 1, 0.36, color=PALE, zorder=0)
        axes.barh(place + 0.18, fraction, 0.36, color=color)
        style = {"y": place - 0.05, "va": "bottom", "fontsize": "small"}
        axes.text(0, s=shorten(name, 20), ha="left", **style, **AS_TYPED)
        axes.text(1, s=format_percent(fraction), ha="right", **style)


def _add_panels(shape, extent, n_domains, figure):
    width, height = map_size(shape, extent)
    # Beside bars of 2.2 inches and a pattern of 3.
    left = float(np.clip(width, 2.0, WIDEST - 5.9))
    figure = make_figure(
        figure, (left + 5.9, max(height * min(left / width, 1.0), 2.9) + 0.7)
    )
    grid = figure.add_gridspec(1, 3, width_ratios=[left, 2.2, 3.0])
    scan, bars, pattern = (figure.add_subplot(place) for place in grid)
    scan.set_title("the paler, the less sure", fontsize="medium")
    pattern.set_title("pattern", fontsize="medium")
    n_rows = np.clip(n_domains, 4, _MOST_BARS + 1)
    bars.set(xlim=(0, 1), ylim=(n_rows - 0.4, -0.6), yticks=[], xlabel="posterior")
    bars.set_xticks([0, 0.5, 1], labels=["0", "50 %", "100 %"])
    bars.spines[["left", "right", "top"]].set_visible(False)
    return figure, (scan, bars, pattern)


def _check_posterior(posterior, labels):
    """Return probabilities of each position, with rows, columns and domains."""
    least = max(labels.max() + 1, 1)
    posterior = check_fractions(posterior, "posterior")
    if posterior.shape[:-1] != labels.shape or posterior.shape[-1] < least:
        raise ValueError(
            f"posterior must have the shape {(*labels.shape, 'n_domains')}, with "
            f"{least} domains or more, but the shape is {posterior.shape}."
        )
    return posterior.reshape(*np.atleast_2d(labels).shape, -1)
