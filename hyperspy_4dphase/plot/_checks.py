"""Checks of what is to be plotted; most return it in the form that plots use."""

import numpy as np


def check_real(values, name):
    """Return real numbers as an array of floats.

    Raises
    ------
    TypeError
        If they are something else.
    """
    values = np.asarray(values)
    if values.dtype.kind not in "iuf":
        raise TypeError(
            f"{name} must hold real numbers, but the type is {values.dtype}."
        )
    return values.astype(float)


def check_integers(values, name):
    """Return integers as an array of int.

    Raises
    ------
    TypeError
        If they are something else.
    """
    values = np.asarray(values)
    if values.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, but the type is {values.dtype}.")
    return values.astype(int)


def check_labels(labels, name="labels", shape=None):
    """Return the domain of each probe position as integers.

    Parameters
    ----------
    labels : array-like of int, DomainMap or DomainConfidence
    name : str
    shape : tuple of int, optional
        The shape expected.

    Returns
    -------
    numpy.ndarray of int

    Raises
    ------
    TypeError, ValueError
        If they are no integers, of another shape, or less than -1.
    """
    labels = getattr(labels, "domains", labels)
    labels = check_integers(getattr(labels, "labels", labels), name)
    _check_scan_shape(labels, name, shape)
    if labels.min() < -1:
        raise ValueError(
            f"{name} must be -1 (unassigned) or from 0 on, but hold {labels.min()}."
        )
    return labels


def check_labels_to_click(labels):
    """Return the domain of each position of a map where a click means one of them.

    Parameters
    ----------
    labels : array-like of int, DomainMap or DomainConfidence

    Returns
    -------
    numpy.ndarray of int

    Raises
    ------
    TypeError, ValueError
        As of :func:`check_labels`, and of three navigation axes.
    """
    labels = check_labels(labels)
    if labels.ndim == 3:
        raise ValueError(
            "labels must have one or two navigation axes, so that a click means one "
            f"position, but have the shape {labels.shape}."
        )
    return labels


def check_fractions(values, name, shape=None):
    """Return numbers from 0 to 1 on a scan as floats, NaN where masked.

    Parameters
    ----------
    values : array-like of float
        Rounding of single precision is forgiven.
    name : str
    shape : tuple of int, optional
        The shape expected.

    Returns
    -------
    numpy.ndarray of float

    Raises
    ------
    TypeError, ValueError
        If they are no real numbers, of another shape, or not from 0 to 1.
    """
    values = check_real(values, name)
    _check_scan_shape(values, name, shape)
    outside = np.abs(values - 0.5) > 0.5 + 1e-6
    if outside.any():
        raise ValueError(
            f"{name} must be from 0 to 1, or NaN where masked, but {outside.sum()} of "
            f"{values.size} are not: the first is {values[outside][0]:g}."
        )
    return np.clip(values, 0, 1)


def _check_scan_shape(values, name, shape=None):
    if shape is not None and values.shape != shape:
        raise ValueError(
            f"{name} must have the shape {shape}, but the shape is {values.shape}."
        )
    if values.ndim not in (1, 2, 3) or not values.size:
        raise ValueError(
            f"{name} must have one to three navigation axes, and probe positions, but "
            f"the shape is {values.shape}."
        )


def check_latent(latent):
    """Return the latent points as floats, NaN where masked.

    Raises
    ------
    TypeError, ValueError
        If they are no real numbers, of a wrong shape, infinite, or all masked.
    """
    latent = check_real(latent, "latent")
    if latent.ndim not in (2, 3, 4) or latent.shape[-1] < 2:
        raise ValueError(
            "latent must have one to three navigation axes and then at least two "
            f"latent dimensions, but has the shape {latent.shape}."
        )
    _refuse_infinite(latent, "latent")
    if np.isnan(latent).any(axis=-1).all():
        raise ValueError(
            f"latent, of the shape {latent.shape}, has NaN at every probe position: "
            "there is nothing to show."
        )
    return latent


def check_patterns(patterns, name, n=None):
    """Return `n` patterns, each 2-D or 1-D, as floats, or one if `n` is None.

    Raises
    ------
    TypeError, ValueError
        If they are no real numbers, of a wrong shape or number, or infinite.
    """
    patterns = check_real(patterns, name)
    n_axes = patterns.ndim - (n is not None)
    if n_axes not in (1, 2) or not patterns.size:
        expected = "(ky, kx) or (k,)" if n is None else "(n, ky, kx) or (n, k)"
        raise ValueError(
            f"{name} must have the shape {expected}, but the shape is {patterns.shape}."
        )
    if n is not None:
        check_length(patterns, name, n)
    _refuse_infinite(patterns, name)
    return patterns


def _refuse_infinite(values, name):
    n_infinite = np.isinf(values).sum()
    if n_infinite:
        raise ValueError(
            f"{name} holds {n_infinite} infinite values; masked values are NaN."
        )


def check_length(values, name, n):
    """Raise a ValueError unless there are `n` values."""
    if len(values) != n:
        raise ValueError(f"{name} must be {n}, one for each, but are {len(values)}.")


def check_colors(colors, n):
    """Return `n` colours or more, with red, green and blue in [0, 1], as floats.

    Raises
    ------
    TypeError
        If they are no numbers.
    ValueError
        If they are too few, or no colours.
    """
    try:
        found = np.asarray(colors, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(
            f"colors must be numbers of the shape ({n}, 3), not {colors!r}."
        ) from None
    if found.ndim != 2 or found.shape[1] != 3 or len(found) < n:
        raise ValueError(
            f"colors have the shape {found.shape}; expected ({n}, 3): red, green and "
            "blue of each domain."
        )
    if not ((found >= 0) & (found <= 1)).all():
        raise ValueError("colors must be from 0 to 1.")
    return found


def check_names(names, n, default, name="names"):
    """Return `n` names, made from a template if None, as a list of str.

    Of `names` there may be more than needed.

    Raises
    ------
    TypeError
        If they are no texts.
    ValueError
        If there are too few, or another number of anything but `names`.
    """
    if names is None:
        return [default.format(i) for i in range(n)]
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list | tuple | np.ndarray) or not all(
        text is None or isinstance(text, str) for text in names
    ):
        raise TypeError(f"{name} must be a list of texts, not {names!r}.")
    check_length(names[:n] if name == "names" else names, name, n)
    return ["" if text is None else str(text) for text in names]


def check_index(index, name, n):
    """Raise a ValueError unless it is one of `n` indices, or None."""
    if index is not None and index not in range(n):
        raise ValueError(f"{name} must be an index from 0 to {n - 1}, but is {index}.")


def check_callable(function, name):
    """Raise a TypeError unless it can be called."""
    if not callable(function):
        raise TypeError(
            f"{name} must be callable, but is of the type {type(function).__name__}."
        )


def check_extent(extent, n_axes, name):
    """Raise a ValueError unless an extent suits an image, or a strip of one axis."""
    if extent is None:
        return
    expected = ["left", "right"] if n_axes == 1 else ["left", "right", "bottom", "top"]
    edges = np.asarray(extent)
    if edges.shape != (len(expected),) or edges.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be ({', '.join(expected)}), but is {extent}.")
    widths = np.diff(edges.reshape(-1, 2))
    if not np.isfinite(widths).all() or (widths == 0).any():
        raise ValueError(f"{name} must be finite and not empty, but is {extent}.")


def check_tree(parent, size, label):
    """Return parent, size and label of each node of a tree as integers.

    Returns
    -------
    parent, size, label : numpy.ndarray of int, shape (n_nodes,)

    Raises
    ------
    TypeError, ValueError
        If they are no integers, of different lengths, or no tree in which each node
        comes after its parent, leaves have labels, and others two children or more.
    """
    parent = check_integers(parent, "parent")
    size, label = check_integers(size, "size"), check_integers(label, "label")
    shapes = parent.shape, size.shape, label.shape
    if parent.ndim != 1 or not parent.size or len(set(shapes)) > 1:
        raise ValueError(
            "parent, size and label must have one entry for each node, but have the "
            f"shapes {', '.join(map(str, shapes))}."
        )
    nodes = np.arange(len(parent))
    n_children = np.bincount(parent[parent >= 0], minlength=len(parent))[nodes]
    wrong = (parent >= nodes) | (parent < 0)
    wrong[0] = parent[0] != -1
    if not wrong.any():
        wrong = (n_children == 1) | np.where(n_children, label != -1, label < 0)
    if wrong.any():
        node = nodes[wrong][0]
        raise ValueError(
            f"node {node} has the parent {parent[node]}, {n_children[node]} children "
            f"and the label {label[node]}, but each node must come after its parent "
            "(-1 for the first), have no children or several, and have a label from 0 "
            "on without children, -1 with them."
        )
    return parent, size, label


def check_scan_values(values, name):
    """Return real numbers on a scan as floats, NaN where there are none.

    Parameters
    ----------
    values : array-like of float
    name : str

    Returns
    -------
    numpy.ndarray of float

    Raises
    ------
    TypeError, ValueError
        If they are no real numbers, of no shape that a scan has, or infinite.
    """
    values = check_real(values, name)
    _check_scan_shape(values, name)
    _refuse_infinite(values, name)
    return values
