"""Decoded patterns laid out over the latent plane."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection

from hyperspy_4dphase.plot._checks import check_extent
from hyperspy_4dphase.plot._pattern import pattern_colormap, power, power_norm

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

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If one of the arrays holds no real numbers.
    ValueError
        If shapes do not fit, or if a density is negative or NaN.
    """
    patterns, x, y, alpha = _in_display_order(patterns, x, y, density)
    if patterns.ndim == 4:
        check_extent(pattern_extent, 2, "pattern_extent")
    proportion = _proportion(patterns.shape, pattern_extent)
    figure = plt.figure(figsize=_size(*alpha.shape, proportion), layout="constrained")
    axes = figure.add_subplot()
    (_draw_images if patterns.ndim == 4 else _draw_curves)(axes, patterns, alpha)
    n_rows, n_columns = alpha.shape
    axes.set_xlim(-0.5, n_columns - 0.5)
    axes.set_ylim(-0.5, n_rows - 0.5)
    axes.set_aspect(proportion)
    axes.set_xticks(*_ticks(x))
    axes.set_yticks(*_ticks(y))
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    lines = {"color": "white", "linewidth": 0.6}
    axes.vlines(np.arange(1, n_columns) - 0.5, -0.5, n_rows - 0.5, **lines)
    axes.hlines(np.arange(1, n_rows) - 0.5, -0.5, n_columns - 0.5, **lines)
    return figure


def _in_display_order(patterns, x, y, density):
    """Everything checked, with both coordinates rising, and how opaque each tile is."""
    arrays = {"patterns": patterns, "x": x, "y": y}
    if density is not None:
        arrays["density"] = density
    for name, values in arrays.items():
        arrays[name] = np.asarray(values)
        if arrays[name].dtype.kind not in "iuf":
            raise TypeError(
                f"{name} must hold real numbers, but its type is {arrays[name].dtype}."
            )
    patterns, x, y = arrays["patterns"], arrays["x"], arrays["y"]
    if patterns.ndim not in (3, 4) or not patterns.size:
        raise ValueError(
            "patterns must have the shape (n_rows, n_columns, nky, nkx), or (n_rows, "
            f"n_columns, nk), but have {patterns.shape}."
        )
    n_rows, n_columns = patterns.shape[:2]
    expected = {"x": (n_columns,), "y": (n_rows,), "density": (n_rows, n_columns)}
    for name in arrays.keys() & expected.keys():
        if arrays[name].shape != expected[name]:
            raise ValueError(
                f"{name} has the shape {arrays[name].shape}, but patterns in {n_rows} "
                f"rows and {n_columns} columns want {expected[name]}."
            )
    rows, columns = np.argsort(y), np.argsort(x)
    order = np.ix_(rows, columns)
    alpha = _opacity(arrays.get("density"), (n_rows, n_columns))
    return patterns[order].astype(float), x[columns], y[rows], alpha[order]


def _opacity(density, shape):
    """From nearly nothing to 1 for a tile with an even share of all or more."""
    if density is None:
        return np.ones(shape)
    if not (np.isfinite(density) & (density >= 0)).all():
        raise ValueError("density must not be negative, infinite or NaN.")
    return _FAINTEST + (1 - _FAINTEST) * power(
        np.minimum(density / (density.mean() or 1), 1)
    )


def _draw_images(axes, patterns, alpha):
    n_rows, n_columns, n_ky, n_kx = patterns.shape
    # The image's first row is its top: tiles go upwards, the pixels in them downwards.
    image = patterns[::-1].transpose(0, 2, 1, 3).reshape(n_rows * n_ky, -1)
    opacity = alpha[::-1].repeat(n_ky, axis=0).repeat(n_kx, axis=1)
    axes.imshow(
        image,
        cmap=pattern_colormap(),
        norm=power_norm(np.nanmax(patterns, initial=0) or 1.0),
        alpha=opacity,
        extent=(-0.5, n_columns - 0.5, -0.5, n_rows - 0.5),
        origin="upper",
    )


def _draw_curves(axes, patterns, alpha):
    n_rows, n_columns, n_k = patterns.shape
    height = power(patterns / (np.nanmax(patterns, initial=0) or 1.0))
    across = np.linspace(-0.44, 0.44, n_k) + np.arange(n_columns)[:, None]
    up = 0.86 * height - 0.43 + np.arange(n_rows)[:, None, None]
    curves = np.stack([np.broadcast_to(across, up.shape), up], axis=-1)
    colors = np.zeros((alpha.size, 4))
    colors[:, 3] = alpha.ravel()
    axes.add_collection(
        LineCollection(curves.reshape(-1, n_k, 2), colors=colors, linewidths=0.9)
    )


def _proportion(shape, extent):
    """Height of a tile by its width."""
    if len(shape) == 3:
        return 0.7
    if extent is None:
        return shape[2] / shape[3]
    left, right, bottom, top = extent
    return abs(top - bottom) / abs(right - left)


def _size(n_rows, n_columns, proportion):
    """In inches: neither side longer than a page, nor too short for its labels."""
    height = proportion * n_rows / n_columns
    scale = 7.5 / max(1, height)
    return max(3.0, scale) + 0.8, max(1.6, scale * height + 1.0)


def _ticks(values):
    """Where to write which latent coordinates, not more than fit."""
    step = -(-len(values) // _MOST_TICKS)
    places = np.arange(0, len(values), step)
    gaps = np.diff(values[places])
    finest = gaps[gaps > 0].min() if (gaps > 0).any() else 0.1
    n_decimals = max(0, 1 + int(np.ceil(-np.log10(finest))))
    # Adding zero makes it of minus zero.
    rounded = np.round(values[places], n_decimals) + 0.0
    return places, [f"{value:.{n_decimals}f}" for value in rounded]
