"""How a map became surer, round by round."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from hyperspy_4dphase.plot._checks import checked_shares
from hyperspy_4dphase.plot._layout import panel_below, percent

# Names as they are written, and colours, of the shares; then those of the loss.
_SHARES = {
    "mean_confidence": ("mean confidence", "#0072b2"),
    "consistent": ("consistent", "#009e73"),
    "unassigned": ("unassigned", "#d55e00"),
}
# What is shown below, the first of them that there is: rounds weight patterns
# differently, so that their losses hardly compare. Name, colour, and unit.
_BELOW = {
    "information": ("information", "0.3", "bits"),
    "held_out_loss": ("held-out loss", "0.3", "loss"),
}
_OPTIONAL = {"consistent", *_BELOW}
# Between labels, as a share of the height of the axes.
_APART = 0.14


def plot_rounds(rounds, *, best=None, ax=None):
    """Show how confidence changed from one round of training to the next.

    Each curve is named beside its end, with its values in the first round and in the
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
    """
    rounds, n_rounds = _checked(rounds)
    if best is not None and best not in range(n_rounds):
        raise ValueError(
            f"best must be an index from 0 to {n_rounds - 1}, but is {best}."
        )
    if ax is None:
        height = 5.0 if _BELOW.keys() & rounds.keys() else 3.8
        figure = plt.figure(figsize=(6.4, height), layout="constrained")
        ax = figure.add_subplot()
    kept = n_rounds - 1 if best is None else best
    ax.set_ylim(-0.02, 1.02)
    _draw(ax, rounds, _SHARES, kept, percent)
    panels = [ax]
    for kind in [kind for kind in _BELOW if kind in rounds][:1]:
        panels.append(panel_below(ax, 0.35))
        name, color, unit = _BELOW[kind]
        _draw(panels[1], rounds, {kind: (name, color)}, kept, "{:.4g}".format)
        panels[1].set_ylabel(unit)
    ax.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    ax.set_xlim(0.75, n_rounds + 0.25)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    panels[-1].set_xlabel("round")
    if best is not None:
        _mark(panels, best)
    return ax


def _draw(ax, rounds, kinds, kept, written):
    """Draw curves, and their names with first and kept value beside their ends."""
    kinds = {kind: named for kind, named in kinds.items() if kind in rounds}
    for kind, (_, color) in kinds.items():
        values = rounds[kind]
        numbers = np.arange(1, len(values) + 1)
        ax.plot(numbers, values, ".-", color=color)
    places = _places(ax, [rounds[kind] for kind in kinds])
    for place, (kind, (name, color)) in zip(places, kinds.items(), strict=True):
        values = rounds[kind][sorted({0, kept})]
        known = [written(value) for value in values if np.isfinite(value)]
        ax.annotate(
            "\n".join([name, " → ".join(known)]),
            (1.02, place),
            xycoords="axes fraction",
            color=color,
            va="center",
            fontsize="small",
        )


def _places(ax, curves):
    """Heights of labels in the axes: at the ends of curves, but apart."""
    low, high = ax.get_ylim()
    ends = [curve[np.isfinite(curve)][-1:] for curve in curves]
    ends = [(end[0] - low) / (high - low) if len(end) else 0.5 for end in ends]
    order = np.argsort(ends)
    places = np.array(ends)[order]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + _APART)
    ceiling = 1 - _APART / 2
    for i in reversed(range(len(places))):
        places[i] = ceiling = min(places[i], ceiling)
        ceiling -= _APART
    return places[np.argsort(order)]


def _mark(panels, best):
    """Mark the round that was kept, in all panels."""
    for ax in panels:
        for curve in list(ax.lines):
            value = curve.get_ydata()[best]
            style = {"color": curve.get_color(), "markeredgecolor": "0.1"}
            ax.plot(best + 1, value, "o", zorder=3, **style)
        ax.axvline(best + 1, color="0.5", linewidth=0.9, linestyle=":", zorder=0)
    last = best + 1 == len(panels[0].lines[0].get_xdata()) > 1
    panels[0].annotate(
        f"kept: round {best + 1}",
        (best + 1, 1.02),
        xycoords=panels[0].get_xaxis_transform(),
        # Beside it are the names of curves.
        ha="right" if last else "center",
        va="bottom",
        fontsize="small",
        annotation_clip=False,
    )


def _checked(rounds):
    """What is shown, as floats, and the number of rounds, or an error."""
    missing = {*_SHARES} - _OPTIONAL - {*rounds}
    if missing:
        raise ValueError(
            f"rounds must hold {' and '.join(sorted(missing))}, but hold "
            f"{', '.join(map(str, rounds)) or 'nothing'}."
        )
    n_rounds = np.size(rounds["mean_confidence"])
    checked = {}
    for kind in {**_SHARES, **_BELOW}.keys() & rounds.keys():
        values = np.asarray(rounds[kind], float)
        if values.shape != (n_rounds,) or not n_rounds:
            raise ValueError(
                f"rounds[{kind!r}] must have one number for each of {n_rounds} rounds, "
                f"and there must be one at least, but the shape is {values.shape}."
            )
        if kind in _SHARES:
            values = checked_shares(values, f"rounds[{kind!r}]")
        checked[kind] = values
    return checked, n_rounds
