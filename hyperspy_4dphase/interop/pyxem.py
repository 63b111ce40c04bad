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
    own = []
    for phase in phases:
        if not any(phase is other for other in own):
            own.append(phase)
    of_phase = [[other is phase for other in phases] for phase in own]
    # pyxem 0.21 takes the first template of a phase for one of the phase before it: a
    # copy stands there that no position has.
    order = np.concatenate(
        [
            [*([members[0]] if k else []), *members]
            for k, members in enumerate(np.flatnonzero(mask) for mask in of_phase)
        ]
    )
    place = np.zeros(len(quaternions), int)
    place[order] = np.arange(len(order))
    euler = Rotation(quaternions).to_euler(degrees=True)
    # Without the first angle: pyxem turns templates in the plane itself.
    upright = np.column_stack([np.zeros(len(euler)), euler[:, 1:]])
    sizes = np.cumsum([sum(mask) + bool(k) for k, mask in enumerate(of_phase)])
    turns = [
        Rotation.from_euler(upright[part], degrees=True)
        for part in np.split(order, sizes[:-1])
    ]
    generator = SimulationGenerator(accelerating_voltage=voltage)
    simulation = generator.calculate_diffraction2d(
        own if len(own) > 1 else own[0],
        rotation=turns if len(own) > 1 else turns[0],
        reciprocal_radius=reach,
        max_excitation_error=_MAX_EXCITATION_ERROR,
        with_direct_beam=False,
    )
    known = template >= 0
    index = np.where(known, template, 0)
    columns = [
        place[index],
        np.where(known, np.nan_to_num(cosine), 0),
        np.where(known, euler[index, 0], 0),
        np.ones(template.shape),
    ]
    values = np.stack(columns, axis=-1)[..., np.newaxis, :]
    if len(own) > 1:
        # pyxem 0.21 cannot tell the phases of a single match: it stands there twice.
        values = np.repeat(values, 2, axis=-2)
    signal = [
        {"name": "match", "size": values.shape[-2], "navigate": False},
        {"name": "column", "size": 4, "navigate": False},
    ]
    navigation = [axis | {"navigate": True} for axis in axes]
    made = OrientationMap(values, axes=[*navigation, *signal])
    made.simulation = simulation
    return made
