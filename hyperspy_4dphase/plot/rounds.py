"""How a map became surer, round by round."""

import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from hyperspy_4dphase.plot._checks import check_fractions, check_index
from hyperspy_4dphase.plot._layout import add_panel_below, format_percent, make_figure
from hyperspy_4dphase.plot._style import FIRST, SECOND, THIRD

# Name and colour of each curve of fractions.
_FRACTIONS = {
    "mean_confidence": ("mean confidence", FIRST),
    "consistent": ("consistent", THIRD),
    "unassigned": ("unassigned", SECOND),
}
# Name and unit of what is shown below, the first of them that there is: rounds weight
# patterns differently, so that their losses hardly compare.
_BELOW = {
    "information": ("information", "bits"),
    "held_out_loss": ("held-out loss", "loss"),
}


def plot_rounds(rounds, *, best=None, ax=None):
    """Show how confidence changed from one round of training to the next.

    Beside the curves are their names, with the values in the first round and in the
    best one, or in the last if the best is not given.

    Parameters
    ----------
    rounds : dict of str to array-like of float, shape (n_rounds,)
        "mean_confidence" and "unassigned", the share of positions without a domain;
        and optionally "consistent", the share on which maps agree, and
        "information" in bits or "held_out_loss", of which the first is shown. Shares
        are in [0, 1]; NaN where unknown. What else there is, is not shown.
    best : int, optional
        Index, from 0, of the round that was kept. It is marked.
    ax : matplotlib.axes.Axes, optional
        A new figure by default. Its lower part goes to information or loss, if
        there is one.

    Returns
    -------
    matplotlib.axes.Axes
        That of the shares.

    Raises
    ------
    ValueError
        If one of the two is missing, if there are no rounds or not as many of each, if
        shares are not in [0, 1], or if there is no such round as the best.

    Examples
    --------
    >>> from hyperspy_4dphase.plot import plot_rounds
    >>> rounds = {"mean_confidence": [0.91, 0.95], "unassigned": [0.08, 0.03]}
    >>> ax = plot_rounds(rounds, best=1)
    """
    rounds, n_rounds = _check_rounds(rounds)
    check_index(best, "best", n_rounds)
    below = next((kind for kind in _BELOW if kind in rounds), None)
    if ax is None:
        ax = make_figure(None, (6.4, 5.0 if below else 3.8)).add_subplot()
    kept = n_rounds - 1 if best is None else best
    ax.set_ylim(-0.02, 1.02)
    kinds = [kind for kind in _FRACTIONS if kind in rounds]
    curves = [(*_FRACTIONS[kind], rounds[kind]) for kind in kinds]
    _draw_curves(ax, curves, kept, format_percent)
    panels = [ax]
    if below:
        panels.append(add_panel_below(ax, 0.35))
        name, unit = _BELOW[below]
        _draw_curves(panels[1], [(name, "0.3", rounds[below])], kept, "{:.4g}".format)
        panels[1].set_ylabel(unit)
    ax.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    ax.set_xlim(0.75, n_rounds + 0.25)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    panels[-1].set_xlabel("round")
    if best is not None:
        _mark_kept(panels, best)
    return ax


def _draw_curves(ax, curves, kept, written):
    """Draw curves, and beside them their names with first and kept value."""
    numbers = range(1, len(curves[0][-1]) + 1)
    for name, color, values in curves:
        shown = [written(v) for v in values[sorted({0, kept})] if np.isfinite(v)]
        label = f"{name}\n{' → '.join(shown)}"
        ax.plot(numbers, values, ".-", color=color, label=label)
    # The name of the curve that ends highest is on top.
    lines = sorted(ax.lines, key=lambda line: -np.nan_to_num(line.get_ydata()[-1]))
    place = {"loc": "upper left", "bbox_to_anchor": (1, 1)}
    style = {"fontsize": "small", "labelcolor": "linecolor", "frameon": False}
    ax.legend(handles=lines, handlelength=1, **place, **style)


def _mark_kept(panels, best):
    """Mark the round that was kept, in all panels."""
    for ax in panels:
        for curve in list(ax.lines):
            value = curve.get_ydata()[best]
            style = {"color": curve.get_color(), "markeredgecolor": "0.1"}
            ax.plot(best + 1, value, "o", zorder=3, **style)
        ax.axvline(best + 1, color="0.5", linewidth=0.9, linestyle=":", zorder=0)
    panels[0].annotate(
        f"kept: round {best + 1}",
        (best + 1, 1.02),
        xycoords=panels[0].get_xaxis_transform(),
        ha="center",
        va="bottom",
        fontsize="small",
        annotation_clip=False,
    )


def _check_rounds(rounds):
    """Return what is shown, as floats, and the number of rounds."""
    missing = {"mean_confidence", "unassigned"} - {*rounds}
    if missing:
        raise ValueError(
            f"rounds must hold {' and '.join(sorted(missing))}, but hold "
            f"{', '.join(map(str, rounds)) or 'nothing'}."
        )
    n_rounds = np.size(rounds["mean_confidence"])
    checked = {}
    for kind in {**_FRACTIONS, **_BELOW}.keys() & rounds.keys():
        values = np.asarray(rounds[kind], float)
        if values.shape != (n_rounds,) or not n_rounds:
            raise ValueError(
                f"rounds[{kind!r}] must have one number for each of {n_rounds} rounds, "
                f"and there must be one at least, but the shape is {values.shape}."
            )
        if kind in _FRACTIONS:
            values = check_fractions(values, f"rounds[{kind!r}]")
        checked[kind] = values
    return checked, n_rounds
