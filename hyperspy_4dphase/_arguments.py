"""Checks of arguments, made before anything is read."""

import numbers

import numpy as np


def check_scan(signal):
    """Refuse what is no scan of real patterns.

    Raises
    ------
    TypeError
        If the data are complex, structured or ragged.
    ValueError
        If there is no navigation or no signal axis, if the navigation axes are not the
        first ones of the array, or if an axis has other values than positions.
    """
    manager = signal.axes_manager
    dtype = signal.data.dtype
    if dtype.kind not in "buif":
        raise TypeError(
            f"The data are of type {dtype}, but patterns must be real numbers: "
            "integers, floats or booleans. Of complex data take the modulus first: "
            "abs(s)."
        )
    if manager.navigation_dimension == 0:
        raise ValueError(
            f"{signal!r} has no navigation axis: it is a single pattern. A scan of "
            "several patterns is needed, with dimensions (x, y|kx, ky), say; "
            "s.transpose(signal_axes=2) makes two axes the signal axes."
        )
    if manager.signal_dimension == 0:
        raise ValueError(
            f"{signal!r} has no signal axis. s.transpose(signal_axes=2) makes two axes "
            "the signal axes."
        )
    leading = sorted(manager.navigation_indices_in_array)
    if leading != list(range(manager.navigation_dimension)):
        raise ValueError(
            f"The navigation axes of {signal!r} are the axes {leading} of the array, "
            "not the first ones. s.transpose() puts them there."
        )
    _check_axes((*manager.navigation_axes, *manager.signal_axes))


def _check_axes(axes):
    for axis in axes:
        n_values = len(axis.axis)
        if n_values != axis.size:
            raise ValueError(
                f"The axis {axis.name!s} has {n_values} values for the {axis.size} "
                "elements of the data. pyxem 0.21 exchanges the values of kx and ky "
                "where a detector is not square (s.calibration.detector()): give each "
                "those of the other, as in s.axes_manager['kx'].axis = values."
            )


def check_integer(name, value, minimum, optional=False):
    """Return an integer argument as int, or None where that is allowed.

    Raises
    ------
    TypeError, ValueError
        If it is no integer, or too small.
    """
    if value is None and optional:
        return None
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        kind = "an integer or None" if optional else "an integer"
        raise TypeError(f"{name} must be {kind}, not {value!r}.")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, not {value}.")
    return int(value)


def check_number(name, value, *, at_least=-np.inf, above=-np.inf):
    """Return a finite number as float.

    Raises
    ------
    TypeError, ValueError
        If it is no number, too small, NaN or infinite.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, not {value!r}.")
    if not (np.isfinite(value) and value >= at_least and value > above):
        limits = {"at least": at_least, "above": above}
        limits = [f"{k} {v:g}" for k, v in limits.items() if np.isfinite(v)]
        limits = " and ".join(["finite", *limits])
        raise ValueError(f"{name} must be {limits}, not {value}.")
    return float(value)


def check_flag(name, value, optional=False):
    """Return a boolean argument as bool, or None where that is allowed.

    Raises
    ------
    TypeError
        If it is no boolean.
    """
    if value is None and optional:
        return None
    if not isinstance(value, bool | np.bool_):
        kind = "True, False or None" if optional else "True or False"
        raise TypeError(f"{name} must be {kind}, not {value!r}.")
    return bool(value)


def check_flags(*, optional=False, **flags):
    """Refuse arguments that are no booleans, nor None where that is allowed.

    Raises
    ------
    TypeError
    """
    for name, value in flags.items():
        check_flag(name, value, optional)


def check_random_state(random_state):
    """Return a seed or a generator, with a fresh seed for None.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or a seed that NumPy does not take.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return random_state
    try:
        seed = check_integer("random_state", random_state, 0)
    except TypeError:
        raise TypeError(
            "random_state must be None, an integer or a numpy.random.RandomState, not "
            f"{random_state!r}."
        ) from None
    if seed >= 2**32:
        raise ValueError(f"random_state must be below 2**32, not {seed}.")
    return seed
