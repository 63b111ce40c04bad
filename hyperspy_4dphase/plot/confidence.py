"""Maps of how sure it is which domain each probe position belongs to."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize

from hyperspy_4dphase.plot._checks import (
    check_extent,
    checked_domain_map,
    checked_shares,
)
from hyperspy_4dphase.plot._layout import figure_for, map_size
from hyperspy_4dphase.plot._panels import most_often
from hyperspy_4dphase.plot._shares import SURE, draw_shares, looked_through
from hyperspy_4dphase.plot.domains import plot_domains


def plot_confidence(
    confidence,
    *,
    labels=None,
    extent=None,
    units="px",
    title=None,
    scalebar=True,
    ax=None,
):
    """Show how sure the domain of each probe position is.

    Parameters
    ----------
    confidence : numpy.ndarray of float
        In [0, 1], of the navigation shape, with one, two or three axes; NaN where
        masked, which is grey. A single axis becomes a strip. Of three axes the mean
        along the first is shown.
    labels : numpy.ndarray of int, optional
        The domain of each probe position, of the same shape; -1 where unassigned. Its
        borders are drawn, those of the first of three axes as in :func:`plot_domains`.
    extent : tuple of float, optional
        Left, right, bottom and top edge in `units`, as for
        :func:`matplotlib.pyplot.imshow`; left and right for one navigation axis.
        Pixels by default.
    units : str, default "px"
    title : str, optional
    scalebar : bool, default True
        Draw a scale bar in place of ticks, unless units are pixels or there is a
        single navigation axis.
    ax : matplotlib.axes.Axes, optional
        A new figure by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `confidence` has no or too many axes or holds what is not in [0, 1], if
        `labels` are no integers, of another shape or less than -1, or if `extent` does
        not suit the axes.
    """
    confidence = checked_shares(confidence, "confidence")
    check_extent(extent, confidence.ndim, "extent")
    if labels is not None:
        labels = _checked_labels(labels, confidence.shape)
    if ax is None:
        width, height = map_size(confidence.shape, extent)
        ax = figure_for(None, (width + 1.2, height + 0.5)).add_subplot()
    image = draw_shares(ax, confidence, SURE, extent, units, scalebar)
    if labels is not None:
        borders = _borders(_image(labels), image.get_extent())
        # Neither as dark as what is unsure, nor as bright as what is sure.
        ax.add_collection(LineCollection(borders, colors="#d55e00", linewidths=0.6))
    bar = ax.figure.colorbar(image, ax=ax, label="confidence")
    if np.isnan(confidence).any():
        bar.ax.set_xlabel("grey:\nmasked", fontsize="small")
    if title:
        ax.set_title(title)
    return ax


def plot_sure_domains(
    labels,
    confidence,
    *,
    extent=None,
    units="px",
    names=None,
    title=None,
    scalebar=True,
    legend=True,
    ax=None,
):
    """Show which domain each probe position belongs to, the paler the less sure.

    Domains have the colours of :func:`plot_domains`: full where the confidence is 1,
    and white where it is no more than that of a guess, 1 / n_domains. What is
    unassigned is grey, however sure.

    Parameters
    ----------
    labels : numpy.ndarray of int
        As in :func:`plot_domains`.
    confidence : numpy.ndarray of float
        In [0, 1], of the shape of `labels`. NaN where masked, which counts as
        unassigned. Of three axes the mean along the first is shown.
    extent, units, names, title, scalebar, ax : optional
        As in :func:`plot_domains`.
    legend : bool, default True
        Show beside the map how many probe positions each domain has, and below it how
        pale means how sure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        As :func:`plot_domains`; and if `confidence` is of another shape or holds what
        is not in [0, 1].
    """
    labels = checked_domain_map(labels)
    confidence = checked_shares(confidence, "confidence", labels.shape)
    labels[np.isnan(confidence)] = -1
    new = ax is None
    ax = plot_domains(
        labels,
        extent=extent,
        units=units,
        names=names,
        title=title,
        scalebar=scalebar,
        legend=legend,
        ax=ax,
    )
    ax.set_facecolor("white")
    guess = 1 / max(labels.max() + 1, 1)
    # Of a single domain there is no guess.
    norm = Normalize(guess if guess < 1 else 0, 1, clip=True)
    alpha = np.asarray(norm(np.atleast_2d(looked_through(confidence))))
    alpha[_image(labels) == -1] = 1
    image = ax.images[-1]
    image.set_data(np.dstack([image.get_array()[..., :3], alpha]))
    if legend:
        if new:
            ax.figure.set_figheight(ax.figure.get_figheight() + 0.6)
        _key(ax, norm)
    return ax


def _key(ax, norm):
    """How pale means how sure, below the axes."""
    shades = LinearSegmentedColormap.from_list("opacity", ["white", "0.3"])
    bar = ax.figure.colorbar(
        ScalarMappable(norm, shades),
        ax=ax,
        location="bottom",
        shrink=0.5,
        aspect=16,
    )
    bar.set_label("confidence", fontsize="small")
    bar.ax.tick_params(labelsize="small")
    lowest = f"≤ {norm.vmin:.2g}" if norm.vmin else "0"
    bar.set_ticks([norm.vmin, 1], labels=[lowest, "1"])


def _image(labels):
    return most_often(labels) if labels.ndim == 3 else np.atleast_2d(labels)


def _checked_labels(labels, shape):
    labels = checked_domain_map(labels)
    if labels.shape != shape:
        raise ValueError(
            f"labels have the shape {labels.shape}, but confidence has {shape}."
        )
    return labels


def _borders(labels, extent):
    """Lines between neighbours of different domains, shape (n_lines, 2, 2)."""
    left, right, bottom, top = extent
    n_rows, n_columns = labels.shape
    x = np.linspace(left, right, n_columns + 1)
    y = np.linspace(top, bottom, n_rows + 1)
    row, column = np.nonzero(labels[:, 1:] != labels[:, :-1])
    upright = np.stack([x[column + 1], y[row], x[column + 1], y[row + 1]], axis=-1)
    row, column = np.nonzero(labels[1:] != labels[:-1])
    level = np.stack([x[column], y[row + 1], x[column + 1], y[row + 1]], axis=-1)
    return np.concatenate([upright, level]).reshape(-1, 2, 2)
