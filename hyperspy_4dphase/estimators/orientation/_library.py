"""Templates of one structure: the spots it shows along each beam direction."""

import hashlib
from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.orientation._reflections import Reflections

# Goes up with every change of what is stored, or of how it is computed.
FORMAT_VERSION = 1


class TemplateLibrary(NamedTuple):
    """Templates of one structure.

    Attributes
    ----------
    quaternions : numpy.ndarray, shape (n_templates, 4)
        From the sample to the crystal, of each beam direction.
    start : numpy.ndarray of int, shape (n_templates + 1,)
        The spots of template i are ``start[i]:start[i + 1]``.
    radius : numpy.ndarray of float32, shape (n_spots,)
        Distance of each spot from the direct beam in 1/Å.
    azimuth : numpy.ndarray of float32, shape (n_spots,)
        In rad, from the sample's x axis towards its y axis.
    weight : numpy.ndarray of float32, shape (n_spots,)
        Intensity, relative to that of the strongest reflection if that were excited
        fully, to the power of `POWER`.
    reflection : numpy.ndarray of int32, shape (n_spots,)
        Index into `reflections`.
    reflections : Reflections
        Those within reach, intensities relative to the strongest of all.
    symmetry : numpy.ndarray, shape (n_symmetry, 4)
        Proper rotations of the Laue group.
    wavelength : float
        In Å.
    max_g : float
        Largest scattering vector, in 1/Å.
    resolution : float
        In degrees.
    excitation_width : float
        Half width at half maximum of the shape function, in 1/Å.
    """

    quaternions: np.ndarray
    start: np.ndarray
    radius: np.ndarray
    azimuth: np.ndarray
    weight: np.ndarray
    reflection: np.ndarray
    reflections: Reflections
    symmetry: np.ndarray
    wavelength: float
    max_g: float
    resolution: float
    excitation_width: float

    def to_arrays(self):
        """Return all that a library consists of, to be stored.

        Returns
        -------
        dict of str to numpy.ndarray
            With ``format_version`` and ``digest``, which tells damaged arrays.

        Examples
        --------
        >>> from hyperspy_4dphase import data, structures
        >>> from hyperspy_4dphase.estimators import orientation
        >>> camera = data.Camera(signal_shape=(72, 80), scale=0.025)
        >>> (silicon,) = structures.load_candidates(data.structure("Si"))
        >>> lattice = silicon.reflections(0.9), camera.wavelength, silicon.rotations
        >>> library = orientation.build_library(*lattice, max_g=0.9, resolution=4)
        >>> arrays = library.to_arrays()
        >>> arrays["quaternions"].shape == library.quaternions.shape
        True
        """
        values = self._asdict()
        table = values.pop("reflections")
        values |= {f"reflections_{name}": x for name, x in table._asdict().items()}
        arrays = {name: np.asarray(value) for name, value in values.items()}
        arrays["format_version"] = np.asarray(FORMAT_VERSION)
        return {**arrays, "digest": np.asarray(digest_arrays(arrays))}

    @classmethod
    def from_arrays(cls, arrays):
        """Make a library of what `to_arrays` gave.

        Parameters
        ----------
        arrays : mapping of str to numpy.ndarray
            Of :meth:`to_arrays`.

        Returns
        -------
        TemplateLibrary

        Raises
        ------
        ValueError
            If an array is missing or damaged, or of another version.

        Examples
        --------
        >>> from hyperspy_4dphase import data, structures
        >>> from hyperspy_4dphase.estimators import orientation
        >>> camera = data.Camera(signal_shape=(72, 80), scale=0.025)
        >>> (silicon,) = structures.load_candidates(data.structure("Si"))
        >>> lattice = silicon.reflections(0.9), camera.wavelength, silicon.rotations
        >>> library = orientation.build_library(*lattice, max_g=0.9, resolution=4)
        >>> again = type(library).from_arrays(library.to_arrays())
        >>> again.resolution
        4.0
        """
        arrays = {name: np.asarray(arrays[name]) for name in arrays}
        digest = str(arrays.pop("digest", ""))
        if digest != digest_arrays(arrays):
            raise ValueError("arrays are no library of templates, or are damaged.")
        version = int(arrays.pop("format_version"))
        if version != FORMAT_VERSION:
            raise ValueError(
                f"arrays are a library of version {version}, not {FORMAT_VERSION}."
            )
        names = Reflections._fields
        table = Reflections(*(arrays.pop(f"reflections_{name}") for name in names))
        numbers = ("wavelength", "max_g", "resolution", "excitation_width")
        arrays |= {name: float(arrays[name]) for name in numbers}
        return cls(reflections=table, **arrays)


def digest_arrays(arrays):
    """Return a digest of names, types, shapes and values of arrays.

    Parameters
    ----------
    arrays : mapping of str to numpy.ndarray

    Returns
    -------
    str
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
