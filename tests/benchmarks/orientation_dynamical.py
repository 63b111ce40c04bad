"""Patterns by dynamical simulation of three structures, named and oriented.

The intensities are not part of the package; see ``shared/data/dynamical``.
"""

import importlib
import sys

import numpy as np
from orix.quaternion import Rotation

from hyperspy_4dphase.estimators.orientation import (
    PatternGeometry,
    identify,
    match_structures,
    misorientation,
    place_library,
    prepare_pattern,
)
from tests.benchmarks import orientation_scenes as scenes
from tests.benchmarks.domain_scenes import SHARED
from tests.benchmarks.orientation_structures import CANDIDATES, layered, rock_salt

FOLDER = SHARED / "dynamical"
# The cells that were simulated; that of MgO is 0.8 % larger than that of NiO.
_TRUE = {
    "layered": ("LCO", lambda: layered("LCO", 2.92, 14.25, "Co", 0.2395)),
    "spinel": ("spinel", CANDIDATES["spinel"]),
    "rocksalt": ("NiO", lambda: rock_salt("NiO", 4.178, "Ni", "O")),
}
_SHAPE, _SCALE, _RADIUS = (96, 112), 0.0205, 2.2
_DOSES = (2000, 10_000, 100_000)
# Of what is lost from the reflections, the part that the background has.
_DIFFUSE = 0.8


def orientation_of(phase, hkl, q):
    """Return the orientation that puts reflections where they are.

    Parameters
    ----------
    phase : orix.crystal_map.Phase
    hkl : numpy.ndarray of int, shape (n, 3)
    q : numpy.ndarray, shape (n, 2)
        In 1/Å.

    Returns
    -------
    numpy.ndarray, shape (2, 4)
        The orientation, and the one after half a turn about the beam: the zone axis,
        after which no plane of reflections looks different.
    """
    g = hkl @ phase.structure.lattice.recbase.T
    first = np.linalg.lstsq(q, g, rcond=None)[0].T
    u, _, v = np.linalg.svd(np.c_[first, np.cross(*first.T)])
    both = np.stack([u @ v, u @ v @ np.diag([-1, -1, 1])])
    return Rotation.from_matrix(both).data


def measure(n, tell):
    """Name and orient patterns of random tilt, up to 0.8 degrees, and thickness.

    Parameters
    ----------
    n : int
        Patterns of each structure and dose.
    tell : callable

    Returns
    -------
    list of dict
        Empty where the simulations are not there.
    """
    if not FOLDER.is_dir():
        tell(f"  {FOLDER} is not there")
        return []
    if str(FOLDER) not in sys.path:
        sys.path.insert(0, str(FOLDER))
    common = importlib.import_module("common")
    detector = common.Detector(_SHAPE, _SCALE, _RADIUS)
    geometry = PatternGeometry(
        detector.centre, _SCALE, _RADIUS * _SCALE, flip=True, outer_radius=scenes.MAX_G
    )
    makers = CANDIDATES | dict(_TRUE.values())
    crystals = {name: scenes.Crystal.of(make) for name, make in makers.items()}
    empty = prepare_pattern(np.zeros(_SHAPE), geometry)
    placed = [place_library(crystal.library, empty) for crystal in crystals.values()]
    rows = []
    for file, (name, _) in _TRUE.items():
        library = common.load(file)
        discs, diffuse = detector.discs(library["q"]), detector.diffuse()
        crystal, place = crystals[name], list(crystals).index(name)
        true = orientation_of(crystal.phase, library["hkl"], library["q"])
        for dose in _DOSES:
            rng = np.random.default_rng(dose)
            results, errors = [], []
            for _ in range(n):
                *grid, _ = library["I"].shape
                strength = library["I"][tuple(rng.integers(grid))].astype(float)
                lost = np.clip(1 - strength.sum(), 0, 1)
                rate = strength @ discs + _DIFFUSE * lost * diffuse
                counts = rng.poisson(np.maximum(rate, 0) * dose).reshape(_SHAPE)
                matches = match_structures(prepare_pattern(counts, geometry), placed)
                results.append(identify([matches]))
                first = matches[place].matches.quaternions[:1]
                errors.append(misorientation(first, true, crystal.library.symmetry))
            rows.append(_summarize(file, dose, results, place, np.array(errors)))
            tell(f"  {rows[-1]}")
    return rows


def _summarize(file, dose, results, place, errors):
    nearest = errors.min(axis=1)
    return {
        "structure": file,
        "counts": dose,
        "n": len(results),
        "spots": float(np.median([r.n_spots for r in results])),
        "right": float(np.mean([r.probability.argmax() == place for r in results])),
        "in set": float(np.mean([r.in_set[place] for r in results])),
        "listed": float(np.mean([r.listed[place] for r in results])),
        "size of set": float(np.mean([r.in_set.sum() for r in results])),
        "none": float(np.mean([r.none_probability > 0.5 for r in results])),
        "within 2": float(np.mean(nearest < 2)),
        "median error": float(np.median(nearest)),
    }
