"""One page: what was found in a scan, how surely, and what it looks like."""

from textwrap import wrap

import numpy as np
from matplotlib.transforms import blended_transform_factory

from hyperspy_4dphase.plot._borders import draw_borders
from hyperspy_4dphase.plot._checks import (
    check_extent,
    check_fractions,
    check_labels,
    check_length,
    check_names,
    check_patterns,
    check_real,
)
from hyperspy_4dphase.plot._layout import format_percent
from hyperspy_4dphase.plot._maps import draw_domains, draw_fractions, draw_scale_bar
from hyperspy_4dphase.plot._palette import PALE, UNASSIGNED, domain_colors
from hyperspy_4dphase.plot._pattern import (
    draw_pattern,
    format_count,
    proportion,
    spots_top,
)
from hyperspy_4dphase.plot._place import shorten
from hyperspy_4dphase.plot._style import (
    BORDER,
    DOUBTFUL,
    SMALL,
    SMALLEST,
    SURE,
)
from hyperspy_4dphase.plot._summary_layout import MOST_PATTERNS, MOST_ROWS, lay_out
from hyperspy_4dphase.plot._text import AS_TYPED
from hyperspy_4dphase.plot.phases import draw_spots

# Characters that a line of notes holds.
_NOTE = 125
# Inches: of a character of the table; where its columns begin, and where bars end, on a
# page of full width and beside a map; what the column of confidence takes.
_CHARACTER = 0.0666
_COLUMNS, _NARROW = (0.36, 1.4, 3.24, 4.59, 4.7), (0.3, 0.7, 1.87, 2.57, 2.68)
_FULL, _CONFIDENCE = 7.5, 0.85
# Most that rows of the table are apart, in inches.
_LINE = 0.3


def plot_phase_summary(
    labels,
    *,
    patterns=None,
    names=None,
    confidence=None,
    doubts=None,
    mean_confidence=None,
    spots=None,
    notes=(),
    extent=None,
    units="px",
    pattern_extent=None,
    pattern_units="px",
    title=None,
    fig=None,
):
    """Show on one page the domains of a scan, how sure they are, and their patterns.

    Parameters
    ----------
    labels : numpy.ndarray of int
        The domain of each probe position, as in :func:`plot_domains`.
    patterns : numpy.ndarray, shape (n_domains, nky, nkx) or (n_domains, nk), optional
        Mean pattern of each domain. Those of the twelve largest are drawn.
    names : sequence of str, optional
        What is said of each domain beside its size. Nothing by default.
    confidence : numpy.ndarray of float, optional
        Of the shape of `labels`, as in :func:`plot_confidence`.
    doubts : dict of str to numpy.ndarray, optional
        As in :func:`plot_doubts`; the largest of each position is shown.
    mean_confidence : sequence of float, optional
        How surely the positions of each domain are of it, from 0 to 1; NaN where this
        is not known.
    spots : sequence of Spots or None, optional
        Of the template of each domain, drawn on its pattern.
    notes : sequence of str, optional
        Written below: what could not be told.
    extent, units : optional
        Of the map, as in :func:`plot_domains`.
    pattern_extent : tuple of float, optional
        Left, right, bottom and top edge of patterns; of curves, the first and last
        abscissa. Pixels by default.
    pattern_units : str, default "px"
        Of `pattern_extent`.
    title : str, optional
        Of the figure.
    fig : matplotlib.figure.Figure or SubFigure, optional
        A new figure by default, 9 inches wide.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError, ValueError
        As :func:`plot_domains`, :func:`plot_confidence` and :func:`plot_doubts`; and if
        there is not one pattern, name, mean_confidence and template for each domain.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.repeat([0, 1, 2], [40, 24, 16]).reshape(8, 10)
    >>> patterns = np.random.default_rng(0).random((3, 12, 14))
    >>> from hyperspy_4dphase.plot import plot_phase_summary
    >>> fig = plot_phase_summary(labels, patterns=patterns, names=["a", "b", "c"])
    """
    labels = check_labels(labels)
    check_extent(extent, labels.ndim, "extent")
    n = int(labels.max()) + 1
    if n < 1:
        raise ValueError("labels have no domain: they are -1 all over.")
    maps = _collect_maps(labels, confidence, doubts)
    resolved = confidence is None or "confidence" in maps
    if patterns is not None:
        patterns = check_patterns(patterns, "patterns", n)
        check_extent(pattern_extent, patterns.ndim - 1, "pattern_extent")
    names = check_names(names, n, "")
    mean_confidence = np.full(n, np.nan) if mean_confidence is None else mean_confidence
    mean_confidence = check_real(mean_confidence, "mean_confidence")
    check_length(mean_confidence, "mean_confidence", n)
    spots = [None] * n if spots is None else list(spots)
    check_length(spots, "spots", n)
    notes = [line for note in notes for line in wrap(note, _NOTE)]
    order = np.argsort(-np.bincount(labels[labels >= 0], minlength=n), kind="stable")
    flat = None if patterns is None else proportion(patterns.shape[1:], pattern_extent)
    place = labels.shape, extent
    parts = lay_out(*place, 1 + len(maps), n, flat, len(notes), fig)
    _draw_maps(parts, maps, labels, extent, units, resolved)
    # Where it was not asked for, there is no column of dashes.
    sure = mean_confidence
    sure = sure if "confidence" in maps or not np.isnan(sure).all() else None
    _draw_table(parts, labels, order, names, sure)
    if patterns is not None:
        style = pattern_extent, pattern_units
        shown = order[:MOST_PATTERNS]
        _draw_patterns(parts, patterns, shown, spots, *style)
    if notes:
        parts.notes.text(
            0.01,
            0.98,
            "\n".join(notes),
            va="top",
            fontsize=SMALL,
            color="0.25",
            **AS_TYPED,
        )
    if title:
        parts.figure.suptitle(title, **AS_TYPED)
    return parts.figure


def _collect_maps(labels, confidence, doubts):
    """What is shown beside the map of domains, by its title; nothing of no value."""
    maps = {}
    if confidence is not None:
        found = check_fractions(confidence, "confidence", labels.shape)
        maps["confidence"] = SURE, found
    if doubts:
        checked = [
            check_fractions(doubt, f"doubts[{name!r}]", labels.shape)
            for name, doubt in doubts.items()
        ]
        stack = np.ma.masked_invalid(checked).max(axis=0)
        maps["largest doubt"] = DOUBTFUL, stack.filled(np.nan)
    return {name: shown for name, shown in maps.items() if not np.isnan(shown[1]).all()}


def _draw_maps(parts, maps, labels, extent, units, resolved):
    figure, n_rows = parts.maps, parts.n_map_rows
    n_columns = -(-(1 + len(maps)) // n_rows)
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    colors = np.vstack([domain_colors(labels.max() + 1), UNASSIGNED])
    draw_domains(axes[0], labels, colors, extent, units)
    axes[0].set_title("domains", fontsize="medium")
    axes[0].set_anchor("N" if len(axes) == 1 else "C")
    if not resolved:
        style = {"transform": axes[0].transAxes, "va": "top", "fontsize": SMALL}
        axes[0].text(0, -0.03, "confidence: not resolved", **style)
    for ax, (name, (cmap, values)) in zip(axes[1:], maps.items(), strict=True):
        image = draw_fractions(ax, values, cmap, extent, units)
        ax.set_title(name, fontsize="medium", **AS_TYPED)
        draw_borders(image, labels, BORDER)
        bar = figure.colorbar(image, ax=ax, shrink=0.8, aspect=22)
        bar.ax.tick_params(labelsize=SMALL)


def _draw_table(parts, labels, order, names, mean_confidence):
    """A line for each domain: a bar of its size, what it is, and how surely."""
    ax, (width, height) = parts.table.subplots(), parts.table_size
    sizes = np.bincount(labels[labels >= 0], minlength=len(names))
    shown, n = order[:MOST_ROWS], len(order)
    colors, biggest = domain_colors(n), sizes.max()
    n_rows = min(n, MOST_ROWS + 1)
    columns = np.array(_COLUMNS if width > _FULL else _NARROW) / width
    number, count, bar, end, name = columns
    sure = 1 - _CONFIDENCE / width
    space = (1 if mean_confidence is None else sure) - name
    # Few rows stand at the top of a place that is high.
    ax.set(xlim=(0, 1), ylim=(max(n_rows - 0.4, height / _LINE - 1.5), -1.5))
    ax.set_axis_off()
    place = blended_transform_factory(ax.transAxes, ax.transData)
    style = {"transform": place, "va": "center", "fontsize": SMALL}
    heads = [("domain", 0.0), ("positions", count), ("what it is", name)]
    if mean_confidence is not None:
        heads.append(("confidence", sure))
    for text, x in heads:
        ax.text(x, -1, text, color="0.4", **style)
    for row, label in enumerate(shown):
        ax.barh(row, 0.75 * number, 0.7, 0.0, color=colors[label], transform=place)
        ax.text(number, row, str(label), **style)
        ax.barh(row, end - bar, 0.5, bar, color=PALE, transform=place)
        length = (end - bar) * sizes[label] / biggest
        ax.barh(row, length, 0.5, bar, color=colors[label], transform=place)
        share = format_percent(sizes[label] / labels.size)
        ax.text(count, row, f"{format_count(sizes[label])} ({share})", **style)
        said = shorten(names[label] or "—", int(space * width / _CHARACTER))
        ax.text(name, row, said, **style, **AS_TYPED)
        if mean_confidence is not None:
            known = not np.isnan(mean_confidence[label])
            text = format_percent(mean_confidence[label]) if known else "—"
            ax.text(sure, row, text, **style)
    if n > MOST_ROWS:
        rest = sizes[order[MOST_ROWS:]].sum()
        text = f"… {n - MOST_ROWS} smaller domains, {format_count(rest)} positions"
        ax.text(number, MOST_ROWS, text, color="0.4", **style)


def _draw_patterns(parts, patterns, shown, spots, extent, units):
    n_rows = -(-len(shown) // parts.n_in_row)
    axes = parts.patterns.subplots(n_rows, parts.n_in_row, squeeze=False).ravel()
    colors, is_image = domain_colors(len(patterns)), patterns.ndim == 3
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    for ax, label in zip(axes, shown, strict=False):
        top = spots_top(patterns[label])
        draw_pattern(ax, patterns[label], extent, top=top)
        ax.set_title(f"domain {label}", fontsize=SMALL)
        ax.spines[:].set(color=colors[label], linewidth=2.5)
        if spots[label] is not None and len(spots[label].rows):
            draw_spots(ax, spots[label], patterns[label].shape, extent, n_labels=0)
    if is_image:
        draw_scale_bar(axes[0], units, SMALLEST)
