"""Where maps, table, patterns and notes stand on a page, without leaving it empty."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.plot._layout import make_figure
from hyperspy_4dphase.plot._style import WIDEST

# Rows of the table, patterns, and patterns side by side.
MOST_ROWS, MOST_PATTERNS = 16, 12
_MOST_IN_ROW, _FEWEST_IN_ROW = 6, 3
# Inches: a line of the table and of notes, titles of maps, heads of tables and titles
# of patterns.
_LINE, _NOTE_LINE, _MAP_TITLE, _HEAD, _PATTERN_TITLE = 0.21, 0.165, 0.55, 0.3, 0.3
# Scans along a line are drawn as strips, with ticks and a label below.
_STRIP, _TICKS = 0.35, 0.35
# Of the map: its height where the table is beside it, the most and the least of it,
# and of its width.
_MAP, _HIGHEST_BESIDE, _HIGHEST, _LOWEST = 2.75, 3.2, 4.5, 1.2
_NARROWEST, _WIDEST_MAP = 1.6, 3.6
# A map that is flatter than this takes a row of its own; several that are flatter than
# the second stand one below the other, at least so high.
_FLAT, _FLATTER, _LOWEST_STACKED = 0.5, 0.25, 0.8
_SMALLEST_PATTERN = 0.85


class Parts(NamedTuple):
    """The parts of a page.

    Attributes
    ----------
    figure, maps, table : matplotlib.figure.FigureBase
    patterns, notes : matplotlib.figure.FigureBase or None
    n_map_rows : int
        In how many rows maps stand.
    n_in_row : int
        How many patterns stand side by side.
    table_size : tuple of float
        Width and height of the table in inches.
    """

    figure: object
    maps: object
    table: object
    patterns: object
    notes: object
    n_map_rows: int
    n_in_row: int
    table_size: tuple


def lay_out(shape, extent, n_maps, n_domains, pattern, n_notes, figure):
    """Divide a figure into the parts of a page.

    A single map has the table at its side, and the patterns below that if they fit into
    one row there. Several maps, or one that is flat, have a row of their own; where
    they are flatter still, each has one.

    Parameters
    ----------
    shape : tuple of int
        Of the map.
    extent : tuple of float or None
        Of the map.
    n_maps, n_domains, n_notes : int
    pattern : float or None
        Height of a pattern by its width; None without patterns.
    figure : matplotlib.figure.FigureBase or None
        None for a new one.

    Returns
    -------
    Parts
    """
    n_shown = 0 if pattern is None else min(n_domains, MOST_PATTERNS)
    table = _LINE * min(n_domains, MOST_ROWS + 1) + _HEAD
    aspect = _height_by_width(shape, extent)
    is_line = len(shape) == 1
    title = _MAP_TITLE + is_line * _TICKS
    beside = n_maps == 1 and (is_line or aspect >= _FLAT)
    n_map_rows = 1 if is_line or aspect > _FLATTER else n_maps
    n_rows = max(-(-n_shown // _MOST_IN_ROW), 1)
    below, n_in_row = n_shown > 0, max(-(-n_shown // n_rows), _FEWEST_IN_ROW)
    if beside:
        width = float(np.clip(_MAP / aspect, _NARROWEST, _WIDEST_MAP))
        top = min(width * aspect, max(_HIGHEST_BESIDE, table))
        width, top = top / aspect, top + title
        left, right = width + 0.25, WIDEST - width - 0.25
        room = (top - table - _PATTERN_TITLE) / pattern if n_shown else 0.0
        panel = min(room, (right - 0.3) / max(n_shown, 1))
        below = below and panel < _SMALLEST_PATTERN
        top = max(top, table)
    else:
        top = n_map_rows * _row_height(aspect, -(-n_maps // n_map_rows))
        top += n_map_rows * title
    heights = {"maps": top} if beside else {"maps": top, "table": table}
    if below:
        height = (WIDEST - 0.6) / n_in_row * pattern + _PATTERN_TITLE
        heights["patterns"] = height * n_rows
    if n_notes:
        heights["notes"] = _NOTE_LINE * n_notes + 0.1
    figure = make_figure(figure, (WIDEST, sum(heights.values()) + 0.3))
    rows = _divide(figure, heights)
    size = WIDEST, table
    if beside:
        sides = rows["maps"].subfigures(1, 2, width_ratios=[left, right])
        rows["maps"], rows["table"] = sides
        size = right, top
        if n_shown and not below:
            n_in_row, size = n_shown, (right, table)
            rows |= _divide(sides[1], {"table": table, "patterns": top - table})
    found = {name: rows.get(name) for name in ("maps", "table", "patterns", "notes")}
    return Parts(
        figure, **found, n_map_rows=n_map_rows, n_in_row=n_in_row, table_size=size
    )


def _divide(figure, heights):
    """Subfigures one below the other, by name."""
    grid = {"height_ratios": list(heights.values()), "squeeze": False}
    parts = figure.subfigures(len(heights), 1, **grid)[:, 0]
    return dict(zip(heights, parts, strict=True))


def _height_by_width(shape, extent):
    """Height of a map by its width."""
    if len(shape) == 1:
        return _STRIP
    pixels = (0, shape[-1], shape[-2], 0)
    left, right, bottom, top = pixels if extent is None else extent
    return abs(top - bottom) / abs(right - left)


def _row_height(aspect, n_side_by_side):
    """Height of a row of maps."""
    width = (WIDEST - 0.75) / n_side_by_side
    lowest = _LOWEST_STACKED if n_side_by_side == 1 else _LOWEST
    return float(np.clip(width * aspect, lowest, _HIGHEST))
