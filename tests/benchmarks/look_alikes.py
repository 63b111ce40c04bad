"""Families of structures that share reflections: what is easily taken for one another.

A family holds ordered and disordered forms of one lattice. Weights of identification
are fitted to the families of `FITTED`, and judged on those of `JUDGED`.
"""

from functools import partial

from hyperspy_4dphase.data import structure
from hyperspy_4dphase.data._structures import BODY, FCC
from tests.benchmarks.orientation_structures import (
    CANDIDATES,
    close_packed,
    corundum,
    fluorite,
    layered,
    make,
    pyrochlore,
    rock_salt,
    rutile,
    spinel,
    wurtzite,
    zinc_blende,
)


def face_centred(name, a, element):
    """Fm-3m."""
    return make(name, 225, a, [(element, (0, 0, 0))], FCC)


def body_centred(name, a, *shares):
    """Im-3m, of one element or of (element, occupancy) pairs."""
    sites = [(element, (0, 0, 0), share) for element, share in shares]
    return make(name, 229, a, sites, BODY)


def ordered_face_centred(name, a, corner, face):
    """Pm-3m, L1_2."""
    return make(name, 221, a, [(corner, FCC[0])] + [(face, p) for p in FCC[1:]])


def ordered_pair(name, a, first, second):
    """Pm-3m, B2."""
    return make(name, 221, a, [(first, BODY[0]), (second, BODY[1])])


def heusler(name, a, first, second, third):
    """Fm-3m, L2_1; D0_3 where the first element is the second."""
    sites = [(third, (0, 0, 0)), (second, (0.5,) * 3)]
    sites += [(first, (0.25,) * 3), (first, (0.75,) * 3)]
    return make(name, 225, a, sites, FCC)


def ordered_close_packed(name, a, c, major, minor, x=0.833):
    """P6_3/mmc, D0_19."""
    sites = [(minor, (1 / 3, 2 / 3, 0.25)), (minor, (2 / 3, 1 / 3, 0.75))]
    places = [(x, 2 * x, 0.25), (-2 * x, -x, 0.25), (x, -x, 0.25)]
    sites += [(major, p) for p in places]
    sites += [(major, tuple(-t for t in p)) for p in places]
    return make(name, 194, (a, a, c, 90, 90, 120), sites)


def ordered_layers(name, a, c, one, three):
    """I4/mmm, D0_22."""
    sites = [(one, (0, 0, 0)), (three, (0, 0, 0.5))]
    sites += [(three, (0, 0.5, 0.25)), (three, (0.5, 0, 0.25))]
    return make(name, 139, (a, a, c, 90, 90, 90), sites, BODY)


def perovskite(name, a, large, small, c=None, shift=0.0):
    """Pm-3m; tetragonal (P4mm) with an edge c, the small cation shifted along it."""
    sites = [(large, (0, 0, 0)), (small, (0.5, 0.5, 0.5 + shift))]
    sites += [("O", p) for p in ((0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5))]
    if c is None:
        return make(name, 221, a, sites)
    return make(name, 99, (a, a, c, 90, 90, 90), sites)


def double_perovskite(name, a, large, first, second, x=0.25):
    """Fm-3m."""
    sites = [(large, (0.25,) * 3), (large, (0.75,) * 3)]
    sites += [(first, (0, 0, 0)), (second, (0.5,) * 3)]
    for axis in range(3):
        for value in (x, -x):
            sites.append(("O", tuple(value * (i == axis) for i in range(3))))
    return make(name, 225, a, sites, FCC)


def chalcopyrite(name, a, c, first, second, anion, x=0.25):
    """I-42d."""
    sites = [(first, (0, 0, 0)), (first, (0, 0.5, 0.25))]
    sites += [(second, (0, 0, 0.5)), (second, (0, 0.5, 0.75))]
    places = [(x, 0.25, 0.125), (-x, 0.75, 0.125), (0.75, x, 0.875), (0.25, -x, 0.875)]
    sites += [(anion, p) for p in places]
    return make(name, 122, (a, a, c, 90, 90, 90), sites, BODY)


def disordered_rock_salt(name, a, metal, share):
    """Fm-3m, lithium and a metal on one site."""
    sites = [(metal, (0, 0, 0), share), ("Li", (0, 0, 0), 1 - share)]
    return make(name, 225, a, [*sites, ("O", (0.5,) * 3, 1.0)], FCC)


def disordered_fluorite(name, a, first, second):
    """Fm-3m, two metals on one site and one of eight oxygens missing."""
    sites = [(first, (0, 0, 0), 0.5), (second, (0, 0, 0), 0.5)]
    sites += [("O", (0.25,) * 3, 0.875), ("O", (0.75,) * 3, 0.875)]
    return make(name, 225, a, sites, FCC)


FITTED = {
    "nickel oxides": {
        "LiNiO2": partial(layered, "LiNiO2", 2.875, 14.18, "Ni", 0.242),
        "LiNiO": partial(disordered_rock_salt, "LiNiO", 4.08, "Ni", 0.6),
        "NiO": partial(rock_salt, "NiO", 4.177, "Ni", "O"),
        "Co3O4": partial(spinel, "Co3O4", 8.084, "Co", "Co", 0.263),
        "MgAl2O4": partial(spinel, "MgAl2O4", 8.083, "Mg", "Al", 0.2624),
    },
    "fluorites": {
        "CeO2": partial(fluorite, "CeO2", 5.411, "Ce", "O"),
        "YTiO": partial(disordered_fluorite, "YTiO", 5.05, "Y", "Ti"),
        "Y2Ti2O7": partial(pyrochlore, "Y2Ti2O7", 10.09, "Y", "Ti"),
        "La2Zr2O7": partial(pyrochlore, "La2Zr2O7", 10.80, "La", "Zr", 0.332),
    },
    "diamonds": {
        "Si": partial(structure, "Si"),
        "GaP": partial(zinc_blende, "GaP", 5.451, "Ga", "P"),
        "GaAs": partial(zinc_blende, "GaAs", 5.653, "Ga", "As"),
        "ZnS": partial(zinc_blende, "ZnS", 5.41, "Zn", "S"),
        "CuGaS2": partial(chalcopyrite, "CuGaS2", 5.35, 10.48, "Cu", "Ga", "S", 0.254),
        "CuInS2": partial(chalcopyrite, "CuInS2", 5.52, 11.13, "Cu", "In", "S", 0.229),
    },
    "perovskites": {
        "SrTiO3": partial(structure, "SrTiO3"),
        "BaTiO3": partial(perovskite, "BaTiO3", 3.994, "Ba", "Ti", 4.033, 0.015),
        "Sr2FeMoO6": partial(
            double_perovskite, "Sr2FeMoO6", 7.89, "Sr", "Fe", "Mo", 0.253
        ),
        "Ba2MgWO6": partial(
            double_perovskite, "Ba2MgWO6", 8.11, "Ba", "Mg", "W", 0.263
        ),
    },
    "close packed": {
        "Al": partial(structure, "Al"),
        "Al3Li": partial(ordered_face_centred, "Al3Li", 4.02, "Li", "Al"),
        "Al3Sc": partial(ordered_face_centred, "Al3Sc", 4.10, "Sc", "Al"),
        "Al3Ti": partial(ordered_layers, "Al3Ti", 3.854, 8.584, "Ti", "Al"),
    },
    "body centred": {
        "Fe": partial(structure, "Fe"),
        "FeAl": partial(ordered_pair, "FeAl", 2.909, "Fe", "Al"),
        "Fe3Al": partial(heusler, "Fe3Al", 5.79, "Fe", "Fe", "Al"),
        "Ni2MnGa": partial(heusler, "Ni2MnGa", 5.825, "Ni", "Mn", "Ga"),
    },
    "hexagonal": {
        "Ti": partial(close_packed, "Ti", 2.951, 4.684, "Ti"),
        "Ti3Al": partial(ordered_close_packed, "Ti3Al", 5.78, 4.65, "Ti", "Al"),
        "ZnO": partial(wurtzite, "ZnO", 3.25, 5.207, "Zn", "O"),
        "GaN": partial(wurtzite, "GaN", 3.189, 5.186, "Ga", "N"),
    },
    "rutiles": {
        "MnO2": partial(rutile, "MnO2", 4.398, 2.873, "Mn", 0.302),
        "SnO2": partial(rutile, "SnO2", 4.737, 3.186, "Sn", 0.307),
    },
    "corundums": {
        "Al2O3": partial(corundum, "Al2O3", 4.758, 12.99, "Al"),
        "Fe2O3": partial(corundum, "Fe2O3", 5.035, 13.75, "Fe", 0.355, 0.306),
    },
    "single": {
        "SiO2": partial(structure, "SiO2"),
        "LGPS": partial(structure, "LGPS"),
        "NaCl": partial(rock_salt, "NaCl", 5.64, "Na", "Cl"),
    },
}

JUDGED = {
    "cathodes": {
        **{name: CANDIDATES[name] for name in ("NMC", "LCO", "spinel", "MgO")},
        "LiMnO": partial(disordered_rock_salt, "LiMnO", 4.13, "Mn", 0.6),
        "LiNiO2 disordered": partial(disordered_rock_salt, "LiNiO2", 4.09, "Ni", 0.5),
    },
    "fluorites": {
        **{name: CANDIDATES[name] for name in ("fluorite", "pyrochlore")},
        "GdTiO": partial(disordered_fluorite, "GdTiO", 5.10, "Gd", "Ti"),
        "GdO": partial(fluorite, "GdO", 5.09, "Gd", "O"),
    },
    "titania": {name: CANDIDATES[name] for name in ("rutile", "anatase")},
    "nickels": {
        "Ni": partial(face_centred, "Ni", 3.524, "Ni"),
        "Ni3Al": partial(ordered_face_centred, "Ni3Al", 3.572, "Al", "Ni"),
        "Ni3V": partial(ordered_layers, "Ni3V", 3.542, 7.212, "V", "Ni"),
    },
    "chlorides": {
        "CsCl type": CANDIDATES["CsCl type"],
        "CsRb": partial(body_centred, "CsRb", 4.12, ("Cs", 0.5), ("Rb", 0.5)),
        "LiF": CANDIDATES["LiF"],
    },
    "quartz": {"quartz": CANDIDATES["quartz"]},
}


def flatten(families):
    """List the structures of families, and the family of each.

    Parameters
    ----------
    families : dict of dict

    Returns
    -------
    makers : dict
        By name.
    family : dict
        Name of the family of each.
    """
    makers = {name: m for group in families.values() for name, m in group.items()}
    family = {name: key for key, group in families.items() for name in group}
    return makers, family
