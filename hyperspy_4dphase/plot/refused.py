"""What splits would have been that were refused."""

import numpy as np

from hyperspy_4dphase.plot._borders import draw_borders
from hyperspy_4dphase.plot._checks import (
    check_extent,
    check_integers,
    check_labels,
    check_length,
    check_names,
)
from hyperspy_4dphase.plot._layout import draw_legend, format_entry, make_map_axes
from hyperspy_4dphase.plot._maps import draw_domains
from hyperspy_4dphase.plot._palette import PALE, domain_colors
from hyperspy_4dphase.plot._text import AS_TYPED


def plot_refused(
    sides,
    labels,
    *,
    scores=None,
    extent=None,
    units="px",
    names=None,
    title=None,
    scalebar=True,
    ax=None,
):
    """Show both sides of splits that were refused, all else in grey.

    Parameters
    ----------
    sides : numpy.ndarray of int
        1 and 2 for the sides of such a split, 0 elsewhere. Of the navigation shape,
        with one to three axes, as in :func:`plot_domains`.
    labels : numpy.ndarray of int
        The domain of each position, of the same shape; -1 where unassigned. Borders of
        domains are drawn.
    scores : sequence of float, optional
        One for each domain, for the legend; NaN where there is none.
    extent, units : optional
        As in :func:`plot_domains`.
    names : sequence of str, optional
        One for each domain. "domain 0" and so on by default.
    title, scalebar, ax : optional
        As in :func:`plot_domains`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If `sides` or `labels` are no integers.
    ValueError
        If shapes do not fit, if sides are others than 0 to 2 or all 0, if there is not
        one score and one name for each domain, or if `extent` does not suit the axes.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.repeat([0, 1, 2], [40, 24, 16]).reshape(8, 10)
    >>> from hyperspy_4dphase.plot import plot_refused
    >>> sides = np.where(labels == 0, 1 + np.arange(80).reshape(8, 10) % 2, 0)
    >>> ax = plot_refused(sides, labels)
    """
    labels = check_labels(labels)
    sides = check_integers(sides, "sides")
    if sides.shape != labels.shape:
        raise ValueError(
            f"sides must have the shape {labels.shape}, as labels, but the shape is "
            f"{sides.shape}."
        )
    if not np.isin(sides, (0, 1, 2)).all() or not (sides[labels >= 0] > 0).any():
        raise ValueError(
            "sides must be 0, 1 or 2, and some in a domain above 0, but are "
            f"{np.unique(sides).tolist()}."
        )
    check_extent(extent, labels.ndim, "extent")
    n_domains = labels.max() + 1
    names = check_names(names, n_domains, "domain {}")
    scores = [np.nan] * n_domains if scores is None else list(scores)
    check_length(scores[:n_domains], "scores", n_domains)
    shown = np.unique(labels[(sides > 0) & (labels >= 0)]).tolist()
    parts, texts = _number_parts(sides, labels, shown, names, scores)
    colors = np.vstack([domain_colors(2 * len(shown)), PALE])
    if ax is None:
        ax = make_map_axes(labels.shape, extent, texts)
    image = draw_domains(ax, parts, colors, extent, units, scalebar)
    draw_borders(image, labels, "0.3")
    draw_legend(ax, colors[:-1], texts, "refused splits: probe positions")
    if title:
        ax.set_title(title, **AS_TYPED)
    return ax


def _number_parts(sides, labels, shown, names, scores):
    """Number the two sides in each domain, -1 elsewhere, and say what they are."""
    parts, texts = np.full(labels.shape, -1), []
    for k, label in enumerate(shown):
        for side in (1, 2):
            own = (labels == label) & (sides == side)
            parts[own] = 2 * k + side - 1
            text = format_entry(f"{names[label]}, side {side}", own.sum(), labels.size)
            if side == 2 and np.isfinite(scores[label]):
                text += f"\nlog p = {scores[label]:.1f}"
            texts.append(text)
    return parts, texts
