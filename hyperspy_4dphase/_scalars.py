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


def check_choice(name, value, known):
    """Return an argument that must be one of a few.

    Parameters
    ----------
    name : str
    value : object
    known : sequence of str or None
        What is allowed.

    Returns
    -------
    str or None

    Raises
    ------
    ValueError
        If it is none of them, of whatever type it is.

    Examples
    --------
    >>> check_choice("distortion", "ssim", ("jacobian", "ssim"))
    'ssim'
    """
    if (isinstance(value, str) or value is None) and value in known:
        return value
    raise ValueError(f"{name}={value!r}; expected one of {tuple(known)}.")


def check_names(name, value, known):
    """Return one name or several, each of which must be known, as a list.

    Parameters
    ----------
    name : str
        Of the argument.
    value : str, sequence of str, or None
        None stands for all.
    known : iterable of str

    Returns
    -------
    list of str
        Each once, as they came.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If a name is not known, or if there is none.

    Examples
    --------
    >>> check_names("names", "noise", ("boundary", "noise"))
    ['noise']
    """
    known = list(known)
    if value is None:
        return known
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple | set | frozenset) or not all(
        isinstance(each, str) for each in names
    ):
        raise TypeError(
            f"{name} must be a sequence of names, of {known}, not {value!r}."
        )
    if not names or not set(names) <= set(known):
        raise ValueError(f"{name}={value!r}; expected one or more of {known}.")
    return list(dict.fromkeys(names))
