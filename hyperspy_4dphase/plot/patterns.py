"""Patterns side by side."""

from textwrap import fill

from hyperspy_4dphase.plot._checks import (
    check_extent,
    check_integers,
    check_length,
    check_names,
    check_patterns,
    check_real,
)
from hyperspy_4dphase.plot._layout import make_figure
from hyperspy_4dphase.plot._maps import draw_scale_bar
from hyperspy_4dphase.plot._palette import domain_colors
from hyperspy_4dphase.plot._pattern import draw_pattern, proportion, spots_top
from hyperspy_4dphase.plot._style import SMALL, SMALLEST, WIDEST
from hyperspy_4dphase.plot._text import AS_TYPED

_MOST_IN_ROW, _PANEL, _TITLE = 5, 1.75, 24


def plot_patterns(
    patterns,
    titles=None,
    *,
    labels=None,
    pattern_extent=None,
    pattern_units="px",
    scalebar=True,
    title=None,
    fig=None,
):
    """Show patterns side by side, five in a row.

    Each has a scale of its own, which begins at 0 and on which spots are seen beside a
    direct beam.

    Parameters
    ----------
    patterns : numpy.ndarray, shape (n, nky, nkx) or (n, nk)
        NaN where pixels are masked.
    titles : sequence of str, optional
        One for each. "0", "1" and so on by default.
    labels : sequence of int, optional
        The domain that each is of: its frame has the colour that this domain has in
        :func:`plot_domains`.
    pattern_extent, pattern_units, scalebar : optional
        As in :func:`plot_components`.
    title : str, optional
        Of the figure; none by default.
    fig : matplotlib.figure.Figure or SubFigure, optional
        A new figure by default, at most 9 inches wide.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If `patterns` hold no real numbers, `titles` are no texts, or `labels` no
        integers.
    ValueError
        If shapes or numbers do not fit, or a label is below 0.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_4dphase.plot import plot_patterns
    >>> rng = np.random.default_rng(0)
    >>> fig = plot_patterns(rng.random((3, 12, 14)), ["one", "two", "three"])
    """
    patterns = check_real(patterns, "patterns")
    n = len(patterns) if patterns.ndim else 0
    patterns = check_patterns(patterns, "patterns", n)
    check_extent(pattern_extent, patterns.ndim - 1, "pattern_extent")
    titles = check_names(titles, n, "{}", "titles")
    if labels is not None:
        labels = check_integers(labels, "labels").ravel()
        check_length(labels, "labels", n)
        if labels.min() < 0:
            raise ValueError(f"labels must be 0 or more, but one is {labels.min()}.")
        colors = domain_colors(labels.max() + 1)[labels]
    n_rows = -(-n // _MOST_IN_ROW)
    n_columns = -(-n // n_rows)
    height = _PANEL * min(proportion(patterns.shape[1:], pattern_extent), 1.2)
    width = min(_PANEL * n_columns + 0.2, WIDEST)
    figure = make_figure(fig, (width, n_rows * (height + 0.35)))
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for ax in axes[n:]:
        ax.set_axis_off()
    for i, (ax, pattern) in enumerate(zip(axes, patterns, strict=False)):
        draw_pattern(ax, pattern, pattern_extent, top=spots_top(pattern))
        ax.set_title(fill(titles[i], _TITLE), fontsize=SMALL, **AS_TYPED)
        if labels is not None:
            ax.spines[:].set(color=colors[i], linewidth=2.5)
    if scalebar and patterns.ndim == 3:
        draw_scale_bar(axes[0], pattern_units, SMALLEST)
    if title:
        figure.suptitle(title, **AS_TYPED)
    return figure
