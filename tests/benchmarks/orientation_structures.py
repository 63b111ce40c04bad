"""Structures that orientations and names are sought of, atom by atom, in P1."""

import numpy as np
from diffpy.structure import Atom, Lattice, Structure
from diffsims.crystallography._diffracting_vector import DiffractingVector
from diffsims.utils.sim_utils import get_kinematical_intensities
from orix.crystal_map import Phase

from hyperspy_4dphase.data import structure
from hyperspy_4dphase.data._structures import BODY, FCC, OBVERSE
from hyperspy_4dphase.estimators.orientation import Reflections

_ONE = [(0, 0, 0)]


def make(name, space_group, cell, sites, centring=_ONE):
    """Make a phase of sites at each translation of a centring.

    A site is an element, its position, and its occupancy unless that is 1.
    """
    atoms = [
        Atom(
            element,
            xyz=np.mod(np.add(position, shift), 1.0),
            occupancy=share[0] if share else 1.0,
        )
        for element, position, *share in sites
        for shift in centring
    ]
    cell = (cell, cell, cell, 90, 90, 90) if np.isscalar(cell) else cell
    crystal = Structure(atoms=atoms, lattice=Lattice(*cell), title=name)
    return Phase(name=name, space_group=space_group, structure=crystal)


def rock_salt(name, a, cation, anion):
    """Fm-3m."""
    return make(name, 225, a, [(cation, (0, 0, 0)), (anion, (0.5, 0.5, 0.5))], FCC)


def zinc_blende(name, a, cation, anion):
    """F-43m."""
    return make(name, 216, a, [(cation, (0, 0, 0)), (anion, (0.25,) * 3)], FCC)


def fluorite(name, a, cation, anion):
    """Fm-3m."""
    sites = [(cation, (0, 0, 0)), (anion, (0.25,) * 3), (anion, (0.75,) * 3)]
    return make(name, 225, a, sites, FCC)


def layered(name, a, c, metal, z=0.2415):
    """R-3m, LiMO2 in hexagonal axes."""
    sites = [
        ("Li", (0, 0, 0)),
        (metal, (0, 0, 0.5)),
        ("O", (0, 0, z)),
        ("O", (0, 0, -z)),
    ]
    return make(name, 166, (a, a, c, 90, 90, 120), sites, OBVERSE)


def caesium_chloride(name, a, first, second):
    """Pm-3m."""
    return make(name, 221, a, [(first, (0, 0, 0)), (second, (0.5, 0.5, 0.5))])


def rutile(name, a, c, metal, u):
    """P4_2/mnm."""
    oxygens = [(u, u, 0), (-u, -u, 0), (0.5 + u, 0.5 - u, 0.5), (0.5 - u, 0.5 + u, 0.5)]
    sites = [(metal, p) for p in BODY] + [("O", p) for p in oxygens]
    return make(name, 136, (a, a, c, 90, 90, 90), sites)


def wurtzite(name, a, c, cation, anion, u=0.38):
    """P6_3mc."""
    places = [(1 / 3, 2 / 3, 0), (2 / 3, 1 / 3, 0.5)]
    sites = [(cation, p) for p in places]
    sites += [(anion, np.add(p, (0, 0, u))) for p in places]
    return make(name, 186, (a, a, c, 90, 90, 120), sites)


def close_packed(name, a, c, element):
    """P6_3/mmc."""
    places = [(1 / 3, 2 / 3, 0.25), (2 / 3, 1 / 3, 0.75)]
    return make(name, 194, (a, a, c, 90, 90, 120), [(element, p) for p in places])


def corundum(name, a, c, metal, z=0.352, x=0.306):
    """R-3c in hexagonal axes."""
    metals = [(0, 0, s + t) for s in (z, -z) for t in (0, 0.5)]
    oxygens = [(x, 0, 0.25), (0, x, 0.25), (-x, -x, 0.25)]
    oxygens += [(-x, 0, 0.75), (0, -x, 0.75), (x, x, 0.75)]
    sites = [(metal, p) for p in metals] + [("O", p) for p in oxygens]
    return make(name, 167, (a, a, c, 90, 90, 120), sites, OBVERSE)


def spinel(name, a, tetrahedral, octahedral, u=0.2625, anion="O"):
    """Fd-3m, origin at the centre of symmetry."""
    sites = [(tetrahedral, (s * 0.125,) * 3) for s in (1, -1)]
    octahedra = [(0.5, 0.5, 0.5), (0.5, 0.75, 0.75), (0.75, 0.5, 0.75)]
    sites += [(octahedral, p) for p in (*octahedra, (0.75, 0.75, 0.5))]
    sites += [(anion, p) for p in _orbit_32e(u)]
    return make(name, 227, a, sites, FCC)


def _orbit_32e(u):
    first = [(u, u, u), (u, 0.25 - u, 0.25 - u), (0.25 - u, u, 0.25 - u)]
    first.append((0.25 - u, 0.25 - u, u))
    return [*first, *(tuple(-x for x in p) for p in first)]


def pyrochlore(name, a, big, small, x=0.33):
    """Fd-3m, A2B2O7, the small cation at the origin."""
    small_sites = [(0, 0, 0), (0, 0.25, 0.25), (0.25, 0, 0.25), (0.25, 0.25, 0)]
    big_sites = [tuple(np.add(p, 0.5)) for p in small_sites]
    # 48f: (x, 1/8, 1/8) and what the site symmetry and the inversion make of it.
    chain = []
    for value in (x, 0.25 - x):
        chain += [(value, 0.125, 0.125), (0.125, value, 0.125), (0.125, 0.125, value)]
    chain += [tuple(-t for t in p) for p in chain]
    single = [(0.375,) * 3, (-0.375,) * 3]
    sites = [(small, p) for p in small_sites] + [(big, p) for p in big_sites]
    return make(name, 227, a, sites + [("O", p) for p in chain + single], FCC)


def anatase():
    """I4_1/amd, origin at -4m2."""
    z = 0.2081
    metals = [(0, 0, 0), (0, 0.5, 0.25)]
    oxygens = [(0, 0, z), (0, 0, -z), (0, 0.5, 0.25 + z), (0, 0.5, 0.25 - z)]
    sites = [("Ti", p) for p in metals] + [("O", p) for p in oxygens]
    return make("anatase", 141, (3.785, 3.785, 9.514, 90, 90, 90), sites, BODY)


def quartz(name="quartz", a=4.913, c=5.405, metal="Si", anion="O"):
    """P3_221; the metal in 3a, the anion in 6c."""
    u, (x, y, z) = 0.4697, (0.4135, 0.2669, 0.7858)
    sites = [(metal, p) for p in ((u, 0, 2 / 3), (0, u, 1 / 3), (-u, -u, 0))]
    anions = [(x, y, z), (-y, x - y, z + 2 / 3), (y - x, -x, z + 1 / 3)]
    anions += [(y, x, -z), (x - y, -y, 1 / 3 - z), (-x, y - x, 2 / 3 - z)]
    sites += [(anion, p) for p in anions]
    return make(name, 154, (a, a, c, 90, 90, 120), sites)


# The candidates among which a structure is sought.
CANDIDATES = {
    "NMC": lambda: structure("NMC622"),
    "LCO": lambda: layered("LCO", 2.816, 14.05, "Co", 0.2395),
    "rutile": lambda: structure("TiO2"),
    "anatase": anatase,
    "quartz": quartz,
    "MgO": lambda: rock_salt("MgO", 4.212, "Mg", "O"),
    "LiF": lambda: rock_salt("LiF", 4.026, "Li", "F"),
    "fluorite": lambda: fluorite("CaF2", 5.463, "Ca", "F"),
    "CsCl type": lambda: caesium_chloride("CsCl", 4.123, "Cs", "Cl"),
    "spinel": lambda: spinel("LiMn2O4", 8.245, "Li", "Mn"),
    "pyrochlore": lambda: pyrochlore("Gd2Ti2O7", 10.185, "Gd", "Ti"),
}


def reflections(phase, max_g):
    """Return the reflections of a phase, by diffsims.

    Parameters
    ----------
    phase : orix.crystal_map.Phase
    max_g : float
        In 1/Å.

    Returns
    -------
    Reflections
    """
    vectors = DiffractingVector.from_min_dspacing(phase, 1 / max_g)
    hkl = np.round(vectors.hkl).astype(int)
    intensity = get_kinematical_intensities(
        phase.structure, hkl, vectors.gspacing, prefactor=np.ones(len(hkl))
    )
    return Reflections(hkl, np.asarray(vectors.data), intensity)


def symmetry(phase):
    """Return the proper rotations of the Laue group of a phase, as quaternions."""
    return phase.point_group.laue_proper_subgroup.data
