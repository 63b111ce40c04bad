"""Patterns of structures that have look-alikes, kinematical and dynamical.

Each is matched with its own structure, with its look-alikes and with some others, so
that one evidence tells of many lists of candidates: with the right structure, without
it, and without its look-alikes too.
"""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.orientation import (
    build_library,
    match_structures,
    prepare_pattern,
)
from hyperspy_4dphase.structures import load_candidates
from tests.benchmarks import orientation_scenes as scenes
from tests.benchmarks.bloch_waves import BlochCrystal
from tests.benchmarks.look_alikes import flatten

_ENERGY = 200.0
# Orientations of one pattern: a mean over a bent area.
_N_TILTS = 5
_LONGEST_INDEX = 3
# Logarithm of the counts of a pattern: from one position of a scan at a low dose to the
# mean of thousands.
_LOG_DOSES = 2.7, 7.0
# Standard deviations of what calibrations are off by: of the scale, relatively (or of
# the cell of a crystal of slightly other composition), and of the centre in pixels.
_SCALE_ERROR, _CENTER_ERROR = 0.003, 0.15
# Part of a pattern that is of the crystal beside, in a third of them.
_MOST_BESIDE = 0.05


class Crystal(NamedTuple):
    """A structure, ready to be simulated and to be matched.

    Attributes
    ----------
    name, family : str
    candidate : Candidate
    phase : orix.crystal_map.Phase
    library : TemplateLibrary
    strongest : float
        Squared structure factor of the strongest reflection.
    bloch : BlochCrystal
    """

    name: str
    family: str
    candidate: object
    phase: object
    library: object
    strongest: float
    bloch: object


class Case(NamedTuple):
    """One pattern, and what structures say of it.

    Attributes
    ----------
    matches : dict of str to StructureMatch
    true, family : str
    families : dict of str to str
        Of each structure that was compared.
    quaternion : numpy.ndarray, shape (4,)
    dose : float
        Counts.
    dynamical, zone : bool
        Whether intensities are, and whether the beam is near a zone axis.
    """

    matches: dict
    true: str
    family: str
    families: dict
    quaternion: np.ndarray
    dose: float
    dynamical: bool
    zone: bool


def load_families(families):
    """Make crystals of families of structures.

    Parameters
    ----------
    families : dict of dict

    Returns
    -------
    list of Crystal
    """
    makers, family = flatten(families)
    found = []
    for name, make in makers.items():
        phase = make()
        (candidate,) = load_candidates({name: phase})
        table = candidate.reflections(scenes.MAX_G)
        wavelength = scenes.GENERATOR.wavelength
        library = build_library(
            table, wavelength, candidate.rotations, max_g=scenes.MAX_G
        )
        strongest = scenes.reflections(phase, scenes.MAX_G).intensity.max()
        bloch = BlochCrystal(candidate, scenes.MAX_G, _ENERGY, wavelength)
        known = candidate, phase, library, float(strongest), bloch
        found.append(Crystal(name, family[name], *known))
    return found


def zone_orientation(rng, phase, spread):
    """Return an orientation near a zone axis of low indices."""
    lattice = phase.structure.lattice
    sides = [np.arange(-_LONGEST_INDEX, _LONGEST_INDEX + 1)] * 3
    zones = np.stack(np.meshgrid(*sides), -1).reshape(-1, 3)
    zones = zones[np.gcd.reduce(zones, axis=1) == 1]
    axes = zones @ lattice.base
    length = np.linalg.norm(axes, axis=1)
    # Short zones are dense planes, which is what crystals are tilted to.
    chosen = rng.choice(len(axes), p=length**-3.0 / (length**-3.0).sum())
    turned = scenes.from_beam(
        axes[chosen] / length[chosen], np.deg2rad(spread) * abs(rng.normal())
    )
    about = np.array([[0, 0, rng.uniform(0, 2 * np.pi)]])
    return scenes.multiply(turned[None], scenes.from_rotation_vectors(about))[0]


def dynamical_pattern(crystal, quaternion, rng, *, background=0.3, flat=False):
    """Return the expected pattern of a bent, wedge-shaped area, of sum 1, or None.

    Parameters
    ----------
    crystal : Crystal
    quaternion : numpy.ndarray, shape (4,)
    rng : numpy.random.Generator
        Of thickness (5 to 80 nm, varying by a fifth) and bend (0 to 0.5 degrees).
    background : float
        Fraction of the counts.
    flat : bool
        Whether it neither bends nor varies in thickness: reflections may be extinct.
    """
    thickness = np.exp(rng.uniform(np.log(50), np.log(800)))
    thicknesses = thickness * (np.ones(1) if flat else np.linspace(0.9, 1.1, 5))
    bend = 0.0 if flat else np.deg2rad(rng.uniform(0, 0.5))
    image = np.zeros(scenes.CAMERA.signal_shape)
    for _ in range(1 if flat else _N_TILTS):
        turn = np.append(bend * rng.normal(size=2), 0.0)
        q = scenes.multiply(quaternion[None], scenes.from_rotation_vectors(turn[None]))[
            0
        ]
        hkl, xy, intensity = crystal.bloch.intensities(q, thicknesses)
        mean = intensity.mean(axis=0)
        beams = mean > 1e-5
        beams &= (hkl != 0).any(axis=1) & (np.hypot(*xy.T) < scenes.MAX_G)
        if beams.any():
            image += scenes.CAMERA.discs(xy[beams] * [1, -1], mean[beams])
    if not image.sum() > 0:
        return None
    return scenes.add_diffuse(image, background)


def _make_pattern(crystal, quaternion, rng, dynamical, flat):
    """Expected pattern with a background, of any thickness, or None."""
    background = rng.uniform(0.1, 0.5)
    if dynamical:
        return dynamical_pattern(
            crystal, quaternion, rng, background=background, flat=flat
        )
    return scenes.expected_pattern(
        crystal,
        quaternion,
        background=background,
        max_error=rng.uniform(0.008, 0.03),
        spread=rng.choice([0, 0.3, 0.6]),
        rng=rng,
    )


def _miscalibrate(rng):
    """Geometry as calibration knows it."""
    known = scenes.GEOMETRY
    return known._replace(
        center=tuple(np.add(known.center, _CENTER_ERROR * rng.normal(size=2))),
        scale=known.scale * (1 + _SCALE_ERROR * rng.normal()),
    )


def gather_cases(
    crystals, n, seed, *, n_others=3, flat=False, log_doses=_LOG_DOSES, tell=print
):
    """Simulate patterns, and match them with structures.

    Parameters
    ----------
    crystals : list of Crystal
    n : int
        Number of patterns, of each structure in turn; half of them dynamical, half of
        them near a zone axis.
    seed : int
    n_others : int
        Structures of other families that each is compared with, beside its own family.
    flat : bool
        Whether no crystal bends or varies in thickness.
    log_doses : tuple of float
        Least and largest logarithm of the counts.
    tell : callable

    Returns
    -------
    list of Case
    """
    rng = np.random.default_rng(seed)
    placed = dict(
        zip([c.name for c in crystals], scenes.place_all(crystals), strict=True)
    )
    families = {c.name: c.family for c in crystals}
    found = []
    for i in range(n):
        crystal = crystals[i % len(crystals)]
        dynamical, zone = (bool(x) for x in rng.integers(2, size=2))
        q = scenes.random_orientation(rng)
        if zone:
            q = zone_orientation(rng, crystal.phase, rng.choice([0.3, 2.0]))
        image = _make_pattern(crystal, q, rng, dynamical, flat)
        if image is None:
            continue
        beside = _make_pattern(
            crystals[rng.integers(len(crystals))],
            scenes.random_orientation(rng),
            rng,
            dynamical,
            flat,
        )
        if beside is not None and rng.random() < 1 / 3:
            share = rng.uniform(0, _MOST_BESIDE)
            image = (1 - share) * image + share * beside
        dose = 10 ** rng.uniform(*log_doses)
        prepared = prepare_pattern(rng.poisson(dose * image), _miscalibrate(rng))
        others = [name for name, f in families.items() if f != crystal.family]
        chosen = [name for name, f in families.items() if f == crystal.family]
        n_chosen = min(n_others, len(others))
        chosen += list(rng.choice(others, n_chosen, replace=False))
        matches = match_structures(prepared, [placed[name] for name in chosen])
        found.append(
            Case(
                dict(zip(chosen, matches, strict=True)),
                crystal.name,
                crystal.family,
                {name: families[name] for name in chosen},
                q,
                dose,
                dynamical,
                zone,
            )
        )
        if i % 100 == 99:
            tell(f"  {i + 1} of {n} patterns")
    return found
