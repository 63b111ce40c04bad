"""How a training went."""

import numpy as np

from hyperspy_4dphase.plot._checks import check_index
from hyperspy_4dphase.plot._layout import make_figure
from hyperspy_4dphase.plot._style import FIRST, SECOND


def plot_loss(training, held_out, *, best=None, ax=None):
    """Show the loss of training and of held-out patterns, epoch by epoch.

    Parameters
    ----------
    training, held_out : array-like of float, shape (n_epochs,)
        NaN where there is none. The scale is logarithmic if both are positive and one
        falls by more than a factor of ten.
    best : int, optional
        Index, from 0, of the epoch that was kept. It is marked.
    ax : matplotlib.axes.Axes, optional
        A new figure by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the two are not of one length, if there are no epochs, or not the best one.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_4dphase.plot import plot_loss
    >>> epochs = np.arange(1, 11)
    >>> ax = plot_loss(5 + 1 / epochs, 5.5 + 1 / epochs, best=9)
    """
    training, held_out = np.asarray(training, float), np.asarray(held_out, float)
    if training.ndim != 1 or training.shape != held_out.shape or not training.size:
        raise ValueError(
            "training and held_out must hold one loss for each epoch, but have the "
            f"shapes {training.shape} and {held_out.shape}."
        )
    check_index(best, "best", len(training))
    if ax is None:
        ax = make_figure(None, (5.6, 3.8)).add_subplot()
    epochs = np.arange(1, len(training) + 1)
    # A curve of one epoch is a dot.
    marker = "." if len(epochs) == 1 else ""
    ax.plot(epochs, training, marker=marker, color=FIRST, label="training")
    ax.plot(epochs, held_out, marker=marker, color=SECOND, label="held out")
    if best is not None:
        ax.axvline(epochs[best], color="0.5", linewidth=0.9, linestyle=":")
        label = f"kept: epoch {epochs[best]}"
        style = {"color": SECOND, "markeredgecolor": "0.1", "linestyle": ""}
        ax.plot(epochs[best], held_out[best], "o", label=label, **style)
    if _falls_far(np.concatenate([training, held_out])):
        ax.set_yscale("log")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="epoch", ylabel="loss")
    ax.legend(frameon=False)
    return ax


def _falls_far(losses):
    losses = losses[np.isfinite(losses)]
    return losses.size > 0 and losses.min() > 0 and losses.max() > 10 * losses.min()
