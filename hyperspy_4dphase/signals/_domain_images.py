"""Mean patterns as images with their noise, for what compares or judges them."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase._results import as_uniform
from hyperspy_4dphase.estimators.detector import FaultyPixels, find_faulty_pixels
from hyperspy_4dphase.estimators.domains import leaf_sizes
from hyperspy_4dphase.signals._domain_patterns import check_whole, read_inner_means

_POLAR = "polar_diffraction"


class DomainImages(NamedTuple):
    """Mean patterns of the domains of a map.

    Attributes
    ----------
    means : numpy.ndarray, shape (n_domains, n_ky, n_kx)
        Without the detector's offset; NaN at masked pixels.
    variances : numpy.ndarray, shape (n_domains, n_ky, n_kx)
        Of the noise in `means`.
    sizes : numpy.ndarray of int, shape (n_domains,)
    faulty : FaultyPixels, or None
        Pixels at fault; None where they are kept.
    """

    means: np.ndarray
    variances: np.ndarray
    sizes: np.ndarray
    faulty: FaultyPixels | None


def read_images(
    domains, what, signal, keep_faulty_pixels, show_progressbar, inner=False
):
    """Read mean patterns with their noise, and find pixels at fault.

    Parameters
    ----------
    domains : DomainMap
    what : str
        What needs them.
    signal, show_progressbar : optional
        As in :meth:`DomainMap.mean_patterns`.
    keep_faulty_pixels : bool
    inner : bool, default False
        Whether positions beside other domains are left out.

    Returns
    -------
    DomainImages

    Raises
    ------
    ValueError
        If the map is a slice, if a domain has no position; and as
        :meth:`DomainMap.mean_patterns`.
    """
    check_whole(domains, what)
    stored, sizes = domains._stored_map, leaf_sizes(domains.tree)
    _check_filled(sizes, what)
    if inner:
        *means, sizes = read_inner_means(domains, signal, show_progressbar)
    else:
        means = domains._means(signal, show_progressbar)
    means, variances = _to_electrons(stored, *means)
    means = means.reshape(-1, *stored.signal_shape)
    variances = (variances / sizes[:, np.newaxis]).reshape(means.shape)
    faulty = None
    if not keep_faulty_pixels:
        faulty = find_faulty_pixels(means, variances, sizes)
    return DomainImages(means, variances, sizes, faulty)


def check_images(axes, signal_type, what):
    """Refuse patterns that are no images on a square grid.

    Parameters
    ----------
    axes : list of dict
        Of a pattern.
    signal_type : str
    what : str
        What can be found in images only, in the plural.

    Raises
    ------
    ValueError
    """
    if len(axes) != 2 or signal_type == _POLAR:
        raise ValueError(
            f"{what} can be found among images only, with the axes kx and ky; these "
            f"patterns have {len(axes)} signal axes and the signal type "
            f"{signal_type!r}."
        )
    uniform = [as_uniform(axis) for axis in axes]
    if None in uniform:
        raise ValueError(
            f"{what} can be found only where pixels are square; the axes of these "
            "patterns are not uniform, by more than half a pixel."
        )
    scales = [abs(axis.get("scale", 1.0)) for axis in uniform]
    if not np.isclose(*scales, rtol=0.01):
        raise ValueError(
            f"{what} can be found only where pixels are square; these have "
            f"{scales[1]:.6g} along x and {scales[0]:.6g} along y."
        )


def _check_filled(sizes, what):
    """Refuse domains that have no mean pattern, as nobody is in them."""
    empty = np.flatnonzero(sizes == 0)
    if empty.size:
        numbers = ", ".join(map(str, empty[:10])) + ", ..." * (empty.size > 10)
        raise ValueError(
            f"{what} needs a mean pattern of each domain, but of {len(sizes)} domains "
            f"{empty.size} have no position (number {numbers}). A lower threshold of "
            "DomainConfidence.at_threshold() leaves some to each, and merge() puts "
            "domains together."
        )


def _to_electrons(stored, means, variances):
    """Means without the detector's offset, and variances of one pattern."""
    gain = stored.get("gain")
    means = means - (stored.get("offset") or 0.0)
    if gain is not None:
        readout = stored.get("readout_variance") or 0.0
        return means, np.maximum(readout + gain * means, 0)
    # Of a single pattern it is unknown: that of the others.
    known = ~np.isnan(variances).all(axis=1)
    pooled = variances[known].mean(axis=0) if known.any() else 0 * means[0]
    return means, np.where(known[:, np.newaxis], variances, pooled)
