"""Checks of arguments, made before anything is read."""

import numpy as np

from hyperspy_4dphase._scalars import check_integer


def check_scan(signal):
    """Refuse what is no scan of real patterns.

    Raises
    ------
    TypeError
        If it is no signal, or if the data are complex, structured or ragged.
    ValueError
        If there is no navigation or no signal axis, if the navigation axes are not the
        first ones of the array, or if an axis has other values than positions.
    """
    if not hasattr(signal, "axes_manager"):
        raise TypeError(
            f"A signal is needed, not {type(signal).__name__}: arrays become one by "
            "pyxem.signals.Diffraction2D(data)."
        )
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
