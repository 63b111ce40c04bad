"""How the templates of one structure are built, and what they depend on."""

import numpy as np

from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.estimators.orientation._directions import sector_directions
from hyperspy_4dphase.estimators.orientation._library import (
    FORMAT_VERSION,
    TemplateLibrary,
    digest_arrays,
)
from hyperspy_4dphase.estimators.orientation._quaternions import (
    check_quaternions,
    from_beam_directions,
    to_matrices,
)
from hyperspy_4dphase.estimators.orientation._reflections import (
    Reflections,
    check_reflections,
)
from hyperspy_4dphase.estimators.orientation._spots import list_spots

# Power of intensities, here and in patterns. Scattering more than once changes
# intensities by factors but no positions, so that weak spots must count nearly as much
# as strong ones. Of 72 dynamical patterns of three oxides with 10,000 counts or more,
# 0.5 put 85 % within 2 degrees, 0.3 put 99 %, 0.2 put 95 %; of 80 kinematical ones 88,
# 89 and 93 %. This is between the last two.
POWER = 0.25
# Spots below this part of the largest weight, 0.24 % of its intensity, are left out.
LEAST_WEIGHT = 0.22
# Spots of a template that are kept. More than that are a dense plane of a large cell,
# where the strongest suffice to find it.
MOST_SPOTS = 80
# A template stands for orientations up to this part of the step away on each axis.
_HALF_STEP = 0.5
# Degrees between beam directions. Refinement begins within half of it.
RESOLUTION = 2.0
# Half width of the shape function, in 1/Å: about that of a slab of 9 nm, 0.443 / t,
# and of what thicker ones have that bend or vary in the area that is averaged.
EXCITATION_WIDTH = 0.005


def build_library(
    reflections,
    wavelength,
    symmetry,
    *,
    max_g,
    resolution=RESOLUTION,
    excitation_width=EXCITATION_WIDTH,
):
    """Build the templates of one structure.

    Parameters
    ----------
    reflections : Reflections
        All up to `max_g` at least, squared structure factors included.
    wavelength : float
        Of the electrons, in Å.
    symmetry : array_like, shape (n_symmetry, 4)
        Proper rotations of the Laue group as unit quaternions, in orix's crystal frame:
        ``phase.point_group.laue_proper_subgroup.data``.
    max_g : float
        Largest scattering vector in 1/Å.
    resolution : float, optional
        Distance of neighbouring beam directions in degrees. Default is 2.
    excitation_width : float, optional
        Half width at half maximum of the Lorentzian of excitation errors, in 1/Å. About
        0.443 over the thickness. Default is 0.005.

    Returns
    -------
    TemplateLibrary

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or no reflection is within `max_g`.

    Notes
    -----
    The Lorentzian is widened by what the excitation error of a reflection changes over
    half a step, or a spot that the crystal shows would be missing in the template
    nearest to its orientation.

    Examples
    --------
    >>> from hyperspy_4dphase import data, structures
    >>> from hyperspy_4dphase.estimators import orientation
    >>> camera = data.Camera(signal_shape=(72, 80), scale=0.025)
    >>> (silicon,) = structures.load_candidates(data.structure("Si"))
    >>> lattice = silicon.reflections(0.9), camera.wavelength, silicon.rotations
    >>> library = orientation.build_library(*lattice, max_g=0.9, resolution=4)
    >>> library.quaternions.shape
    (248, 4)
    """
    settings = _check_settings(
        reflections, wavelength, symmetry, max_g, resolution, excitation_width
    )
    table, wavelength, symmetry, max_g, resolution, width = settings
    step = np.deg2rad(resolution)
    directions = sector_directions(step, symmetry)
    quaternions = from_beam_directions(directions)
    optics = (1 / wavelength, width, _HALF_STEP * step, max_g)
    start, reflection, x, y, weight = list_spots(
        to_matrices(quaternions),
        table.g,
        table.intensity,
        optics,
        POWER,
        LEAST_WEIGHT,
        MOST_SPOTS,
    )
    return TemplateLibrary(
        quaternions,
        start,
        np.hypot(x, y),
        np.arctan2(y, x),
        weight,
        reflection,
        table,
        symmetry,
        wavelength,
        max_g,
        resolution,
        width,
    )


def library_key(reflections, wavelength, symmetry, **options):
    """Return a digest of all that a library depends on, the version of this included.

    Parameters
    ----------
    reflections : Reflections
        As of :func:`build_library`, like all others.
    wavelength : float
        In Å.
    symmetry : array_like of shape (n, 4)
        Unit quaternions.
    **options
        Of :func:`build_library`.

    Returns
    -------
    str
        The same for the same library.

    Examples
    --------
    >>> from hyperspy_4dphase import data, structures
    >>> from hyperspy_4dphase.estimators import orientation
    >>> camera = data.Camera(signal_shape=(72, 80), scale=0.025)
    >>> (silicon,) = structures.load_candidates(data.structure("Si"))
    >>> arguments = silicon.reflections(0.9), camera.wavelength, silicon.rotations
    >>> key = orientation.library_key(*arguments, max_g=0.9)
    >>> key == orientation.library_key(*arguments, max_g=0.9)
    True
    """
    defaults = {"resolution": RESOLUTION, "excitation_width": EXCITATION_WIDTH}
    options = defaults | options
    table, *settings = _check_settings(reflections, wavelength, symmetry, **options)
    names = ("wavelength", "symmetry", "max_g", "resolution", "excitation_width")
    arrays = dict(zip(names, map(np.asarray, settings), strict=True))
    return digest_arrays(
        {**table._asdict(), **arrays, "format_version": np.asarray(FORMAT_VERSION)}
    )


def _check_settings(
    reflections, wavelength, symmetry, max_g, resolution, excitation_width
):
    """Check what a library depends on; reflections beyond `max_g` are left out.

    Returns
    -------
    table : Reflections
    wavelength : float
    symmetry : numpy.ndarray, shape (n, 4)
    max_g, resolution, width : float

    Raises
    ------
    TypeError, ValueError
        As :func:`build_library`.
    """
    table = check_reflections(reflections)
    wavelength = check_number("wavelength", wavelength, 0, above=True)
    symmetry = check_quaternions(symmetry, "symmetry")
    max_g = check_number("max_g", max_g, 0, above=True)
    if max_g >= 1 / wavelength:
        raise ValueError(
            f"max_g must be below the radius of the Ewald sphere, {1 / wavelength:.3g} "
            f"1/Å, not {max_g}."
        )
    resolution = check_number("resolution", resolution, 0.1, 10)
    width = check_number("excitation_width", excitation_width, 0, above=True)
    return _select(table, max_g), wavelength, symmetry, max_g, resolution, width


def _select(table, max_g):
    near = np.linalg.norm(table.g, axis=1) <= max_g
    if not near.any():
        shortest = np.linalg.norm(table.g, axis=1).min()
        raise ValueError(
            f"max_g is {max_g} 1/Å, but the shortest reflection has {shortest:.3g}: no "
            "spot can be seen."
        )
    return Reflections(*(values[near] for values in table))
