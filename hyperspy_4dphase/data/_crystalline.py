"""Kinematical patterns of crystals."""

import numpy as np
from diffsims.generators.simulation_generator import SimulationGenerator
from orix.crystal_map import Phase
from orix.quaternion import Rotation

from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.data._camera import Camera
from hyperspy_4dphase.data._scattering import (
    assemble,
    inelastic_background,
    thermal_background,
)
from hyperspy_4dphase.data._structures import structure
from hyperspy_4dphase.structures._phases import fractional_positions
from hyperspy_4dphase.structures._scattering import DEBYE_WALLER, atomic_factor


def zone_rotation(phase, zone, in_plane=0.0):
    """Return the rotation that points a zone axis along the beam.

    Parameters
    ----------
    phase : orix.crystal_map.Phase
        The crystal.
    zone : sequence of int
        Indices [uvw] of the zone axis.
    in_plane : float
        Further rotation about the beam in degrees. Default is 0.

    Returns
    -------
    orix.quaternion.Rotation
        From the sample to the crystal, as orix and diffsims take it.

    Examples
    --------
    >>> phase = structure("Al")
    >>> rotation = zone_rotation(phase, (0, 1, 1))
    >>> rotation.to_matrix()[0, :, 2].round(3).tolist()
    [0.0, 0.707, 0.707]
    """
    beam = np.asarray(zone, dtype=float) @ phase.structure.lattice.base
    beam = beam / np.linalg.norm(beam)
    # Any fixed direction across the beam will do as the pattern's x axis.
    axis = np.eye(3)[np.argmin(np.abs(beam))]
    x = np.cross(axis, beam)
    x /= np.linalg.norm(x)
    to_crystal = np.column_stack([x, np.cross(beam, x), beam])
    turn = np.deg2rad(in_plane)
    cos, sin = np.cos(turn), np.sin(turn)
    plane = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    return Rotation.from_matrix(to_crystal @ plane)


def crystal_spots(phase, rotation, camera, thickness=20.0):
    """Return the spots of a crystal: where they fall and how bright they are.

    Parameters
    ----------
    phase : orix.crystal_map.Phase
        The crystal, every atom of its cell listed.
    orix.quaternion.Rotation
        From the sample to the crystal.
    camera : Camera
        Gives the electrons' energy and the part of reciprocal space that is seen.
    thickness : float
        In nm: the thinner, the longer the spots reach along the beam. Default is 20.

    Returns
    -------
    positions : numpy.ndarray of shape (n_spots, 2)
        Scattering vectors (qx, qy) in 1/Å.
    intensities : numpy.ndarray of shape (n_spots,)
        On an arbitrary scale.
    """
    generator = SimulationGenerator(
        accelerating_voltage=camera.beam_energy, shape_factor_model="lorentzian"
    )
    # A slab's shape factor is 0.886 / t wide at half maximum, and the convergence of
    # the beam smooths it. diffsims' Lorentzian is 2 / pi of its parameter wide there.
    width = np.pi / 2 * 0.886 / (10 * thickness)
    reach = float(camera.radius().max()) + camera.disc_radius
    if reach < _shortest_vector(phase):
        return np.zeros((0, 2)), np.zeros(0)
    simulation = generator.calculate_diffraction2d(
        phase,
        rotation,
        reciprocal_radius=reach,
        with_direct_beam=False,
        max_excitation_error=max(2.5 * width, 0.02),
        shape_factor_width=width,
        debye_waller_factors=dict.fromkeys(phase.structure.composition, DEBYE_WALLER),
    )
    spots = simulation.coordinates
    return np.array(spots.data[:, :2]), np.array(spots.intensity)


def _shortest_vector(phase):
    """Return the length in 1/Å of the shortest reciprocal lattice vector."""
    indices = np.mgrid[-1:2, -1:2, -1:2].reshape(3, -1).T
    vectors = indices @ phase.structure.lattice.recbase.T
    lengths = np.linalg.norm(vectors, axis=1)
    return lengths[lengths > 1e-9].min()


def crystal_pattern(
    phase, rotation=None, camera=None, *, thickness=20.0, direct=0.45, diffuse=0.25
):
    """Return the diffraction pattern of a crystal.

    Kinematical spots (diffsims, with the shape factor of a slab) drawn as discs of the
    probe, the direct beam, and the thermal diffuse and inelastic background. The
    sample's x axis points along the columns and its y axis up, against the rows, as in
    pyxem's orientation mapping.

    Parameters
    ----------
    phase : orix.crystal_map.Phase or str
        The crystal, every atom of its cell listed (nothing is expanded), or the name
        of a structure that :func:`structure` knows.
    rotation : orix.quaternion.Rotation, optional
        One rotation from the sample to the crystal; :func:`zone_rotation` makes one.
        By default the crystal's z axis is along the beam.
    camera : Camera, optional
        The detector. Default is ``Camera()``.
    thickness : float
        In nm: the thinner, the more spots are excited. Default is 20.
    direct : float
        Share of the counts in the direct beam. Default is 0.45.
    diffuse : float
        Share of the counts in the background. Default is 0.25.

    Returns
    -------
    numpy.ndarray of shape (nky, nkx)
        Non-negative, of sum 1.

    Raises
    ------
    ValueError
        If the shares exceed one, an argument is out of range, or no spot is seen.

    Notes
    -----
    diffsims 0.7 expects of a phase what orix 0.15 makes of lattice parameters or a CIF
    file; the spots of a non-cubic cell given as base vectors would come out wrong.

    Examples
    --------
    >>> pattern = crystal_pattern("Al", camera=Camera(signal_shape=(48, 64)))
    >>> pattern.shape, round(float(pattern.sum()), 12)
    ((48, 64), 1.0)
    """
    camera = camera or Camera()
    phase = structure(phase) if isinstance(phase, str) else phase
    if not isinstance(phase, Phase):
        raise TypeError(
            f"phase must be an orix Phase or a name, got {type(phase).__name__}"
        )
    rotation = Rotation.identity() if rotation is None else rotation
    check_number("thickness", thickness, 0, above=True)
    positions, intensities = crystal_spots(phase, rotation, camera, thickness)
    # Rows count downwards.
    positions = positions * [1, -1]
    atoms = phase.structure.composition
    return spot_pattern(camera, positions, intensities, atoms, direct, diffuse)


def spot_pattern(camera, positions, intensities, atoms, direct, diffuse):
    """Draw spots on the background of their composition, around the direct beam.

    Parameters
    ----------
    camera : Camera
        The detector.
    positions : numpy.ndarray of shape (n_spots, 2)
        Scattering vectors (qx, qy) in 1/Å.
    intensities : numpy.ndarray of shape (n_spots,)
        On an arbitrary scale.
    atoms : dict of str to float
        Composition, for the background.
    direct, diffuse : float
        Shares of the counts in the direct beam and in the background.

    Returns
    -------
    numpy.ndarray of shape (nky, nkx)
        Non-negative, of sum 1.

    Raises
    ------
    ValueError
        If the shares are no shares or no spot is on the detector.
    """
    check_number("direct", direct, 0, 1.0)
    check_number("diffuse", diffuse, 0, 1.0 - direct)
    spots = camera.discs(positions, intensities)
    if not spots.sum() > 0:
        raise ValueError(
            "no reflection is excited on the detector: tilt the crystal, make it "
            "thinner or the pixels larger"
        )
    q = camera.radius()
    backgrounds = [thermal_background(atoms, q), inelastic_background(q)]
    parts = [(image, diffuse / 2) for image in backgrounds]
    return assemble(camera, [(spots, 1 - direct - diffuse), *parts])


def sheet_spots(phase, camera, *, strain=None, in_plane=0.0, tilt=(0.0, 0.0)):
    """Return the spots of a single layer, whose reciprocal lattice is one of rods.

    Parameters
    ----------
    phase : orix.crystal_map.Phase
        The layer: a and b in the plane, c across it and of no consequence.
    camera : Camera
        Gives the electrons' energy and the part of reciprocal space that is seen.
    strain : array_like of shape (2, 2), optional
        Strain of the layer in its own axes x and y (x along a). Default is none.
    in_plane : float
        Rotation about the beam in degrees. Default is 0.
    tilt : tuple of float
        Slope (dz/dx, dz/dy) of the layer in rad. Default is (0, 0).

    Returns
    -------
    positions : numpy.ndarray of shape (n_spots, 2)
        Scattering vectors (qx, qy) in 1/Å.
    intensities : numpy.ndarray of shape (n_spots,)
        On an arbitrary scale.
    """
    base = phase.structure.lattice.base[:2, :2]
    angle = np.deg2rad(in_plane)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    stretch = np.eye(2) + (np.zeros((2, 2)) if strain is None else np.asarray(strain))
    base = base @ stretch.T @ turn.T
    reciprocal = np.linalg.inv(base).T
    reach = float(camera.radius().max()) + camera.disc_radius
    order = int(np.ceil(reach * np.linalg.norm(base, axis=1).max() * 1.2)) + 1
    hk = np.mgrid[-order : order + 1, -order : order + 1].reshape(2, -1).T
    hk = hk[np.any(hk != 0, axis=1)]
    g = hk @ reciprocal
    seen = np.hypot(*g.T) < reach
    g, hk = g[seen], hk[seen]
    # The Ewald sphere cuts each rod at this height above the plane of the layer.
    height = g @ np.asarray(tilt) + camera.wavelength * np.sum(g**2, axis=1) / 2
    amplitude = np.zeros(len(g), dtype=complex)
    q = np.hypot(np.hypot(*g.T), height)
    c = phase.structure.lattice.base[2, 2]
    positions = fractional_positions(phase)
    for atom, (*xy, z) in zip(phase.structure, positions, strict=True):
        path = hk @ xy + height * ((z + 0.5) % 1.0 - 0.5) * c
        factor = atomic_factor(str(atom.element), q) * atom.occupancy
        amplitude += factor * np.exp(2j * np.pi * path - DEBYE_WALLER * q**2 / 4)
    # A slope shortens what the beam sees of the layer and lengthens its reciprocal.
    slope = np.asarray(tilt)
    return g + np.outer(g @ slope, slope) / 2, np.abs(amplitude) ** 2
