"""Spots of one orientation on a detector, against diffsims."""

import numpy as np
import pytest
from diffsims.generators.simulation_generator import SimulationGenerator
from orix.quaternion import Rotation

from hyperspy_4dphase.data import structure
from hyperspy_4dphase.estimators.orientation import PatternGeometry, template_spots
from hyperspy_4dphase.structures import load_candidates

SHAPE = (90, 120)
GEOMETRY = PatternGeometry((44.0, 61.0), 0.02, 0.03)
WAVELENGTH = 0.025079340436272274
ROTATION = Rotation.from_euler((30, 40, 25), degrees=True)


def spots(geometry=GEOMETRY):
    (candidate,) = load_candidates(structure("TiO2"))
    table = candidate.reflections(1.6)
    return template_spots(table, ROTATION.data[0], WAVELENGTH, geometry, SHAPE)


def test_places_are_those_of_diffsims():
    generator = SimulationGenerator(accelerating_voltage=200)
    theirs = generator.calculate_diffraction2d(
        structure("TiO2"),
        rotation=ROTATION,
        reciprocal_radius=1.6,
        max_excitation_error=0.03,
        with_direct_beam=False,
    ).coordinates
    found = spots()
    assert len(found.rows) > 5
    for row, column, hkl in zip(found.rows, found.columns, found.hkl, strict=True):
        same = np.flatnonzero((np.abs(theirs.hkl - hkl) < 1e-3).all(axis=1))
        assert len(same) == 1
        x, y = theirs.data[same[0], :2]
        assert (row, column) == pytest.approx((44 - y / 0.02, 61 + x / 0.02), abs=0.01)


def test_strongest_first_and_on_the_detector():
    found = spots()
    assert (np.diff(found.weight) <= 0).all()
    assert ((found.rows > -1) & (found.rows < SHAPE[0])).all()
    assert ((found.columns > -1) & (found.columns < SHAPE[1])).all()


def test_flip_mirrors_rows():
    found, flipped = spots(), spots(GEOMETRY._replace(flip=True))
    mirrored = dict(zip(map(tuple, flipped.hkl), flipped.rows, strict=True))
    for hkl, row in zip(map(tuple, found.hkl), found.rows, strict=True):
        if hkl in mirrored:
            assert mirrored[hkl] == pytest.approx(88 - row, abs=1e-3)
