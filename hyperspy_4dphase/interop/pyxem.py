"""Orientations of domains as pyxem's orientation maps hold them."""

import warnings

import numpy as np
from diffsims.generators.simulation_generator import SimulationGenerator
from orix.quaternion import Rotation
from pyxem.signals import OrientationMap

# Reflections nearer to the Ewald sphere than this, in 1/Å, are in pyxem's templates.
_MAX_EXCITATION_ERROR = 0.02


def to_orientation_map(
    labels,
    quaternions,
    phases,
    phase_ids,
    *,
    cosine,
    axes,
    voltage,
    max_g,
    reach=3.0,
    step=1.0,
    rotations=None,
):
    """Make an orientation map of pyxem, with a library around each domain.

    Parameters
    ----------
    labels : numpy.ndarray of int, of the navigation shape
        Domain of each position; -1 where there is none.
    quaternions : numpy.ndarray, shape (n_domains, 4)
        From the sample to the crystal; NaN of domains without an orientation.
    phases : list of orix.crystal_map.Phase
        Candidates, each with its structure.
    phase_ids : numpy.ndarray of int, shape (n_domains,)
        Index of the phase of each domain.
    cosine : numpy.ndarray, of the navigation shape
        Cosine between the pattern of each position and its template, from 0 to 1.
    axes : list of dict
        Navigation axes, in array order.
    voltage : float
        In kV.
    max_g : float
        Largest scattering vector of the templates, in 1/Å.
    reach, step : float, optional
        How far, and how finely, the beam direction is tilted against that of a domain,
        in degrees. Defaults are 3 and 1: 29 templates for each domain.
    rotations : numpy.ndarray, of the navigation shape with 4, optional
        As `quaternions`, of each position. By default those of domains. The nearest
        template stands for the beam direction of each.

    Returns
    -------
    pyxem.signals.OrientationMap

    Raises
    ------
    ValueError
        If no domain has an orientation.

    Warns
    -----
    UserWarning
        If positions are farther than a step from the nearest template.

    See Also
    --------
    hyperspy_4dphase.PhaseMap.to_pyxem : The same of a map of phases.

    Examples
    --------
    >>> import numpy as np
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase.data import structure
    >>> from hyperspy_4dphase.interop.pyxem import to_orientation_map
    >>> labels = np.array([[0, 0, 1], [0, 1, -1]])
    >>> turns = Rotation.from_euler([(20, 45, 10), (70, 45, 10)], degrees=True).data
    >>> found = to_orientation_map(
    ...     labels,
    ...     turns,
    ...     [structure("Si")],
    ...     np.array([0, 0]),
    ...     cosine=np.full((2, 3), 0.9),
    ...     axes=[{"name": "y", "size": 2}, {"name": "x", "size": 3}],
    ...     voltage=200.0,
    ...     max_g=0.8,
    ... )
    >>> found
    <OrientationMap, title: , dimensions: (3, 2|4, 1)>
    >>> found.simulation.rotations.size
    58
    """
    known = np.flatnonzero(np.isfinite(quaternions).all(axis=1))
    if not known.size:
        raise ValueError("No domain of this map has an orientation.")
    own = np.unique(phase_ids[known])
    tilts = _tilts(reach, step)
    columns = np.zeros((*labels.shape, 4))
    columns[..., 3], first = 1, 0
    library, farthest = [], 0.0
    for k, phase in enumerate(own):
        members = known[phase_ids[known] == phase]
        turned = [Rotation(quaternions[d]).flatten() * tilts for d in members]
        upright = np.concatenate([_stand_upright(each) for each in turned])
        # pyxem 0.21 takes the first template of a phase for one of the phase before
        # it: a copy stands there that no position has.
        library.append(np.concatenate([upright[:1]] * bool(k) + [upright]))
        first += bool(k)
        for domain in members:
            mine = labels == domain
            turns = np.broadcast_to(quaternions[domain], (mine.sum(), 4))
            if rotations is not None:
                refined = rotations[mine]
                turns = np.where(np.isfinite(refined), refined, turns)
            templates = Rotation(upright[: tilts.size])
            upright = upright[tilts.size :]
            nearest, angle, distance = _find_nearest(turns, templates)
            columns[mine, 0] = first + nearest
            columns[mine, 1] = np.nan_to_num(cosine[mine])
            columns[mine, 2] = angle
            farthest = max(farthest, distance.max(initial=0))
            first += tilts.size
    if farthest > step:
        warnings.warn(
            f"Some positions are turned by {farthest:.1f} degrees against the nearest "
            f"template: give a reach of more than {reach:g}.",
            UserWarning,
            stacklevel=3,
        )
    own = [phases[i] for i in own]
    made = _hold(columns, axes, len(own))
    made.simulation = _simulate(own, library, voltage, max_g)
    return made


def _simulate(phases, library, voltage, max_g):
    """Simulate the templates of each phase, given as quaternions."""
    turns = [Rotation(each) for each in library]
    generator = SimulationGenerator(accelerating_voltage=voltage)
    return generator.calculate_diffraction2d(
        phases if len(phases) > 1 else phases[0],
        rotation=turns if len(phases) > 1 else turns[0],
        reciprocal_radius=max_g,
        max_excitation_error=_MAX_EXCITATION_ERROR,
        with_direct_beam=False,
    )


def _hold(columns, axes, n_phases):
    """Make the map of one match for each position, without its simulation."""
    values = columns[..., np.newaxis, :]
    if n_phases > 1:
        # pyxem 0.21 cannot tell the phases of a single match: it stands there twice.
        values = np.repeat(values, 2, axis=-2)
    signal = [
        {"name": "match", "size": values.shape[-2], "navigate": False},
        {"name": "column", "size": 4, "navigate": False},
    ]
    navigation = [axis | {"navigate": True} for axis in axes]
    return OrientationMap(values, axes=[*navigation, *signal])


def _tilts(reach, step):
    """Rotations about axes across the beam, up to an angle; first the identity."""
    n = int(reach / step + 1e-9)
    xy = step * (np.indices((2 * n + 1,) * 2).reshape(2, -1).T - n)
    xy = xy[np.hypot(*xy.T) <= reach * (1 + 1e-9)]
    half = np.deg2rad(xy[np.argsort(np.hypot(*xy.T), kind="stable")]) / 2
    angle = np.hypot(*half.T)
    parts = half * np.sinc(angle / np.pi)[:, np.newaxis]
    return Rotation(np.column_stack([np.cos(angle), parts, np.zeros(len(half))]))


def _stand_upright(rotations):
    """Rotations without the first Euler angle: pyxem turns templates in the plane."""
    euler = rotations.to_euler()
    euler[:, 0] = 0
    return Rotation.from_euler(euler).data


def _find_nearest(quaternions, templates):
    """Find the template, turned in the plane, that is nearest to each orientation.

    Parameters
    ----------
    quaternions : numpy.ndarray, shape (n, 4)
    templates : orix.quaternion.Rotation, shape (n_templates,)
        With a first Euler angle of 0.

    Returns
    -------
    nearest : numpy.ndarray of int, shape (n,)
    angle : numpy.ndarray, shape (n,)
        First Euler angle, from -180 to 180 degrees.
    distance : numpy.ndarray, shape (n,)
        Degrees between the two.
    """
    if not len(quaternions):
        return np.zeros(0, int), np.zeros(0), np.zeros(0)
    left = (~templates).outer(Rotation(quaternions)).data
    # What of the rest is about the beam.
    about = np.hypot(left[..., 0], left[..., 3])
    nearest = about.argmax(axis=0)
    w, _, _, z = left[nearest, np.arange(len(quaternions))].T
    angle = np.rad2deg(-2 * np.arctan2(z, w))
    distance = np.rad2deg(2 * np.arccos(np.minimum(about.max(axis=0), 1)))
    return nearest, (angle + 180) % 360 - 180, distance
