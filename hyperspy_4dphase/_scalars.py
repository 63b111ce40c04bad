"""Checks of single numbers and flags, the same for every layer."""

import numbers

import numpy as np


def check_integer(name, value, low, *, optional=False):
    """Return an integer argument as int.

    Parameters
    ----------
    name : str
    value : object
    low : int
        The smallest that is allowed.
    optional : bool, optional
        Whether None is allowed, and returned.

    Returns
    -------
    int or None

    Raises
    ------
    TypeError
        If it is no integer.
    ValueError
        If it is too small.

    Examples
    --------
    >>> check_integer("n_maps", 3, 2)
    3
    """
    if value is None and optional:
        return None
    kind = "an integer or None" if optional else "an integer"
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be {kind}, not {value!r}.")
    if value < low:
        raise ValueError(f"{name} must be at least {low}, not {value}.")
    return int(value)


def check_number(
    name, value, low=-np.inf, high=np.inf, *, above=False, below=False, optional=False
):
    """Return a finite number as float.

    Parameters
    ----------
    name : str
    value : object
    low, high : float, optional
        Both are allowed.
    above, below : bool, optional
        Whether `low`, or `high`, itself is refused.
    optional : bool, optional
        Whether None is taken, and returned.

    Returns
    -------
    float or None

    Raises
    ------
    TypeError
        If it is no real number.
    ValueError
        If it is out of range, NaN or infinite.

    Examples
    --------
    >>> check_number("dose", 2, 0, above=True)
    2.0
    """
    if optional and value is None:
        return None
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, not {value!r}.")
    inside = np.isfinite(value) and low <= value <= high
    if not inside or (above and value == low) or (below and value == high):
        limits = ["finite"]
        if low > -np.inf:
            limits.append(f"{'above' if above else 'at least'} {low:g}")
        if high < np.inf:
            limits.append(f"{'below' if below else 'at most'} {high:g}")
        limits = " and ".join(limits)
        raise ValueError(f"{name} must be {limits}, not {value}.")
    return float(value)


def check_flags(*, optional=False, **flags):
    """Refuse arguments that are no booleans, nor None where that is allowed.

    Parameters
    ----------
    optional : bool, optional
        Whether None is allowed.
    **flags
        Names and values.

    Raises
    ------
    TypeError
    """
    for name, value in flags.items():
        if not isinstance(value, bool | np.bool_) and not (optional and value is None):
            kind = "True, False or None" if optional else "True or False"
            raise TypeError(f"{name} must be {kind}, not {value!r}.")
