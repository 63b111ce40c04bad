"""How strong the directions of a scan are, and which of them rise above noise."""

import numpy as np

from hyperspy_4dphase.plot._checks import check_index, check_real
from hyperspy_4dphase.plot._layout import make_figure
from hyperspy_4dphase.plot._style import FIRST, SECOND, SMALL
from hyperspy_4dphase.plot._text import AS_TYPED


def plot_scree(singular_values, noise_edge=None, *, number=None, title=None, ax=None):
    """Show singular values, the edge of noise, and how many components are asked for.

    Parameters
    ----------
    singular_values : numpy.ndarray, shape (rank,)
        Of the scaled patterns, the largest first.
    noise_edge : float, optional
        The largest that noise alone would show.
    number : int, optional
        Of components: what is left of the line.
    title : str, optional
        Of the diagram.
    ax : matplotlib.axes.Axes, optional
        A new figure by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If these are no real numbers.
    ValueError
        If there are none, if one is negative, or if `number` is not from 1 to their
        number.

    Examples
    --------
    >>> from hyperspy_4dphase.plot import plot_scree
    >>> ax = plot_scree([90, 40, 12, 3, 2.5], noise_edge=5, number=3)
    """
    values = check_real(singular_values, "singular_values")
    if values.ndim != 1 or not values.size or not (values >= 0).all():
        raise ValueError(
            "singular_values must be numbers from 0 on, in one row, and one at least, "
            f"but have the shape {values.shape}."
        )
    if number is not None:
        check_index(number - 1, "number - 1", len(values))
    if ax is None:
        ax = make_figure(None, (5.6, 3.4)).add_subplot()
    numbers = np.arange(1, len(values) + 1)
    above = values > (0 if noise_edge is None else noise_edge)
    style = {"marker": "o", "linestyle": "", "markersize": 5}
    ax.plot(numbers[above], values[above], color=FIRST, label="structure", **style)
    if not above.all():
        ax.plot(numbers[~above], values[~above], color="0.6", label="noise", **style)
    if noise_edge is not None:
        ax.axhline(noise_edge, color="0.4", linewidth=0.9, linestyle="--")
    if number is not None:
        label = "1 component" if number == 1 else f"{number} components"
        ax.axvline(number + 0.5, color=SECOND, linewidth=1.4, label=label)
    if values.min() > 0:
        ax.set_yscale("log")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="direction", ylabel="singular value")
    ax.legend(frameon=False, fontsize=SMALL)
    if title:
        ax.set_title(title, **AS_TYPED)
    return ax
