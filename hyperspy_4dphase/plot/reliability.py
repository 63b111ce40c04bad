"""Whether what is said to be sure is right as often as that."""

import numpy as np
from scipy.stats import binomtest

from hyperspy_4dphase._scalars import check_integer
from hyperspy_4dphase.plot._checks import check_fractions
from hyperspy_4dphase.plot._layout import add_panel_below, make_figure
from hyperspy_4dphase.plot._style import FIRST


def plot_reliability(confidence, right, *, n_bins=10, ax=None):
    """Show how often positions of like confidence are right, where the truth is known.

    Those of a bin are right as often as they should be if their dot lies on the
    diagonal; if it lies below, they are too sure. Intervals are Wilson's [1]_ and hold
    95 % if positions were independent: neighbours are not, so they are rather short.
    Below is the number of positions in each bin.

    Parameters
    ----------
    confidence : numpy.ndarray of float
        In [0, 1], of any shape with one to three axes. Where NaN, it is left out.
    right : numpy.ndarray of bool
        Of the same shape: whether the domain of the position is the true one.
    n_bins : int, default 10
        Bins of equal width from 0 to 1.
    ax : matplotlib.axes.Axes, optional
        A new figure by default. Its lower part goes to the numbers of positions.

    Returns
    -------
    matplotlib.axes.Axes
        That of the diagram.

    Raises
    ------
    ValueError
        If shapes differ, if `confidence` holds what is not in [0, 1] or only NaN, if
        `right` holds no booleans, or if there is not at least one bin.

    References
    ----------
    .. [1] E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927),
       https://doi.org/10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.repeat([0, 1, 2], [40, 24, 16]).reshape(8, 10)
    >>> confidence = np.linspace(0.6, 1, 80).reshape(8, 10)
    >>> from hyperspy_4dphase.plot import plot_reliability
    >>> right = np.random.default_rng(0).random((8, 10)) < confidence
    >>> ax = plot_reliability(confidence, right)
    """
    confidence, right = _check(confidence, right, n_bins)
    if ax is None:
        ax = make_figure(None, (4.4, 5.4)).add_subplot()
    below = add_panel_below(ax, 0.25)
    size, n_right, total = _sum_bins(confidence, right, n_bins)
    filled = size > 0
    mean, fraction = (x[filled] / size[filled] for x in (total, n_right))
    tests = map(binomtest, n_right[filled], size[filled])
    ends = [test.proportion_ci(method="wilson") for test in tests]
    interval = np.abs(np.transpose(ends) - fraction)
    ax.plot([0, 1], [0, 1], color="0.6", linewidth=0.9, linestyle="--", zorder=1)
    style = {"fmt": "o", "color": FIRST, "markersize": 5, "capsize": 2}
    # What lies on the frame is to be seen whole.
    dots = ax.errorbar(mean, fraction, interval, clip_on=False, **style)
    dots.lines[0].set_zorder(3)
    error = calibration_error(confidence, right, n_bins)
    text = f"expected calibration\nerror {error:.3f}"
    # Above the diagonal whatever is not sure enough would be in its way.
    ax.text(0.96, 0.04, text, transform=ax.transAxes, ha="right", va="bottom")
    ax.set(xlim=(0, 1), ylim=(0, 1), ylabel="share that is right")
    left = np.arange(n_bins) / n_bins
    below.bar(left, size, 1 / n_bins, align="edge", color="0.7", edgecolor="white")
    below.set_yscale("log")
    below.set(ylim=(0.7, 2 * size.max()), xlabel="confidence", ylabel="positions")
    return ax


def calibration_error(confidence, right, n_bins=10):
    """The expected calibration error [1]_: how far confidence and truth are apart.

    That is the mean, over bins of equal width weighted by their positions, of the
    difference between the share that is right and the mean confidence.

    Parameters
    ----------
    confidence : numpy.ndarray of float
        In [0, 1], of any shape with one to three axes. Where NaN, it is left out.
    right : numpy.ndarray of bool
        Of the same shape: whether the domain of the position is the true one.
    n_bins : int, default 10
        Bins from 0 to 1. Those without positions do not count.

    Returns
    -------
    float
        In [0, 1], 0 if calibrated.

    Raises
    ------
    ValueError
        As :func:`plot_reliability`.

    References
    ----------
    .. [1] C. Guo et al., Proc. ICML 70, 1321 (2017), https://arxiv.org/abs/1706.04599.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_4dphase.plot import calibration_error
    >>> confidence, right = np.array([0.75, 0.75, 1, 1]), np.array([True, False] * 2)
    >>> calibration_error(confidence, right)
    0.375
    """
    confidence, right = _check(confidence, right, n_bins)
    size, n_right, total = _sum_bins(confidence, right, n_bins)
    return float(np.abs(n_right - total).sum() / size.sum())


def _sum_bins(confidence, right, n_bins):
    """Number of positions, of right ones, and sum of the confidence in each bin."""
    values = (confidence, None), (confidence[right], None), (confidence, confidence)
    return [np.histogram(x, n_bins, (0, 1), weights=w)[0] for x, w in values]


def _check(confidence, right, n_bins):
    """What is not NaN, as flat arrays, or an error."""
    confidence = check_fractions(confidence, "confidence")
    right = np.asarray(right)
    if right.dtype != bool or right.shape != confidence.shape:
        raise ValueError(
            f"right must hold booleans and have the shape {confidence.shape} of "
            f"confidence, but is of the type {right.dtype} and the shape {right.shape}."
        )
    check_integer("n_bins", n_bins, 1)
    known = ~np.isnan(confidence)
    if not known.any():
        raise ValueError(
            "confidence is NaN at every position: there is nothing to bin."
        )
    return confidence[known], right[known]
