"""Halos of amorphous material in a radial profile that falls off otherwise."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

# What scattering without a halo looks like is a sum of such curves: a constant,
# exponentials, Gaussians, and humps as wide as they are far out, which thermal diffuse
# scattering is. Each scale is so many times the one before, from half of the beam's
# radius to twice the detector's.
SCALE_STEP = 1.5
# Humps are no narrower than this fraction of the detector.
NARROWEST_HUMP = 1 / 8
# Standard deviations of halos over their radius: those of liquids, glasses and
# amorphous films lie between these.
HALO_WIDTHS = 0.06, 0.09, 0.13
# Relative error of the profile that is none of counting: of the curves above, and of
# distortions that are left.
ROUGHNESS = 0.02
# Halos that hold this share of the counts must lower chi squared by 1 at least.
THRIFT = 0.05
# Share of a ring that must be seen, and the fewest rings.
_SEEN_SHARE, _FEWEST_RINGS = 0.05, 8


class Halo(NamedTuple):
    """How much of a profile is in halos.

    Attributes
    ----------
    halo : float
        Fraction of the smooth counts outside the beam that halos hold.
    halo_gain : float
        Square root of the fall of chi squared that is due to them.
    """

    halo: float
    halo_gain: float


def measure_halo(part, outside, counts, end, readout=0.0):
    """Measure how much of a smooth part is in halos.

    The profile is fitted by non-negative sums of curves without a halo, and of these
    and halos.

    Parameters
    ----------
    part : SmoothPart
    outside : numpy.ndarray of bool, shape (n_ky, n_kx)
        Pixels used, outside the direct beam.
    counts : numpy.ndarray, shape (n_ky, n_kx)
        Of variance ``counts + readout``.
    end : float
        Radius of the direct beam in pixels.
    readout : float, default 0

    Returns
    -------
    Halo
    """
    rest = outside & ~part.spots
    ring = part.radius[rest].astype(int)
    n = np.bincount(ring).astype(float)
    around = 2 * np.pi * (np.arange(len(n)) + 0.5)
    seen = np.flatnonzero(n >= np.maximum(_SEEN_SHARE * around, 3))
    if seen.size < _FEWEST_RINGS:
        return Halo(0.0, 0.0)
    radii = np.bincount(ring, part.radius[rest])[seen] / n[seen]
    total, n = np.bincount(ring, counts[rest])[seen], n[seen]
    if total.sum() <= 0:
        return Halo(0.0, 0.0)
    smooth = np.interp(radii, np.arange(len(part.profile)), part.profile)
    # A count in the ring is the least that noise can be told from.
    variance = (smooth + readout) / n + 1 / n**2 + (ROUGHNESS * smooth) ** 2
    weight = 1 / np.sqrt(variance)
    plain, halos = make_curves(radii, end)
    profile = total / n * weight
    _, without = nnls(plain * weight[:, np.newaxis], profile)
    both = np.hstack([plain, halos])
    # One more equation: halos hold nothing, with this standard deviation.
    thrift = np.append(np.zeros(plain.shape[1]), n @ halos / (THRIFT * total.sum()))
    system = np.vstack([both * weight[:, np.newaxis], thrift])
    amounts, misfit = nnls(system, np.append(profile, 0))
    in_halos = (halos @ amounts[plain.shape[1] :]) @ n
    share = in_halos / max((both @ amounts) @ n, 1e-12)
    return Halo(float(share), float(np.sqrt(max(without**2 - misfit**2, 0.0))))


def make_curves(radii, end):
    """Make curves that fall off or are wide humps, and halos.

    Parameters
    ----------
    radii : numpy.ndarray, shape (n,)
        In pixels.
    end : float
        Radius of the direct beam.

    Returns
    -------
    plain : numpy.ndarray, shape (n, n_plain)
        Each of maximum 1.
    halos : numpy.ndarray, shape (n, n_halos)
    """
    last = radii.max()
    bounds = np.log(max(end, 2) / 2), np.log(2 * last)
    scales = np.exp(np.arange(*bounds, np.log(SCALE_STEP)))
    ratio = radii[:, np.newaxis] / scales
    humps = ratio[:, scales > NARROWEST_HUMP * last] ** 2
    humps = humps / (1 + humps) ** 3
    flat = np.ones((len(radii), 1))
    plain = np.hstack([np.exp(-ratio), np.exp(-(ratio**2)), flat, humps])
    halos = []
    for width in HALO_WIDTHS:
        first = max(1.3 * end, radii.min() * (1 + width))
        bounds = np.log(first), np.log(last * (1 - width))
        centers = np.exp(np.arange(*bounds, HALO_WIDTHS[0]))
        away = (radii[:, np.newaxis] - centers) / (width * centers)
        halos.append(np.exp(-0.5 * away**2))
    return plain / np.maximum(plain.max(axis=0), 1e-30), np.hstack(halos)
