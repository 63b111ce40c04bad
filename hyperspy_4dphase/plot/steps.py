"""The map of the steps that the pattern makes between positions."""

import numpy as np
from matplotlib.colors import LogNorm

from hyperspy_4dphase.plot._borders import draw_borders
from hyperspy_4dphase.plot._checks import check_extent, check_labels, check_scan_values
from hyperspy_4dphase.plot._layout import make_figure, map_size
from hyperspy_4dphase.plot._maps import draw_numbers, mean_known
from hyperspy_4dphase.plot._style import STEP_BORDER, STEPS
from hyperspy_4dphase.plot._text import AS_TYPED

# Percentiles of the steps between which colours change. Historical: chosen by eye.
_LOWEST, _HIGHEST = 1, 99.5


def plot_steps(
    steps,
    *,
    labels=None,
    border=None,
    extent=None,
    units="px",
    title=None,
    scalebar=True,
    ax=None,
):
    """Show where in a scan the pattern makes steps.

    Parameters
    ----------
    steps : numpy.ndarray of float
        The largest step at each position, in units of what is usual around there, of
        the navigation shape with one to three axes; NaN where there is none, which is
        grey. A single axis becomes a strip. Of three axes the mean along the first is
        shown. Colours are logarithmic.
    labels : numpy.ndarray of int, optional
        The domain of each position, of the same shape; -1 where unassigned. Its borders
        are drawn, as in :func:`plot_confidence`.
    border : float, optional
        A step from which on there is a border: marked in the colour bar.
    extent, units, title, scalebar, ax : optional
        As in :func:`plot_domains`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If `steps` holds no real numbers, or `labels` no integers.
    ValueError
        If shapes do not fit, if steps are infinite, below 0, or all unknown, or if
        `extent` does not suit the axes.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.repeat([0, 1, 2], [40, 24, 16]).reshape(8, 10)
    >>> from hyperspy_4dphase.plot import plot_steps
    >>> steps = np.random.default_rng(0).gamma(9, 0.1, (8, 10))
    >>> ax = plot_steps(steps, labels=labels)
    """
    steps = check_scan_values(steps, "steps")
    if not (steps > 0).any() or (steps < 0).any():
        raise ValueError(
            "steps must be from 0 on, and some above 0, but the least is "
            f"{np.nanmin(steps, initial=np.inf):g}."
        )
    check_extent(extent, steps.ndim, "extent")
    if labels is not None:
        labels = check_labels(labels, shape=steps.shape)
    if ax is None:
        width, height = map_size(steps.shape, extent)
        ax = make_figure(None, (width + 1.2, height + 0.5)).add_subplot()
    image = draw_numbers(ax, steps, STEPS, _find_scale(steps), extent, units, scalebar)
    if labels is not None:
        draw_borders(image, labels, STEP_BORDER, width=1.1)
    _draw_color_bar(image, border, np.isnan(steps).any())
    if title:
        ax.set_title(title, **AS_TYPED)
    return ax


def _find_scale(steps):
    """Logarithmic, between steps that hardly any exceed."""
    shown = mean_known(steps)
    shown = shown[shown > 0]
    low, high = np.percentile(shown, (_LOWEST, _HIGHEST))
    return LogNorm(low, max(high, 2 * low), clip=True)


def _draw_color_bar(image, border, has_gaps):
    label = "step / usual change"
    bar = image.figure.colorbar(image, ax=image.axes, extend="max", label=label)
    low, high = image.get_clim()
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100) if low <= tick <= high]
    ticks = ticks or [low, high]
    bar.set_ticks(ticks, labels=[f"{tick:.3g}" for tick in ticks])
    bar.minorticks_off()
    if border is not None and low < border < high:
        bar.ax.axhline(border, color=STEP_BORDER, linewidth=1.5)
    if has_gaps:
        bar.ax.set_xlabel("grey:\nno value", fontsize="small")
