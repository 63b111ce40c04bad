"""Checks of arguments: an error names what came and what was expected."""

import numbers

import numpy as np

from hyperspy_4dphase._scalars import check_integer


def check_shape(shape, name):
    """Return ``shape`` as two positive Python integers, in array order.

    Parameters
    ----------
    shape : sequence of int
        Two lengths.
    name : str
        Name of the argument, for the error.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        If it is not two positive integers.

    Examples
    --------
    >>> check_shape([3, 4], "signal_shape")
    (3, 4)
    """
    lengths = tuple(shape) if np.iterable(shape) else (shape,)
    if len(lengths) != 2 or not all(
        isinstance(n, numbers.Integral) and n > 0 for n in lengths
    ):
        raise ValueError(
            f"{name} must be two positive integers in array order (rows, columns), "
            f"got {shape!r}"
        )
    return int(lengths[0]), int(lengths[1])


def check_seed(random_state):
    """Return a seed for a scan: an integer that repeats it.

    Parameters
    ----------
    random_state : int, numpy.random.Generator or None
        An integer is taken as it is, a generator gives one, None draws a fresh one.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If it is a negative integer.

    Examples
    --------
    >>> check_seed(7)
    7
    """
    if random_state is None or isinstance(random_state, np.random.Generator):
        return int(np.random.default_rng(random_state).integers(2**53))
    return check_integer("random_state", random_state, 0)


def check_patterns(patterns):
    """Return patterns (n_components, n_variants, nky, nkx), each of sum 1."""
    patterns = np.asarray(patterns, dtype=np.float64)
    if patterns.ndim not in (3, 4) or patterns.size == 0:
        raise ValueError(
            "patterns must have the shape (n_components, nky, nkx) or (n_components, "
            f"n_variants, nky, nkx), got {patterns.shape}"
        )
    if patterns.ndim == 3:
        patterns = patterns[:, np.newaxis]
    _check_weights(patterns, "patterns")
    total = patterns.sum(axis=(2, 3), keepdims=True)
    if not np.all(total > 0):
        raise ValueError("patterns must not be empty, got one of sum 0")
    return patterns / total


def check_abundance(abundance, n_components):
    """Return abundances (ny, nx, n_components) of mean sum 1."""
    abundance = np.asarray(abundance, dtype=np.float64)
    if abundance.ndim != 3 or abundance.shape[2] != n_components:
        raise ValueError(
            f"abundance must have the shape (ny, nx, {n_components}), its last axis "
            f"as long as there are patterns, got {abundance.shape}"
        )
    _check_weights(abundance, "abundance")
    mean = abundance.sum(axis=2).mean() if abundance.size else 0.0
    if not mean > 0:
        raise ValueError("abundance must not be zero everywhere")
    return abundance / mean


def _check_weights(values, name):
    """Refuse negative and non-finite values, saying how many there are and where."""
    bad = ~(np.isfinite(values) & (values >= 0))
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"{name} must be finite and non-negative, got {bad.sum()} values that are "
            f"not, the first at {first}: {values[first]}"
        )


def check_labels(labels, name, n_components):
    """Return one string for each component."""
    if labels is None:
        return tuple(f"component {i}" for i in range(n_components))
    labels = tuple(str(label) for label in labels)
    if len(labels) != n_components:
        raise ValueError(
            f"{name} must be {n_components}, one for each pattern, got {len(labels)}"
        )
    return labels
