"""Maps of how sure it is which domain each probe position belongs to."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize

from hyperspy_4dphase.plot._borders import draw_borders
from hyperspy_4dphase.plot._checks import check_extent, check_fractions, check_labels
from hyperspy_4dphase.plot._layout import make_figure, map_size
from hyperspy_4dphase.plot._maps import draw_fractions, mean_known
from hyperspy_4dphase.plot._style import BORDER, SURE
from hyperspy_4dphase.plot._text import AS_TYPED
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
        masked, which is grey. If all of it is NaN, the map says "not resolved". A
        single axis becomes a strip. Of three axes the mean along the first is shown.
    labels : numpy.ndarray of int, optional
        The domain of each probe position, of the same shape; -1 where unassigned. Its
        borders are drawn, those of the first of three axes as in :func:`plot_domains`.
    extent : tuple of float, optional
        Left, right, bottom and top edge in `units`, as for
        :func:`matplotlib.pyplot.imshow`; left and right for one navigation axis.
        Pixels by default.
    units : str, default "px"
        Of `extent`: the scale bar has them.
    title : str, optional
        Of the map.
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
    TypeError
        If `confidence` holds no real numbers, or `labels` no integers.
    ValueError
        If `confidence` has no or too many axes or holds what is not in [0, 1], if
        `labels` are of another shape or less than -1, or if `extent` does not suit the
        axes.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.repeat([0, 1, 2], [40, 24, 16]).reshape(8, 10)
    >>> confidence = np.linspace(0.6, 1, 80).reshape(8, 10)
    >>> from hyperspy_4dphase.plot import plot_confidence
    >>> ax = plot_confidence(confidence, labels=labels, title="How sure?")
    >>> ax.get_title()
    'How sure?'
    """
    confidence = check_fractions(confidence, "confidence")
    check_extent(extent, confidence.ndim, "extent")
    if labels is not None:
        labels = check_labels(labels, shape=confidence.shape)
    if ax is None:
        width, height = map_size(confidence.shape, extent)
        ax = make_figure(None, (width + 1.2, height + 0.5)).add_subplot()
    image = draw_fractions(ax, confidence, SURE, extent, units, scalebar)
    if labels is not None:
        draw_borders(image, labels, BORDER)
    bar = ax.figure.colorbar(image, ax=ax, label="confidence")
    if np.isnan(confidence).all():
        _say_unresolved(ax)
    elif np.isnan(confidence).any():
        bar.ax.set_xlabel("grey:\nmasked", fontsize="small")
    if title:
        ax.set_title(title, **AS_TYPED)
    return ax


def plot_sure_domains(labels, confidence, *, legend=True, ax=None, **options):
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
        unassigned; if all of it is NaN, the map says "not resolved", and has no legend.
        Of three axes the mean along the first is shown.
    legend : bool, default True
        Show beside the map how many probe positions each domain has, and below it how
        pale means how sure.
    ax : matplotlib.axes.Axes, optional
        A new figure by default.
    **options
        Of :func:`plot_domains`, passed unchanged: ``extent``, ``units``, ``names``,
        ``title``, ``scalebar``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        As :func:`plot_domains`; and if `confidence` is of another shape or holds what
        is not in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.repeat([0, 1, 2], [40, 24, 16]).reshape(8, 10)
    >>> confidence = np.linspace(0.6, 1, 80).reshape(8, 10)
    >>> from hyperspy_4dphase.plot import plot_sure_domains
    >>> ax = plot_sure_domains(labels, confidence)
    """
    labels = check_labels(labels)
    confidence = check_fractions(confidence, "confidence", labels.shape)
    labels[np.isnan(confidence)] = -1
    is_new, is_resolved = ax is None, not np.isnan(confidence).all()
    legend = legend and is_resolved
    ax = plot_domains(labels, legend=legend, ax=ax, **options)
    ax.set_facecolor("white")
    if not is_resolved:
        _say_unresolved(ax)
    n_domains = labels.max() + 1
    # Of a single domain there is no guess.
    guess = 1 / n_domains if n_domains > 1 else 0
    norm = Normalize(guess, 1, clip=True)
    alpha = np.asarray(norm(np.atleast_2d(mean_known(confidence))))
    image = ax.images[-1]
    image.set_alpha(np.where(image.get_array() == -1, 1, alpha))
    if legend:
        if is_new:
            ax.figure.set_figheight(ax.figure.get_figheight() + 0.6)
        _draw_key(ax, norm)
    return ax


def _say_unresolved(ax):
    """Say on a map that is all grey why it is."""
    ax.text(0.5, 0.5, "not resolved", transform=ax.transAxes, ha="center", va="center")


def _draw_key(ax, norm):
    """Show below the axes how pale means how sure."""
    shades = LinearSegmentedColormap.from_list("opacity", ["white", "0.3"])
    bar = ax.figure.colorbar(
        ScalarMappable(norm, shades), ax=ax, location="bottom", shrink=0.5, aspect=16
    )
    bar.set_label("confidence", fontsize="small")
    bar.ax.tick_params(labelsize="small")
    lowest = f"≤ {norm.vmin:.2g}" if norm.vmin else "0"
    bar.set_ticks([norm.vmin, 1], labels=[lowest, "1"])
