"""The plane of shifts from a sample of patterns, and its parts."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.shifts._forms import Detector, shift_forms
from hyperspy_4dphase.estimators.shifts._offsets import plane_of
from hyperspy_4dphase.estimators.shifts._pairs import neighbour_distance, pairs_at
from hyperspy_4dphase.estimators.shifts._sample import sample_plane

from .test_beam import (
    BEAM,
    CROSS,
    POSITIONS,
    SIGNAL,
    SLOPES,
    USED,
    discs,
    plane,
    scene,
)


def sampled(rate, dose, used=USED, seed=0):
    random = np.random.default_rng(seed)
    rows = np.sort(random.choice(len(rate), 300, replace=False))
    counts = random.poisson(rate[rows] * dose).astype(np.uint16)
    return sample_plane(counts[:, used], POSITIONS[rows], used, SIGNAL)


@pytest.fixture(scope="module")
def still():
    return scene()


@pytest.fixture(scope="module")
def descanned():
    return scene(plane(2 * SLOPES))


@pytest.mark.parametrize("dose", [200, 5000])
@pytest.mark.parametrize("seed", range(3))
def test_what_stands_still_has_no_plane(still, dose, seed):
    assert not sampled(still, dose, seed=seed).significant


@pytest.mark.parametrize("dose", [500, 5000])
def test_plane_is_exact(descanned, dose):
    found = sampled(descanned, dose)
    assert found.significant
    error = np.abs(found.slopes - 2 * SLOPES)
    assert (error < 3 * found.slopes_error + 0.003).all()
    assert (error * [17, 21]).max() < 0.25


@pytest.mark.parametrize("lit", [~BEAM, ~CROSS.ravel()])
def test_beam_is_not_seen(descanned, lit):
    found = sampled(descanned, 5000, USED[lit])
    assert (np.abs(found.slopes - 2 * SLOPES) < 3 * found.slopes_error + 0.01).all()


def test_dark_patterns_have_no_plane():
    found = sample_plane(
        np.zeros((9, 30)), np.indices((3, 3)).reshape(2, -1).T, np.arange(30), (5, 6)
    )
    assert not found.significant
    assert found.rms_error == np.inf


def test_forms_are_linear_in_small_shifts_and_blind_to_strength():
    rate = scene()[:1].reshape(SIGNAL)
    moved = scene(np.full((len(POSITIONS), 2), [0.1, -0.05]))[0]
    spots = [(20, 23), (20, 33), (20, 13), (30, 23), (10, 23)]
    stronger = discs(spots, [1.5, 1.6, 0.2, 0.1, 0.9])
    rows = np.stack([rate.ravel(), moved, stronger.ravel()])
    detector = Detector(rate.ravel(), USED, SIGNAL)
    forms = shift_forms(rows.astype(np.float32), detector)
    value = forms.shift.sum(axis=0)
    slope = forms.slope.sum(axis=0)[..., 0, 0]
    shift = np.linalg.solve(slope, value[:, 1, 0])
    np.testing.assert_allclose(shift, [0.1, -0.05], atol=0.01)
    np.testing.assert_allclose(value, -value.transpose(0, 2, 1))
    change = np.linalg.solve(slope, value[:, 2, 0])
    by_mass = (np.indices(SIGNAL) * (stronger - rate)).sum(axis=(1, 2))
    assert np.abs(by_mass).max() > 0.5
    assert np.abs(change).max() < 0.1 * np.abs(by_mass).max()


def test_pairs():
    positions = np.indices((4, 5)).reshape(2, -1).T.astype(float)
    assert neighbour_distance(positions) == 1
    pairs = pairs_at(positions, 2)
    assert len(pairs.first) == 2 * 5 + 4 * 3
    steps = positions[pairs.second] - positions[pairs.first]
    assert {tuple(step) for step in steps} == {(2.0, 0.0), (0.0, 2.0)}


def test_size_of_a_plane():
    slopes, error = np.array([[0.1, 0], [0, 0.2]]), np.full((2, 2), 0.01)
    found = plane_of(slopes, error, POSITIONS.astype(float))
    assert found.rms == pytest.approx(np.sqrt((plane(slopes) ** 2).sum(1).mean()))
    assert found.significant
    assert not plane_of(slopes, 20 * error, POSITIONS.astype(float)).significant
