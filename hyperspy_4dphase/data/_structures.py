"""Crystal structures, written out atom by atom in P1.

Positions are listed in full because diffpy.structure 3.3.1 expands some space groups
wrongly and silently; the space group is kept for the symmetry of orientations only.
"""

import numpy as np
from diffpy.structure import Atom, Lattice, Structure
from orix.crystal_map import Phase

FCC = [(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)]
BODY = [(0, 0, 0), (0.5, 0.5, 0.5)]
OBVERSE = [(0, 0, 0), (2 / 3, 1 / 3, 1 / 3), (1 / 3, 2 / 3, 2 / 3)]


def _make_phase(name, space_group, cell, sites, centring=((0, 0, 0),)):
    """Make an orix phase: (element, position, occupancy) sites at each translation."""
    atoms = [
        Atom(element, xyz=np.mod(np.add(position, shift), 1.0), occupancy=occupancy)
        for element, position, occupancy in sites
        for shift in centring
    ]
    structure = Structure(atoms=atoms, lattice=Lattice(*cell), title=name)
    return Phase(name=name, space_group=space_group, structure=structure)


def _layered_oxide():
    # R-3m, hexagonal axes: Li in 3a, the transition metals in 3b, O in 6c.
    metals = [("Ni", 0.6), ("Mn", 0.2), ("Co", 0.2)]
    sites = [("Li", (0, 0, 0), 1.0)]
    sites += [(element, (0, 0, 0.5), share) for element, share in metals]
    sites += [("O", (0, 0, z), 1.0) for z in (0.2415, -0.2415)]
    return _make_phase("NMC622", 166, (2.87, 2.87, 14.22, 90, 90, 120), sites, OBVERSE)


def _monolayer(name, a, metal, chalcogen, half_thickness):
    # P-6m2 with 20 Å of c: the chalcogens lie half_thickness Å off the metal plane.
    z = half_thickness / 20
    sites = [
        (metal, (1 / 3, 2 / 3, 0), 1.0),
        (chalcogen, (2 / 3, 1 / 3, z), 1.0),
        (chalcogen, (2 / 3, 1 / 3, -z), 1.0),
    ]
    return _make_phase(name, 187, (a, a, 20, 90, 90, 120), sites)


def _cubic(name, space_group, a, centring, sites):
    sites = [(element, position, 1.0) for element, position in sites]
    return _make_phase(name, space_group, (a, a, a, 90, 90, 90), sites, centring)


def _strontium_titanate():
    oxygens = [("O", p) for p in ((0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5))]
    sites = [("Sr", (0, 0, 0)), ("Ti", (0.5, 0.5, 0.5)), *oxygens]
    return _cubic("SrTiO3", 221, 3.905, [(0, 0, 0)], sites)


def _rutile():
    u = 0.3053
    oxygens = [(u, u, 0), (-u, -u, 0), (0.5 + u, 0.5 - u, 0.5), (0.5 - u, 0.5 + u, 0.5)]
    sites = [("Ti", position, 1.0) for position in BODY]
    sites += [("O", position, 1.0) for position in oxygens]
    return _make_phase("TiO2", 136, (4.594, 4.594, 2.959, 90, 90, 90), sites)


def _cristobalite():
    # P4_12_12, alpha-cristobalite: Si in 4a, O in 8b.
    def general(x, y, z):
        return [
            (x, y, z),
            (-x, -y, z + 0.5),
            (0.5 - y, 0.5 + x, z + 0.25),
            (0.5 + y, 0.5 - x, z + 0.75),
            (0.5 - x, 0.5 + y, 0.25 - z),
            (0.5 + x, 0.5 - y, 0.75 - z),
            (y, x, -z),
            (-y, -x, 0.5 - z),
        ]

    u = 0.3003
    silicon = [(u, u, 0), (-u, -u, 0.5), (0.5 - u, 0.5 + u, 0.25)]
    silicon.append((0.5 + u, 0.5 - u, 0.75))
    sites = [("Si", position, 1.0) for position in silicon]
    sites += [("O", position, 1.0) for position in general(0.2392, 0.1044, 0.1787)]
    return _make_phase("SiO2", 92, (4.971, 4.971, 6.928, 90, 90, 90), sites)


def _thiophosphate():
    # P4_2/nmc, origin choice 1, after Kamaya et al. 2011 (doi:10.1038/nmat3066).
    def orbit(x, y, z):
        turned = [(x, y, z), (-x, -y, z)]
        turned += [(0.5 - b, 0.5 + a, c + 0.5) for a, b, c in turned]
        turned += [(a, -b, c) for a, b, c in turned]
        turned += [(0.5 - a, 0.5 - b, 0.5 - c) for a, b, c in turned]
        return np.unique(np.round(np.mod(turned, 1.0), 6) % 1.0, axis=0)

    independent = [
        ("Ge", (0, 0.5, 0.6907), 0.5),
        ("P", (0, 0.5, 0.6907), 0.5),
        ("P", (0, 0, 0.5), 1.0),
        ("S", (0, 0.1843, 0.4082), 1.0),
        ("S", (0, 0.2996, 0.0955), 1.0),
        ("S", (0, 0.7000, 0.7910), 1.0),
        ("Li", (0.2570, 0.2720, 0.1830), 0.69),
        ("Li", (0, 0.5, 0.9450), 1.0),
        ("Li", (0.2480, 0.2480, 0.0), 0.64),
    ]
    sites = [
        (element, position, occupancy)
        for element, first, occupancy in independent
        for position in orbit(*first)
    ]
    return _make_phase("LGPS", 137, (8.718, 8.718, 12.634, 90, 90, 90), sites)


STRUCTURES = {
    "NMC622": _layered_oxide,
    "WS2": lambda: _monolayer("WS2", 3.153, "W", "S", 1.57),
    "WSe2": lambda: _monolayer("WSe2", 3.282, "W", "Se", 1.67),
    "Si": lambda: _cubic(
        "Si", 227, 5.431, FCC, [("Si", (0, 0, 0)), ("Si", (0.25,) * 3)]
    ),
    "Al": lambda: _cubic("Al", 225, 4.050, FCC, [("Al", (0, 0, 0))]),
    "Fe": lambda: _cubic("Fe", 229, 2.866, BODY, [("Fe", (0, 0, 0))]),
    "SrTiO3": _strontium_titanate,
    "TiO2": _rutile,
    "SiO2": _cristobalite,
    "LGPS": _thiophosphate,
}


def structure(name):
    """Return one of the structures that the simulated scans are made of.

    Parameters
    ----------
    name : str
        ``"NMC622"`` (layered LiNi0.6Mn0.2Co0.2O2), ``"WS2"``, ``"WSe2"`` (monolayers
        in a cell of 20 Å), ``"Si"``, ``"Al"``, ``"Fe"``, ``"SrTiO3"``, ``"TiO2"``
        (rutile), ``"SiO2"`` (alpha-cristobalite) or ``"LGPS"`` (Li10GeP2S12).

    Returns
    -------
    orix.crystal_map.Phase
        With every atom of the cell listed.

    Raises
    ------
    ValueError
        If the name is not known.

    Examples
    --------
    >>> len(structure("NMC622").structure)
    18
    """
    if name not in STRUCTURES:
        raise ValueError(f"structure must be one of {sorted(STRUCTURES)}, got {name!r}")
    return STRUCTURES[name]()
