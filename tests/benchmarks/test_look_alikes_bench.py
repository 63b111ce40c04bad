"""Families of look-alikes, their dynamical patterns, and the fit to them."""

import numpy as np
import pytest

from hyperspy_4dphase.structures import load_candidates
from tests.benchmarks import identification_fit as fit
from tests.benchmarks import look_alike_scenes
from tests.benchmarks import orientation_scenes as scenes
from tests.benchmarks.bloch_waves import BlochCrystal
from tests.benchmarks.look_alikes import FITTED, JUDGED, flatten

WAVELENGTH = scenes.GENERATOR.wavelength


@pytest.fixture(scope="module")
def crystals():
    some = {
        "diamonds": {name: FITTED["diamonds"][name] for name in ("GaAs", "CuInS2")},
        "rutiles": FITTED["rutiles"],
    }
    return look_alike_scenes.load_families(some)


@pytest.mark.parametrize("families", [FITTED, JUDGED])
def test_structures_have_all_their_atoms_once(families):
    makers, family = flatten(families)
    assert set(makers) == set(family)
    for name, make in makers.items():
        atoms = make().structure
        sites = {(str(a.element), *np.round(a.xyz % 1, 4) % 1) for a in atoms}
        assert len(sites) == len(atoms), name
        load_candidates({name: make()})


def test_none_of_the_fitted_is_judged():
    assert not set(flatten(FITTED)[0]) & set(flatten(JUDGED)[0])


def zone_axis(crystal, seed=0):
    rng = np.random.default_rng(seed)
    return look_alike_scenes.zone_orientation(rng, crystal.phase, 1.0)


def test_thin_crystals_are_kinematical(crystals):
    crystal = crystals[0]
    q = zone_axis(crystal)
    hkl, _, intensity = crystal.bloch.intensities(q, [0.2])
    table = crystal.candidate.reflections(scenes.MAX_G)
    strength = {tuple(h): i for h, i in zip(table.hkl, table.intensity, strict=True)}
    known = np.array([tuple(h) in strength for h in hkl])
    expected = np.array([strength[tuple(h)] for h in hkl[known]])
    ratio = intensity[0, known] / expected
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=0.05)


def test_electrons_are_neither_lost_nor_made(crystals):
    for thickness in (20.0, 300.0, 900.0):
        _, _, beams = crystals[1].bloch.intensities(zone_axis(crystals[1]), [thickness])
        assert beams.sum() == pytest.approx(1)
        assert (beams >= 0).all()


def test_thick_crystals_are_not_kinematical():
    (candidate,) = load_candidates(FITTED["close packed"]["Al"]())
    crystal = BlochCrystal(candidate, scenes.MAX_G, 200.0, WAVELENGTH)
    q = scenes.from_beam(np.array([0.0, 0.0, 1.0]), 0.0)
    _, _, (thin, thick) = crystal.intensities(q, [30.0, 400.0])
    assert thin[0] > 0.9
    assert thick[0] < 0.8
    both = np.corrcoef(thin[1:], thick[1:])[0, 1]
    assert both < 0.99


def test_every_list_says_whether_it_has_the_right_structure(crystals):
    cases = look_alike_scenes.gather_cases(crystals, 4, 1, tell=lambda text: None)
    rng = np.random.default_rng(0)
    for case in cases:
        lists = fit.list_candidates(case, rng)
        assert sum(one.weight for one in lists) == pytest.approx(1)
        assert sum(one.weight for one in lists if one.is_none) == pytest.approx(0.5)
        for one in lists:
            assert (case.true in one.names) != one.is_none
            assert set(one.names) <= set(case.matches)
    choice, none, constant, least = fit.fit_weights(cases)
    assert 0 <= least <= 1
    assert np.isfinite(choice).all()
    assert np.isfinite(none).all()
    assert np.isfinite(constant)
    verdicts = fit.give_verdicts(cases)
    assert {v.kind for v in verdicts} >= {"right, alone", "one look-alike"}
    assert all(not v.named_right for v in verdicts if v.is_none)
