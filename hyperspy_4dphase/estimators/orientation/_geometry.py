"""Where a detector sees which scattering vector."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase._scalars import check_flags, check_number
from hyperspy_4dphase.estimators.orientation._quaternions import check_angle

# In radii of a spot: what the direct beam and its flanks take.
_DIRECT_BEAM = 2.5


class PatternGeometry(NamedTuple):
    """Calibration of patterns, which are corrected for elliptical distortion.

    Parameters
    ----------
    center : tuple of float
        Row and column of the direct beam, in pixels.
    scale : float
        Size of a pixel in 1/Å, the same along rows and columns.
    spot_radius : float
        Of a disc, in 1/Å; for sharp spots their half width at half maximum.
    flip : bool
        Whether the detector shows mirror images: False where the sample's x axis is to
        the right along the columns and its y axis up, against the rows, seen from the
        electron source. This is how pyxem matches patterns, and in which diffsims'
        patterns, drawn with y up, have the rotation that they were simulated with.
    scan_rotation : float
        Degrees by which the sample's x axis, the fast axis of the scan, is turned
        counter-clockwise against the columns, seen from the electron source (after the
        mirror image, if any, is undone).
    inner_radius : float
        In 1/Å: nearer to the direct beam nothing is used. At least 2.5 radii of a spot
        are left out.
    outer_radius : float
        In 1/Å: farther out nothing is used.

    Examples
    --------
    >>> geometry = PatternGeometry((36, 40), scale=0.025, spot_radius=0.04)
    >>> geometry.inner
    0.1
    """

    center: tuple
    scale: float
    spot_radius: float
    flip: bool = False
    scan_rotation: float = 0.0
    inner_radius: float = 0.0
    outer_radius: float = np.inf

    @property
    def inner(self):
        """Radius in 1/Å within which nothing is used."""
        return max(self.inner_radius, _DIRECT_BEAM * self.spot_radius)

    def axes(self):
        """Return how a vector of the sample appears on the detector.

        Returns
        -------
        numpy.ndarray, shape (2, 2)
            Takes (x, y) in 1/Å to (rows, columns) in pixels from the centre.

        Examples
        --------
        What is up in the sample is up on the detector, in lower rows:

        >>> geometry = PatternGeometry((36, 40), scale=0.025, spot_radius=0.04)
        >>> (geometry.axes() @ [0.0, 0.5]).round(6).tolist()
        [-20.0, 0.0]
        """
        turn = np.deg2rad(self.scan_rotation)
        cos, sin = np.cos(turn), np.sin(turn)
        right, up = np.array([cos, -sin]), np.array([sin, cos])
        return np.stack([up if self.flip else -up, right]) / self.scale

    def reach(self, shape):
        """Return how far from the direct beam, in 1/Å, a detector sees at most.

        Parameters
        ----------
        shape : tuple of int
            Of the detector, in rows and columns.

        Returns
        -------
        float

        Examples
        --------
        >>> geometry = PatternGeometry((30, 40), scale=0.025, spot_radius=0.04)
        >>> geometry.reach((61, 81))
        1.25
        """
        rows, columns = (
            max(c, n - 1 - c) for n, c in zip(shape, self.center, strict=True)
        )
        return min(self.outer_radius, float(np.hypot(rows, columns)) * self.scale)


def check_geometry(geometry, shape):
    """Check a geometry for patterns of one shape.

    Parameters
    ----------
    geometry : PatternGeometry
    shape : tuple of int
        Rows and columns.

    Returns
    -------
    PatternGeometry
        Of plain numbers.

    Raises
    ------
    TypeError, ValueError
        If it is no geometry, or a value is out of range.
    """
    if not isinstance(geometry, PatternGeometry):
        raise TypeError(
            f"geometry must be a PatternGeometry, not {type(geometry).__name__}."
        )
    center = np.asarray(geometry.center, dtype=float)
    last = np.array(shape, dtype=float) - 1
    if center.shape != (2,) or not ((center >= 0) & (center <= last)).all():
        raise ValueError(
            "center must be a row and a column on the detector, from (0, 0) to "
            f"{tuple(last.tolist())}, not {geometry.center}."
        )
    check_flags(flip=geometry.flip)
    check_angle("scan_rotation", geometry.scan_rotation)
    scale = check_number("scale", geometry.scale, 0, above=True)
    spot = check_number("spot_radius", geometry.spot_radius, 0, above=True)
    inner = check_number("inner_radius", geometry.inner_radius, 0)
    checked = geometry._replace(
        center=tuple(center.tolist()),
        scale=scale,
        spot_radius=spot,
        flip=bool(geometry.flip),
        scan_rotation=float(geometry.scan_rotation),
        inner_radius=inner,
        outer_radius=float(geometry.outer_radius),
    )
    if not checked.reach(shape) > checked.inner:
        raise ValueError(
            f"geometry leaves nothing to be used: it begins at {checked.inner:.3g} 1/Å "
            f"and ends at {checked.reach(shape):.3g} 1/Å. Check scale, spot_radius, "
            "inner_radius and outer_radius."
        )
    return checked
