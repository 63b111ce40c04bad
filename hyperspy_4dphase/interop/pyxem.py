"""Orientations of domains as pyxem's orientation maps hold them."""

import numpy as np
from diffsims.generators.simulation_generator import SimulationGenerator
from orix.quaternion import Rotation
from pyxem.signals import OrientationMap

# Reflections nearer to the Ewald sphere than this, in 1/Å, are in pyxem's templates.
_MAX_EXCITATION_ERROR = 0.02


def to_orientation_map(template, cosine, quaternions, phases, *, axes, voltage, reach):
    """Make an orientation map of pyxem.

    Parameters
    ----------
    template : numpy.ndarray of int, of the navigation shape
        Orientation of each position; -1 where there is none.
    cosine : numpy.ndarray, of the navigation shape
    quaternions : numpy.ndarray, shape (n_templates, 4)
        From the sample to the crystal.
    phases : list of orix.crystal_map.Phase, shape (n_templates,)
        Of each of them; those of one phase stand together.
    axes : list of dict
        Navigation axes, in array order.
    voltage : float
        In kV.
    reach : float
        Largest scattering vector of the templates, in 1/Å.

    Returns
    -------
    pyxem.signals.OrientationMap
    """
    generator = SimulationGenerator(accelerating_voltage=voltage)
    own = []
    for phase in phases:
        if not any(phase is other for other in own):
            own.append(phase)
    turns = [
        Rotation(quaternions[[other is phase for other in phases]]) for phase in own
    ]
    # The euler angles without the first: pyxem turns templates in the plane itself.
    euler = [turn.to_euler(degrees=True) for turn in turns]
    upright = [
        Rotation.from_euler(np.c_[np.zeros(len(e)), e[:, 1:]], degrees=True)
        for e in euler
    ]
    simulation = generator.calculate_diffraction2d(
        own if len(own) > 1 else own[0],
        rotation=upright if len(own) > 1 else upright[0],
        reciprocal_radius=reach,
        max_excitation_error=_MAX_EXCITATION_ERROR,
        with_direct_beam=False,
    )
    in_plane = np.concatenate([e[:, 0] for e in euler])
    known = template >= 0
    index = np.where(known, template, 0)
    values = np.stack(
        [
            index,
            np.where(known, np.nan_to_num(cosine), 0),
            np.where(known, in_plane[index], 0),
            np.ones(template.shape),
        ],
        axis=-1,
    )[..., np.newaxis, :]
    signal = [
        {"name": "match", "size": 1, "navigate": False},
        {"name": "column", "size": 4, "navigate": False},
    ]
    navigation = [axis | {"navigate": True} for axis in axes]
    made = OrientationMap(values, axes=[*navigation, *signal])
    made.simulation = simulation
    return made
