"""Decoded patterns laid out over the latent plane."""

import numpy as np
from matplotlib.collections import LineCollection

from hyperspy_4dphase.plot._checks import check_extent, check_real
from hyperspy_4dphase.plot._layout import make_figure
from hyperspy_4dphase.plot._pattern import (
    highest,
    pattern_colormap,
    power,
    power_norm,
    proportion,
)
from hyperspy_4dphase.plot._text import AS_TYPED

_MOST_TICKS = 9
_FAINTEST = 0.12


def plot_manifold(
    patterns,
    x,
    y,
    *,
    pattern_extent=None,
    density=None,
    title="",
    xlabel="latent dimension 0",
    ylabel="latent dimension 1",
):
    """Show how the decoded pattern changes over the latent plane.

    All patterns share one intensity scale.

    Parameters
    ----------
    patterns : numpy.ndarray, shape (n_rows, n_columns, nky, nkx)
        Or (n_rows, n_columns, nk) for 1-D patterns, which are drawn as curves.
    x, y : numpy.ndarray, shapes (n_columns,) and (n_rows,)
        Latent coordinates of the columns (shown from left to right) and of the rows
        (shown upwards).
    pattern_extent : tuple of float, optional
        Left, right, bottom and top edge of a pattern, for its proportions.
    density : numpy.ndarray, shape (n_rows, n_columns), optional
        How much of the scan lies there. Patterns fade out where there is nothing.
    title, xlabel, ylabel : str
        Of the figure and its axes.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If one of the arrays holds no real numbers.
    ValueError
        If shapes do not fit, or if a density is negative or NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_4dphase.plot import plot_manifold
    >>> patterns = np.random.default_rng(0).gamma(1, 1, (3, 4, 12, 14))
    >>> fig = plot_manifold(patterns, np.linspace(-2, 2, 4), np.linspace(-1, 1, 3))
    """
    patterns, x, y, alpha = _in_display_order(patterns, x, y, density)
    if patterns.ndim == 4:
        check_extent(pattern_extent, 2, "pattern_extent")
    aspect = proportion(patterns.shape[2:], pattern_extent)
    figure = make_figure(None, _figure_size(*alpha.shape, aspect))
    axes = figure.add_subplot()
    (_draw_images if patterns.ndim == 4 else _draw_curves)(axes, patterns, alpha)
    n_rows, n_columns = alpha.shape
    axes.set(xlabel=xlabel, ylabel=ylabel, aspect=aspect)
    axes.set_title(title or "", **AS_TYPED)
    axes.set(xlim=(-0.5, n_columns - 0.5), ylim=(-0.5, n_rows - 0.5))
    axes.set_xticks(*_ticks(x))
    axes.set_yticks(*_ticks(y))
    lines = {"color": "white", "linewidth": 0.6}
    axes.vlines(np.arange(1, n_columns) - 0.5, -0.5, n_rows - 0.5, **lines)
    axes.hlines(np.arange(1, n_rows) - 0.5, -0.5, n_columns - 0.5, **lines)
    return figure


def _in_display_order(patterns, x, y, density):
    """Check everything, and let both coordinates rise.

    Returns
    -------
    tuple of numpy.ndarray
        Patterns, x, y and opacity of each tile.
    """
    patterns = check_real(patterns, "patterns")
    x, y = check_real(x, "x"), check_real(y, "y")
    if patterns.ndim not in (3, 4) or not patterns.size:
        raise ValueError(
            "patterns must have the shape (n_rows, n_columns, nky, nkx), or (n_rows, "
            f"n_columns, nk), but have {patterns.shape}."
        )
    shape = patterns.shape[:2]
    density = check_real(np.ones(shape) if density is None else density, "density")
    expected = {"x": shape[1:], "y": shape[:1], "density": shape}
    found = {"x": x.shape, "y": y.shape, "density": density.shape}
    if found != expected:
        raise ValueError(
            f"x, y and density must have the shapes {expected}, as patterns have "
            f"{shape[0]} rows and {shape[1]} columns, but have {found}."
        )
    rows, columns = np.argsort(y), np.argsort(x)
    order = np.ix_(rows, columns)
    return patterns[order], x[columns], y[rows], _opacity(density)[order]


def _opacity(density):
    """Return from nearly nothing to 1 for a tile with an even share of all or more."""
    if not (np.isfinite(density) & (density >= 0)).all():
        raise ValueError("density must not be negative, infinite or NaN.")
    filling = np.minimum(density / (density.mean() or 1), 1)
    return _FAINTEST + (1 - _FAINTEST) * power(filling)


def _draw_images(axes, patterns, alpha):
    n_rows, n_columns, n_ky, n_kx = patterns.shape
    # The image's first row is its top: tiles go upwards, the pixels in them downwards.
    image = patterns[::-1].transpose(0, 2, 1, 3).reshape(n_rows * n_ky, -1)
    opacity = alpha[::-1].repeat(n_ky, axis=0).repeat(n_kx, axis=1)
    axes.imshow(
        image,
        cmap=pattern_colormap(),
        norm=power_norm(highest(patterns)),
        alpha=opacity,
        extent=(-0.5, n_columns - 0.5, -0.5, n_rows - 0.5),
        origin="upper",
    )


def _draw_curves(axes, patterns, alpha):
    n_rows, n_columns, n_k = patterns.shape
    height = power(patterns / highest(patterns))
    across = np.linspace(-0.44, 0.44, n_k) + np.arange(n_columns)[:, None]
    up = 0.86 * height - 0.43 + np.arange(n_rows)[:, None, None]
    curves = np.stack([np.broadcast_to(across, up.shape), up], axis=-1)
    style = {"colors": "black", "alpha": alpha.ravel(), "linewidths": 0.9}
    axes.add_collection(LineCollection(curves.reshape(-1, n_k, 2), **style))


def _figure_size(n_rows, n_columns, aspect):
    """Return inches: no side longer than a page, nor too short for its labels."""
    height = aspect * n_rows / n_columns
    scale = 7.5 / max(1, height)
    return max(3.0, scale) + 0.8, max(1.6, scale * height + 1.0)


def _ticks(values):
    """Return where to write which latent coordinates, not more than fit."""
    step = -(-len(values) // _MOST_TICKS)
    places = np.arange(0, len(values), step)
    gaps = np.diff(values[places])
    finest = gaps[gaps > 0].min() if (gaps > 0).any() else 0.1
    n_decimals = max(0, 1 + int(np.ceil(-np.log10(finest))))
    # Adding zero makes it of minus zero.
    rounded = np.round(values[places], n_decimals) + 0.0
    return places, [f"{value:.{n_decimals}f}" for value in rounded]
