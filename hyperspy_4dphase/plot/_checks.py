"""What the plots refuse, and in which words."""

import numpy as np


def checked_latent(latent):
    """The latent points as floats, or an error."""
    latent = np.asarray(latent)
    if latent.dtype.kind not in "iuf":
        raise TypeError(
            f"latent must hold real numbers, but its type is {latent.dtype}."
        )
    if latent.ndim not in (2, 3, 4) or latent.shape[-1] < 2:
        raise ValueError(
            "latent must have one to three navigation axes and then at least two "
            f"latent dimensions, but has the shape {latent.shape}."
        )
    n_infinite = np.isinf(latent).sum()
    if n_infinite:
        raise ValueError(
            f"latent holds {n_infinite} infinite values; masked positions are NaN."
        )
    if np.isnan(latent).any(axis=-1).all():
        raise ValueError(
            f"latent, of the shape {latent.shape}, has NaN at every probe position: "
            "there is nothing to show."
        )
    return latent.astype(float)


def checked_labels(labels, navigation_shape):
    """The labels as integers, None as it is, or an error."""
    if labels is None:
        return None
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, but their type is {labels.dtype}.")
    if labels.shape != navigation_shape:
        raise ValueError(
            f"labels have the shape {labels.shape}, but the navigation shape of latent "
            f"is {navigation_shape}."
        )
    labels = labels.astype(int)
    if labels.min() < -1:
        raise ValueError(
            f"labels must be -1 (unassigned) or from 0 on, but hold {labels.min()}."
        )
    return labels


def checked_dimensions(dimensions, latent_dim):
    """Two different latent dimensions as a list, or an error."""
    found = list(dimensions) if np.iterable(dimensions) else [dimensions]
    known = all(dimension in range(latent_dim) for dimension in found)
    if not known or len(found) != 2 or found[0] == found[1]:
        raise ValueError(
            f"dimensions must be two different ones of 0 to {latent_dim - 1}, but are "
            f"{dimensions}."
        )
    return [int(dimension) for dimension in found]


def check_extent(extent, n_axes, name):
    """Raise an error unless an extent suits an image, or a strip of one axis."""
    if extent is None:
        return
    expected = "left, right" if n_axes == 1 else "left, right, bottom, top"
    edges = np.asarray(extent)
    n_edges = 2 if n_axes == 1 else 4
    if edges.shape != (n_edges,) or edges.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be ({expected}), but is {extent}.")
    widths = np.diff(edges.reshape(-1, 2))
    if not np.isfinite(widths).all() or (widths == 0).any():
        raise ValueError(f"{name} must be finite and not empty, but is {extent}.")
