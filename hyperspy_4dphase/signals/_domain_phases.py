"""Domains that are rotated copies of one structure."""

from math import prod

import numpy as np

from hyperspy_4dphase._results import as_uniform
from hyperspy_4dphase.estimators._faulty_pixels import find_faulty_pixels
from hyperspy_4dphase.estimators.domains import leaf_sizes, merge_domains
from hyperspy_4dphase.estimators.rotation import group_rotations

_POLAR = "polar_diffraction"


def check_rotatable(axes, signal_type):
    """Refuse patterns that are no images on a square grid.

    Parameters
    ----------
    axes : list of dict
        Of a pattern.
    signal_type : str

    Raises
    ------
    ValueError
    """
    if len(axes) != 2 or signal_type == _POLAR:
        raise ValueError(
            "Rotated patterns can be found among images only, with the axes kx and ky; "
            f"these patterns have {len(axes)} signal axes and the signal type "
            f"{signal_type!r}."
        )
    uniform = [as_uniform(axis) for axis in axes]
    if None in uniform:
        raise ValueError(
            "Rotated patterns can be found only where pixels are square; the axes of "
            "these patterns are not uniform, by more than half a pixel."
        )
    scales = [abs(axis.get("scale", 1.0)) for axis in uniform]
    if not np.isclose(*scales, rtol=0.01):
        raise ValueError(
            "Rotated patterns can be found only where pixels are square; these have "
            f"{scales[1]:.6g} along x and {scales[0]:.6g} along y."
        )


def found_rotations(tree, means, variances, stored, keep_faulty_pixels, **options):
    """Which domains are rotations of one another.

    Parameters
    ----------
    tree : DomainTree
    means, variances : numpy.ndarray, shape (n_domains, n_pixels), or None
        Of one pattern. Variances may be None for counts.
    stored : StoredMap
    keep_faulty_pixels : bool
        Whether hot and dead pixels are used like all others.
    **options
        For :func:`~hyperspy_4dphase.estimators.rotation.group_rotations`.

    Returns
    -------
    groups : RotationGroups
    faulty : FaultyPixels or None
        What was left out.
    """
    _, shape = stored.signal_axes()
    sizes = leaf_sizes(tree)
    means, variances = _electrons(means, variances, stored)
    means = means.reshape(-1, *shape)
    variances = (variances / sizes[:, np.newaxis]).reshape(-1, *shape)
    excluded = stored.excluded_pixels()
    excluded = np.zeros(shape, bool) if excluded is None else excluded.reshape(shape)
    faulty = None
    if not keep_faulty_pixels:
        faulty = find_faulty_pixels(means, variances, sizes, excluded)
        excluded = excluded | faulty.mask
    return group_rotations(means, variances, excluded=excluded, **options), faulty


def _electrons(means, variances, stored):
    """Means without the detector's offset, and variances of one pattern."""
    gain, offset = stored.get("gain"), stored.get("offset")
    means = means - (0.0 if offset is None else offset)
    if gain is not None:
        readout = stored.get("readout_variance")
        readout = 0.0 if readout is None else readout
        return means, np.maximum(readout + gain * means, 0)
    # Of a single pattern it is unknown: that of the others.
    known = ~np.isnan(variances).all(axis=1)
    pooled = variances[known].mean(axis=0) if known.any() else 0 * means[0]
    return means, np.where(known[:, np.newaxis], variances, pooled)


def merged_groups(tree, groups):
    """The tree with the domains of each group merged.

    Parameters
    ----------
    tree : DomainTree
    groups : numpy.ndarray of int, shape (n_domains,)

    Returns
    -------
    tree : DomainTree
    labels : numpy.ndarray of int, shape (n_domains,)
        New label of each old one.
    """
    labels = np.arange(tree.n_domains)
    for group in np.unique(groups):
        members = labels[groups == group]
        if members.size > 1:
            tree, new = merge_domains(tree, members)
            labels = new[labels]
    return tree, labels


def rotated_pieces(labels, finer):
    """Pieces with one label and one orientation each.

    Parameters
    ----------
    labels, finer : numpy.ndarray of int
        Two maps of the navigation shape; -1 where there is none.

    Returns
    -------
    pieces : numpy.ndarray of int, of the navigation shape
    pairs : numpy.ndarray of int, shape (n_pieces, 2)
        Label and finer label of each.
    """
    inside = (labels >= 0) & (finer >= 0)
    pairs = np.stack([labels[inside], finer[inside]], axis=1)
    pairs, numbers = np.unique(pairs, axis=0, return_inverse=True)
    pieces = np.full(prod(labels.shape), -1).reshape(labels.shape)
    pieces[inside] = numbers.ravel()
    return pieces, pairs
