"""The centre of patterns, as users give it: column and row, checked."""

import warnings

import numpy as np

from hyperspy_4dphase.estimators.calibration import estimate_center

# A given centre is doubted where a right one would disagree so much with the pattern
# less often than this...
_SIGNIFICANCE = 1e-3
# ... and by more pixels than positions of spots are told by.
_LEAST_DISTANCE = 0.5
# Axes that are called zero in the middle may be so by half a pixel either way.
_LEAST_FROM_ZERO = 1.0


def read_center(center, axes, n_domains=None):
    """Read a centre that a user gave.

    Parameters
    ----------
    center : None, Estimate, or array_like of shape (2,) or (n_domains, 2)
        Column and row (x, y) in pixels, or what :func:`find_center` returns.
    axes : list of dict
        Of a pattern, in array order.
    n_domains : int, optional
        Where each domain may have its own.

    Returns
    -------
    numpy.ndarray of the same shape, or None
        Row and column, in array order.

    Raises
    ------
    ValueError
        If it is not on the detector, or an estimate that is not resolved.
    """
    if center is None:
        return None
    problem = getattr(center, "problem", "")
    if problem:
        raise ValueError(f"center is an estimate that is not resolved: {problem}.")
    center = getattr(center, "value", center)
    last = np.array([axis["size"] for axis in axes][::-1]) - 1
    shapes = [(2,)] if n_domains is None else [(2,), (n_domains, 2)]
    try:
        place = np.asarray(center, dtype=float)
    except (TypeError, ValueError):
        place = np.empty(0)
    if place.shape not in shapes or not ((place >= 0) & (place <= last)).all():
        one = " for all, or for each domain," if len(shapes) > 1 else ""
        raise ValueError(
            f"center must be a column and a row (x, y){one} on the detector, from "
            f"(0, 0) to {tuple(last.tolist())}, not {center!r}."
        )
    return place[..., ::-1].copy()


def compare_center(center, patterns, excluded, zero=None):
    """Warn where a given centre is not the one that patterns or their axes show.

    Parameters
    ----------
    center : array_like, shape (2,)
        Row and column.
    patterns : numpy.ndarray, shape (n, n_ky, n_kx)
    excluded : numpy.ndarray of bool, shape (n_ky, n_kx)
    zero : tuple of float, optional
        Row and column of the pixel that the axes call zero.

    Warns
    -----
    UserWarning
        If patterns have another centre of inversion, by more than its error and by
        more than half a pixel; or, where they do not tell, if `zero` is more than a
        pixel away.
    """
    found = estimate_center(patterns, excluded)
    center = np.asarray(center, dtype=float)
    if not found.resolved:
        _compare_zero(center, zero)
        return
    if not _disagrees(center, found):
        return
    off = np.hypot(*(center - found.value))
    (x, y), (own_x, own_y) = center[::-1], found.value[::-1]
    error = found.standard_error[::-1]
    swapped = ""
    if not _disagrees(center[::-1], found):
        swapped = " They agree with (y, x): give the column first."
    warnings.warn(
        f"center=({x:.1f}, {y:.1f}) is {off:.1f} pixels off the centre of inversion of "
        f"the patterns, ({own_x:.1f} ± {error[0]:.1g}, {own_y:.1f} ± {error[1]:.1g}): "
        f"names and orientations may be wrong.{swapped}",
        UserWarning,
        stacklevel=5,
    )


def _compare_zero(center, zero):
    """Warn where a given centre is not the zero of the axes."""
    if zero is None or np.hypot(*(center - zero)) <= _LEAST_FROM_ZERO:
        return
    (x, y), (own_x, own_y) = center[::-1], zero[::-1]
    warnings.warn(
        f"center=({x:.1f}, {y:.1f}) is used, but the signal axes are zero at "
        f"({own_x:.1f}, {own_y:.1f}), and the patterns do not tell which is right. "
        "Correct whichever is wrong.",
        UserWarning,
        stacklevel=6,
    )


def _disagrees(center, found):
    """Whether a centre differs from an estimate by more than its error."""
    if np.hypot(*(center - found.value)) <= _LEAST_DISTANCE:
        return False
    return found.excludes(center, _SIGNIFICANCE)
