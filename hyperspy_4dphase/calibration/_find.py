"""Calibration of signals: arguments checked, arrays handed over."""

from dataclasses import dataclass
from math import prod

import numpy as np

from hyperspy_4dphase._masks import excluded_pixels
from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.estimators.calibration import (
    Estimate,
    distortion_matrix,
    estimate_center,
    estimate_ellipse,
    estimate_scale,
)
from hyperspy_4dphase.structures import load_candidates

# So many patterns are compared each by itself; more are a scan, whose mean patterns say
# the same at less cost.
_MOST_PATTERNS = 100
# Without a scale the half of the detector is taken to reach so far, in 1/Å.
_SHORTEST_REACH, _LONGEST_REACH = 0.4, 4.0
_INVERSE_ANGSTROM = {"1/Å", "1/A", "A^-1", "Å^-1", "$A^{-1}$", "$\\AA^{-1}$", "1 / Å"}


@dataclass(frozen=True, eq=False)
class EllipseEstimate(Estimate):
    """An elliptical distortion that was measured.

    `value` is e cos(2 phi), e sin(2 phi); see :class:`Estimate` for the rest.
    """

    @property
    def ellipticity(self):
        """Relative difference of the longest and the shortest diameter of rings."""
        return float(np.hypot(*self.value))

    @property
    def angle(self):
        """Direction of the longest diameter in degrees, 0 to 180.

        From the x axis (columns) towards the y axis (rows). It means little where the
        ellipticity is not larger than its standard errors.
        """
        return float(np.degrees(np.arctan2(*self.value[::-1])) / 2 % 180)

    @property
    def distortion(self):
        """Matrix (2, 2) that distorts offsets (x, y) from the centre."""
        return distortion_matrix(self.value)

    @property
    def correction(self):
        """Matrix (2, 2) that undoes the distortion of offsets (x, y)."""
        return np.linalg.inv(self.distortion)


def find_center(patterns, signal_mask=None):
    """Find the centre of diffraction patterns, by their inversion symmetry.

    The direct beam may be masked. All patterns have one centre.

    Parameters
    ----------
    patterns : pyxem.signals.Diffraction2D
        A pattern, or up to 100, such as ``DomainMap.mean_patterns()`` or ``s.mean()``.
        NaN are left out.
    signal_mask : None, BaseSignal or array-like of bool, optional
        Detector pixels to leave out, such as a beam stop: (nky, nkx) as in ``s.data``.

    Returns
    -------
    Estimate
        Column and row (x, y) in pixels, as ``s.calibration.center`` takes them.

    Raises
    ------
    TypeError, ValueError
        If it is no signal of patterns, or of too many, or the mask does not fit.

    Notes
    -----
    Not resolved where patterns agree as well about another point: a single crystal
    without a direct beam or with a spot as bright, say. Several domains help.

    Examples
    --------
    >>> from pyxem.signals import ElectronDiffraction2D
    >>> from hyperspy_4dphase.calibration import find_center
    >>> from hyperspy_4dphase.data import Camera, crystal_pattern
    >>> camera = Camera(signal_shape=(60, 72))
    >>> pattern = ElectronDiffraction2D(1e5 * crystal_pattern("Al", camera=camera))
    >>> find_center(pattern).value.round(1).tolist()
    [36.0, 30.0]
    """
    found = estimate_center(*_read_patterns(patterns, signal_mask))
    covariance = found.covariance[::-1, ::-1]
    return Estimate(found.value[::-1], covariance, found.dof, found.problem)


def find_ellipse(patterns, signal_mask=None, *, center=None):
    """Find the elliptical distortion of diffraction patterns.

    It needs intensity all around: amorphous halos, rings, or mean patterns of many
    crystals. The spots of one crystal cannot tell a distortion from their lattice.

    Parameters
    ----------
    patterns : pyxem.signals.Diffraction2D
        As of :func:`find_center`.
    signal_mask : None, BaseSignal or array-like of bool, optional
        As of :func:`find_center`.
    center : sequence of float, optional
        Column and row (x, y) in pixels near which the centre is sought. By default
        that of :func:`find_center`.

    Returns
    -------
    EllipseEstimate

    Raises
    ------
    TypeError, ValueError
        As :func:`find_center`.

    Examples
    --------
    >>> from pyxem.signals import ElectronDiffraction2D
    >>> from hyperspy_4dphase.calibration import find_ellipse
    >>> from hyperspy_4dphase.data import Camera, amorphous_pattern
    >>> camera = Camera(signal_shape=(96, 104), ellipticity=0.04, ellipse_angle=30)
    >>> pattern = ElectronDiffraction2D(1e6 * amorphous_pattern("TiO2", camera))
    >>> found = find_ellipse(pattern)
    >>> round(float(found.ellipticity), 2), round(float(found.angle))
    (0.04, 31)
    """
    arrays = _read_patterns(patterns, signal_mask)
    found = estimate_ellipse(*arrays, center=_check_center(center, arrays[0]))
    return EllipseEstimate(found.value, found.covariance, found.dof, found.problem)


def find_scale(
    patterns,
    structure,
    signal_mask=None,
    *,
    center=None,
    ellipse=None,
    scale=None,
    tolerance=0.2,
):
    """Find the scale of diffraction patterns of a known structure.

    Radii of spots and rings are compared with the lengths of its reflections.

    Parameters
    ----------
    patterns : pyxem.signals.Diffraction2D
        As of :func:`find_center`, all of one structure, in any orientations.
    structure : path, orix Phase, diffpy Structure or Candidate
        The structure, as :func:`hyperspy_4dphase.structures.load_candidates` takes it.
    signal_mask : None, BaseSignal or array-like of bool, optional
        As of :func:`find_center`.
    center : sequence of float, optional
        Column and row (x, y) in pixels. By default that of :func:`find_center`.
    ellipse : EllipseEstimate, optional
        A distortion to be undone. By default none.
    scale : float, optional
        Near which the scale is sought, in 1/Å per pixel. By default that of the signal
        axes where these are in 1/Å; else half of the detector is taken to reach
        between 0.4 and 4 1/Å.
    tolerance : float, default 0.2
        Largest part by which the scale differs from `scale`.

    Returns
    -------
    Estimate
        1/Å per pixel, as ``s.calibration.scale`` takes it.

    Raises
    ------
    TypeError, ValueError
        As :func:`find_center`, or if `structure` is not one structure, or a number is
        out of range.

    Examples
    --------
    >>> from pyxem.signals import ElectronDiffraction2D
    >>> from hyperspy_4dphase.calibration import find_scale
    >>> from hyperspy_4dphase.data import Camera, crystal_pattern, structure
    >>> camera = Camera(signal_shape=(96, 104))
    >>> pattern = ElectronDiffraction2D(1e6 * crystal_pattern("Al", camera=camera))
    >>> found = find_scale(pattern, structure("Al"), scale=1.05 * camera.scale)
    >>> round(float(found.value[0] / camera.scale), 2)
    1.01
    """
    array, excluded = _read_patterns(patterns, signal_mask)
    tolerance = check_number("tolerance", tolerance, 0, 1, above=True, below=True)
    candidates = load_candidates(structure)
    if len(candidates) != 1:
        raise ValueError(f"structure must be one, got {len(candidates)} structures.")
    half = min(array.shape[1:]) / 2
    scale = _axes_scale(patterns) if scale is None else scale
    if scale is None:
        limits = _SHORTEST_REACH / half, _LONGEST_REACH / half
    else:
        scale = check_number("scale", scale, 0, above=True)
        limits = scale * (1 - tolerance), scale * (1 + tolerance)
    if ellipse is not None and not isinstance(ellipse, EllipseEstimate):
        raise TypeError(
            f"ellipse must be an EllipseEstimate, not {type(ellipse).__name__}."
        )
    reach = limits[1] * np.hypot(*array.shape[1:])
    reflections = candidates[0].reflections(min(reach, 1.5 * _LONGEST_REACH))
    return estimate_scale(
        array,
        np.linalg.norm(reflections.g, axis=1),
        reflections.intensity,
        limits,
        excluded,
        _check_center(center, array),
        (0.0, 0.0) if ellipse is None else ellipse.value,
    )


def _read_patterns(signal, signal_mask):
    """Patterns (n, n_ky, n_kx) and excluded pixels, or None."""
    manager = getattr(signal, "axes_manager", None)
    if manager is None or manager.signal_dimension != 2:
        raise TypeError(
            "patterns must be a signal with two signal axes (kx, ky), not "
            f"{signal if manager is not None else type(signal).__name__!r}."
        )
    shape = signal.data.shape[-2:]
    n = prod(signal.data.shape[:-2])
    if n > _MOST_PATTERNS:
        raise ValueError(
            f"patterns holds {n} patterns; expected {_MOST_PATTERNS} at most. Give "
            "mean patterns: s.mean(), or those of domains, DomainMap.mean_patterns()."
        )
    excluded = excluded_pixels(signal, signal_mask)
    if excluded is not None:
        excluded = excluded.reshape(shape)
    data = np.array(np.ma.getdata(np.asanyarray(signal.data)), dtype=float)
    return data.reshape(n, *shape), excluded


def _check_center(center, array):
    """Row and column of a centre given as (x, y), or None."""
    if center is None:
        return None
    center = np.array(center, dtype=float)
    last = np.array(array.shape[:0:-1]) - 1
    if center.shape != (2,) or not ((center >= 0) & (center <= last)).all():
        raise ValueError(
            f"center must be (x, y) on the detector, from (0, 0) to "
            f"{tuple(last.tolist())}, got {center.tolist()}."
        )
    return center[::-1]


def _axes_scale(signal):
    """The common scale of the signal axes, if it is in 1/Å, else None."""
    axes = signal.axes_manager.signal_axes
    scales = {round(axis.scale, 9) for axis in axes if axis.is_uniform}
    units = {str(axis.units) for axis in axes}
    if len(scales) == 1 and units <= _INVERSE_ANGSTROM:
        return scales.pop()
    return None
