"""A probe position on a map: a ring round it, where it is, and its pattern."""

import numpy as np
from matplotlib.patheffects import withStroke

from hyperspy_4dphase.plot._pattern import draw_pattern

_NO_PATTERN = (
    "The scan is not in memory:\ngive it as `signal`\nto see the pattern here."
)


def draw_ring(scan):
    """Draw a ring that shows a position, still nowhere."""
    (ring,) = scan.plot([], [], "o", markersize=9, markerfacecolor="none")
    ring.set(markeredgecolor="black", markeredgewidth=1.6)
    ring.set_path_effects([withStroke(linewidth=4, foreground="white")])
    return ring


def locate(image, row, column):
    """Return the centre of a position and the steps to the next, both in x and y."""
    left, right, bottom, top = image.get_extent()
    n_rows, n_columns = image.get_size()
    step_x, step_y = (right - left) / n_columns, (bottom - top) / n_rows
    center = left + (column + 0.5) * step_x, top + (row + 0.5) * step_y
    return center, (step_x, step_y)


def describe_place(center, steps, units):
    """Write where a position is, in the units of the axes."""
    units = f" {units}" if units else ""
    axes = zip("xy", center, steps, strict=False)
    return ", ".join(f"{x} = {_round(value, step)}{units}" for x, value, step in axes)


def show_pattern(axes, pattern, extent, units):
    """Show a pattern, or say how to come by it if it is None."""
    for artist in [*axes.images, *axes.lines, *axes.texts]:
        artist.remove()
    if pattern is None:
        axes.set_axis_off()
        style = {"transform": axes.transAxes, "ha": "center", "va": "center"}
        axes.text(0.5, 0.5, _NO_PATTERN, **style)
    else:
        axes.set_axis_on()
        draw_pattern(axes, pattern, extent, units=units)


def shorten(name, n_most):
    """Cut a text off that is longer than so many characters."""
    return name if len(name) <= n_most else name[: n_most - 1] + "…"


def _round(value, step):
    """Write a number to a tenth of a step, without zeros at the end."""
    n_decimals = max(0, 1 - int(np.floor(np.log10(abs(step)))))
    return f"{round(value, n_decimals) + 0.0:.10g}".replace("-", "−")
