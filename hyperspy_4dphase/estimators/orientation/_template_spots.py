"""Where the spots of one orientation fall on a detector."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.orientation._geometry import check_geometry
from hyperspy_4dphase.estimators.orientation._library_building import (
    EXCITATION_WIDTH,
    LEAST_WEIGHT,
    MOST_SPOTS,
    POWER,
)
from hyperspy_4dphase.estimators.orientation._quaternions import (
    check_quaternions,
    to_matrices,
)
from hyperspy_4dphase.estimators.orientation._spots import list_spots


class TemplateSpots(NamedTuple):
    """Spots of a template on a detector.

    Attributes
    ----------
    rows, columns : numpy.ndarray, shape (n_spots,)
        In pixels.
    weight : numpy.ndarray, shape (n_spots,)
        Square roots of the intensities, the strongest first.
    hkl : numpy.ndarray of int, shape (n_spots, 3)
    """

    rows: np.ndarray
    columns: np.ndarray
    weight: np.ndarray
    hkl: np.ndarray


def template_spots(
    reflections,
    quaternion,
    wavelength,
    geometry,
    shape,
    *,
    excitation_width=EXCITATION_WIDTH,
):
    """List the spots of one orientation on a detector.

    Parameters
    ----------
    reflections : Reflections
        Of the structure.
    quaternion : array_like, shape (4,)
        From the sample to the crystal.
    wavelength : float
        In Å.
    geometry : PatternGeometry
        Of the pattern.
    shape : tuple of int
        Of the detector, in rows and columns. Spots off it are not listed.
    excitation_width : float, optional
        See :func:`build_library`.

    Returns
    -------
    TemplateSpots

    Examples
    --------
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase import data, structures
    >>> from hyperspy_4dphase.estimators import orientation
    >>> camera = data.Camera(signal_shape=(72, 80), scale=0.025)
    >>> (silicon,) = structures.load_candidates(data.structure("Si"))
    >>> optics = camera.center, camera.scale, camera.disc_radius
    >>> geometry = orientation.PatternGeometry(*optics, outer_radius=0.9)
    >>> turned = Rotation.from_euler((20, 45, 0), degrees=True)
    >>> counts = 1e5 * data.crystal_pattern("Si", turned, camera)
    >>> turned = silicon.reflections(0.9), turned.data[0], camera.wavelength
    >>> spots = orientation.template_spots(*turned, geometry, counts.shape)
    >>> spots._fields
    ('rows', 'columns', 'weight', 'hkl')
    """
    geometry = check_geometry(geometry, shape)
    matrix = to_matrices(check_quaternions([quaternion], "quaternion"))
    optics = (1 / wavelength, excitation_width, 0.0, geometry.reach(shape))
    _, reflection, x, y, weight = list_spots(
        matrix,
        np.asarray(reflections.g, float),
        np.asarray(reflections.intensity, float),
        optics,
        POWER,
        LEAST_WEIGHT,
        MOST_SPOTS,
    )
    places = np.asarray(geometry.center)[:, None] + geometry.axes() @ np.stack([x, y])
    last = np.reshape(shape, (2, 1)) - 0.5
    near = ((places >= -0.5) & (places <= last)).all(axis=0)
    near &= np.hypot(x, y) >= geometry.inner
    order = np.flatnonzero(near)[np.argsort(-weight[near])]
    hkl = np.asarray(reflections.hkl)[reflection[order]]
    return TemplateSpots(*places[:, order], weight[order], hkl)
