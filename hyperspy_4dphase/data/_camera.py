"""The detector and the probe: where a scattering vector falls, and what a disc is."""

from dataclasses import dataclass

import numpy as np
from diffsims.utils.sim_utils import get_electron_wavelength
from scipy.special import erfc

from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.data._checks import check_shape


@dataclass(frozen=True)
class Camera:
    """Geometry of the simulated detector and of the probe.

    Parameters
    ----------
    signal_shape : tuple of int
        Detector shape (nky, nkx) in array order. Default is (128, 128).
    scale : float, optional
        Size of a pixel in 1/Å. By default the shorter side of the detector spans
        2 1/Å.
    beam_energy : float
        In keV. Default is 200.
    convergence : float
        Convergence semi-angle of the probe in mrad: the radius of the discs. Default
        is 1.0.
    ellipticity : float
        Relative elongation of the patterns along ``ellipse_angle``: 0.03 stretches
        them there by 1.5 % and compresses them across by 1.5 %. Default is 0.
    ellipse_angle : float
        Direction of the elongation in degrees, from the x axis (columns) towards the
        y axis (rows). Default is 30.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> camera = Camera(signal_shape=(64, 96))
    >>> camera.scale
    0.03125
    >>> camera.center
    (32, 48)
    """

    signal_shape: tuple = (128, 128)
    scale: float | None = None
    beam_energy: float = 200.0
    convergence: float = 1.0
    ellipticity: float = 0.0
    ellipse_angle: float = 30.0

    def __post_init__(self):
        shape = check_shape(self.signal_shape, "signal_shape")
        scale = 2 / min(shape) if self.scale is None else self.scale
        # A frozen dataclass lets its fields be set only this way.
        object.__setattr__(self, "signal_shape", shape)
        object.__setattr__(self, "scale", check_number("scale", scale, 0, above=True))
        check_number("beam_energy", self.beam_energy, 0, above=True)
        check_number("convergence", self.convergence, 0)
        check_number("ellipticity", self.ellipticity, -0.5, 0.5)
        check_number("ellipse_angle", self.ellipse_angle, -360, 360)

    @property
    def center(self):
        """Pixel (row, column) of the direct beam."""
        return self.signal_shape[0] // 2, self.signal_shape[1] // 2

    @property
    def wavelength(self):
        """Relativistic wavelength of the electrons in Å."""
        return get_electron_wavelength(self.beam_energy)

    @property
    def disc_radius(self):
        """Radius of the discs in 1/Å."""
        return self.convergence * 1e-3 / self.wavelength

    @property
    def edge(self):
        """Width (standard deviation) of a disc's edge in 1/Å."""
        return max(0.4 * self.scale, 0.12 * self.disc_radius)

    def vectors(self):
        """Scattering vector seen by each pixel, elliptical distortion undone.

        Returns
        -------
        qx : numpy.ndarray of shape (nky, nkx)
            In 1/Å, along columns.
        qy : numpy.ndarray of shape (nky, nkx)
            In 1/Å, along rows.

        Examples
        --------
        >>> qx, qy = Camera(signal_shape=(48, 64)).vectors()
        >>> qx.shape, round(float(qx[0, 1] - qx[0, 0]), 4)
        ((48, 64), 0.0417)
        """
        rows, columns = (
            self.scale * (np.arange(n) - c)
            for n, c in zip(self.signal_shape, self.center, strict=True)
        )
        kx, ky = np.meshgrid(columns, rows)
        angle = np.deg2rad(self.ellipse_angle)
        cos, sin = np.cos(angle), np.sin(angle)
        along = (kx * cos + ky * sin) / (1 + self.ellipticity / 2)
        across = (ky * cos - kx * sin) / (1 - self.ellipticity / 2)
        return along * cos - across * sin, along * sin + across * cos

    def radius(self):
        """Length of the scattering vector seen by each pixel.

        Returns
        -------
        numpy.ndarray of shape (nky, nkx)
            In 1/Å.

        Examples
        --------
        >>> camera = Camera(signal_shape=(48, 64))
        >>> float(camera.radius()[camera.center])
        0.0
        """
        return np.hypot(*self.vectors())

    def discs(self, positions, intensities):
        """Draw a soft-edged disc at each position.

        Parameters
        ----------
        positions : array_like of shape (n, 2)
            Scattering vectors (qx, qy) of the disc centres in 1/Å.
        intensities : array_like of shape (n,)
            Integrated intensity of each disc, had it fallen on the detector whole.

        Returns
        -------
        numpy.ndarray of shape (nky, nkx)

        Examples
        --------
        >>> camera = Camera(signal_shape=(48, 64))
        >>> image = camera.discs([(0.0, 0.0), (0.5, 0.0)], [100, 20])
        >>> image.shape, round(float(image.sum()))
        ((48, 64), 119)
        """
        qx, qy = self.vectors()
        image = np.zeros(self.signal_shape)
        pixels = np.pi * (self.disc_radius**2 + self.edge**2) / self.scale**2
        reach = self.disc_radius + 5 * self.edge
        for (x, y), intensity in zip(positions, intensities, strict=True):
            near = (np.abs(qx - x) < reach) & (np.abs(qy - y) < reach)
            distance = np.hypot(qx[near] - x, qy[near] - y)
            profile = 0.5 * erfc((distance - self.disc_radius) / (self.edge * 2**0.5))
            image[near] += intensity / pixels * profile
        return image
