"""Whether values stand on a comb: whole numbers, or multiples of one unit."""

from dataclasses import dataclass

import numpy as np

_N_VALUES = 2**19
# Share of the values that single bad ones may have.
_BESIDE = 1e-3
_MOST_LEVELS = 2**14


@dataclass(frozen=True)
class Comb:
    """Levels ``phase + k * unit``.

    Attributes
    ----------
    unit, phase : float
        The phase is at least 0 and less than the unit.
    least : float
        Lowest level.
    share_of_least : float
        Part of the values that have it.
    """

    unit: float
    phase: float
    least: float
    share_of_least: float


def find_comb(patterns):
    """The comb that values stand on, or None.

    Parameters
    ----------
    patterns : numpy.ndarray, shape (n_patterns, n_pixels)

    Returns
    -------
    Comb or None
    """
    values = patterns.ravel()[:: max(1, patterns.size // _N_VALUES)]
    values = values.astype(np.float64)
    levels, number = np.unique(values, return_counts=True)
    # Single high values, and levels that hardly any value has, are no counts.
    inside = np.cumsum(number) <= (1 - _BESIDE) * values.size
    # Where hardly anything is counted, one electron is rare, too.
    inside[:2] = True
    levels, number = levels[inside], number[inside]
    if levels.size < 2:
        return None
    if (levels == np.rint(levels)).all():
        unit = float(np.gcd.reduce(np.diff(levels).astype(np.int64)))
    else:
        unit = _unit_of_floats(levels, number)
        if unit is None:
            return None
    phase = float(levels[0] % unit)
    if min(phase, unit - phase) < 1e-3 * unit:
        phase = 0.0
    share = number[0] / number.sum()
    return Comb(unit, phase, float(levels[0]), float(share))


def _unit_of_floats(levels, number):
    """The unit of levels that rounding has blurred, or None."""
    blur = 4 * np.finfo(np.float32).eps * np.abs(levels).max()
    apart = np.diff(levels) > blur
    first = np.flatnonzero(np.append(True, apart))
    distinct = levels[first]
    if not 2 <= distinct.size <= _MOST_LEVELS:
        return None
    unit = float(np.diff(distinct).min())
    if unit < 100 * blur:
        return None
    above = distinct - distinct[0]
    # The higher the levels that are used, the more precise the unit becomes.
    reach = 8
    while True:
        k = np.rint(above / unit)
        inside = k <= reach
        if (inside & (k > 0)).any():
            unit = float(k[inside] @ above[inside] / (k[inside] @ k[inside]))
        if inside.all():
            break
        reach *= 4
    off = np.abs(above / unit - np.rint(above / unit))
    return unit if off.max() < 0.02 else None
