"""The map of the domains of a scan."""

import matplotlib.pyplot as plt
import numpy as np

from hyperspy_4dphase.plot._checks import (
    check_extent,
    checked_domain_map,
    checked_names,
)
from hyperspy_4dphase.plot._layout import (
    ROWS,
    draw_legend,
    legend_size,
    map_size,
    percent,
)
from hyperspy_4dphase.plot._palette import UNASSIGNED, domain_colors
from hyperspy_4dphase.plot._panels import draw_domains
from hyperspy_4dphase.plot._pattern import grouped

_MOST_IN_LEGEND = 2 * ROWS


def plot_domains(
    labels,
    *,
    extent=None,
    units="px",
    names=None,
    title=None,
    scalebar=True,
    legend=True,
    ax=None,
):
    """Show which domain each probe position belongs to.

    A domain has the same colour in all figures.

    Parameters
    ----------
    labels : numpy.ndarray of int
        The domain of each probe position, of the navigation shape, with one, two or
        three axes; -1 where masked or unassigned, which is grey. A single axis becomes
        a strip. The first of three axes is looked through: each position shows the
        domain that is most often there, while the legend counts all.
    extent : tuple of float, optional
        Left, right, bottom and top edge in `units`, as for
        :func:`matplotlib.pyplot.imshow`; left and right for one navigation axis.
        Pixels by default.
    units : str, default "px"
    names : sequence of str, optional
        One for each domain, for the legend. "domain 0" and so on by default.
    title : str, optional
    scalebar : bool, default True
        Draw a scale bar in place of ticks, unless units are pixels or there is a
        single navigation axis.
    legend : bool, default True
        Show beside the map how many probe positions each domain has.
    ax : matplotlib.axes.Axes, optional
        A new figure by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `labels` are no integers, have no or too many axes, or hold less than -1, if
        there are fewer names than domains, or if `extent` does not suit the axes.
    """
    labels = checked_domain_map(labels)
    check_extent(extent, labels.ndim, "extent")
    n_domains = labels.max() + 1
    names = checked_names(names, n_domains, "domain {}")
    colors = np.vstack([domain_colors(n_domains), UNASSIGNED])
    entries = _entries(labels, names) if legend else []
    if ax is None:
        size = _size(labels.shape, extent, entries)
        # A legend beside a map that floats in its place could be cut off.
        ax = plt.figure(figsize=size, layout="constrained").add_subplot(anchor="NW")
    draw_domains(ax, labels, colors, extent, units, scalebar)
    if title:
        ax.set_title(title)
    if entries:
        _legend(ax, entries, colors)
    return ax


def _entries(labels, names):
    """Domain (None for the rest of many) and text of each entry of the legend."""
    sizes = np.bincount(labels.ravel() + 1, minlength=len(names) + 1)
    unassigned, present = sizes[0], np.flatnonzero(sizes[1:])
    n_shown = len(present)
    if n_shown > _MOST_IN_LEGEND - bool(unassigned):
        n_shown = _MOST_IN_LEGEND - 1 - bool(unassigned)
    shown, rest = present[:n_shown], present[n_shown:]
    entries = [(domain, names[domain], sizes[domain + 1]) for domain in shown]
    if len(rest):
        entries.append((None, f"… {len(rest)} more", sizes[rest + 1].sum()))
    if unassigned:
        entries.append((-1, "unassigned", unassigned))
    return [
        (domain, f"{name}: {grouped(size)} ({percent(size / labels.size)})")
        for domain, name, size in entries
    ]


def _legend(ax, entries, colors):
    blank = (0, 0, 0, 0)
    shown = [blank if i is None else colors[i] for i, _ in entries]
    draw_legend(ax, shown, [text for _, text in entries], "probe positions")


def _size(shape, extent, entries):
    """In inches: the map, and the legend beside it."""
    width, height = map_size(shape, extent)
    legend_width, legend_height = legend_size([text for _, text in entries])
    return width + legend_width + 0.4, max(height + 0.5, legend_height)
