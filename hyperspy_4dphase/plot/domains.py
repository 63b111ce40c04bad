"""The map of the domains of a scan."""

import numpy as np

from hyperspy_4dphase.plot._checks import (
    check_colors,
    check_extent,
    check_labels,
    check_names,
)
from hyperspy_4dphase.plot._layout import ROWS, draw_legend, format_entry, make_map_axes
from hyperspy_4dphase.plot._maps import draw_domains
from hyperspy_4dphase.plot._palette import UNASSIGNED, domain_colors
from hyperspy_4dphase.plot._text import AS_TYPED

_MOST_IN_LEGEND = 2 * ROWS


def plot_domains(
    labels,
    *,
    extent=None,
    units="px",
    names=None,
    colors=None,
    title=None,
    scalebar=True,
    legend=True,
    ax=None,
):
    """Show which domain each probe position belongs to.

    A domain has the same colour in all figures, unless `colors` are given.

    Parameters
    ----------
    labels : numpy.ndarray of int
        The domain of each probe position, of the navigation shape, with one, two or
        three axes; -1 where masked or unassigned, which is grey. A single axis becomes
        a strip. Of three axes, each position shows the domain that is most often there
        along the first, while the legend counts all.
    extent : tuple of float, optional
        Left, right, bottom and top edge in `units`, as for
        :func:`matplotlib.pyplot.imshow`; left and right for one navigation axis.
        Pixels by default.
    units : str, default "px"
        Of `extent`: the scale bar has them.
    names : sequence of str, optional
        One for each domain, for the legend. "domain 0" and so on by default.
    colors : array_like of float, optional, shape (n_domains, 3)
        Red, green and blue of each domain, from 0 to 1.
    title : str, optional
        Of the map.
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
    TypeError
        If `labels` are no integers, or `colors` no numbers.
    ValueError
        If `labels` have no or too many axes, or hold less than -1, if there are fewer
        names or colours than domains, or if `extent` does not suit the axes.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.repeat([0, 1, 2], [40, 24, 16]).reshape(8, 10)
    >>> from hyperspy_4dphase.plot import plot_domains
    >>> ax = plot_domains(labels, names=["vacuum", "glass", "crystal"])
    """
    labels = check_labels(labels)
    check_extent(extent, labels.ndim, "extent")
    n_domains = labels.max() + 1
    names = check_names(names, n_domains, "domain {}")
    own = (
        domain_colors(n_domains) if colors is None else check_colors(colors, n_domains)
    )
    colors = np.vstack([own[:n_domains], UNASSIGNED])
    shown, texts = _list_entries(labels, names, colors) if legend else ([], [])
    if ax is None:
        ax = make_map_axes(labels.shape, extent, texts)
    draw_domains(ax, labels, colors, extent, units, scalebar)
    if title:
        ax.set_title(title, **AS_TYPED)
    if texts:
        draw_legend(ax, shown, texts, "probe positions")
    return ax


def _list_entries(labels, names, colors):
    """Return colours and texts of the legend."""
    sizes = np.bincount(labels.ravel() + 1, minlength=len(names) + 1)
    unassigned, present = sizes[0], np.flatnonzero(sizes[1:])
    n_shown = len(present)
    if n_shown > _MOST_IN_LEGEND - bool(unassigned):
        n_shown = _MOST_IN_LEGEND - 1 - bool(unassigned)
    shown, rest = present[:n_shown], present[n_shown:]
    entries = [(colors[i], names[i], sizes[i + 1]) for i in shown]
    if len(rest):
        entries.append(("none", f"… {len(rest)} more", sizes[rest + 1].sum()))
    if unassigned:
        entries.append((UNASSIGNED, "unassigned", unassigned))
    texts = [format_entry(name, size, labels.size) for _, name, size in entries]
    return [color for color, _, _ in entries], texts
