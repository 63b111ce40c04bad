"""The plane of shifts from a sample of patterns."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.shifts._sample import fit_sample_plane

from .scenes import BEAM, CROSS, POSITIONS, SIGNAL, SLOPES, USED, plane, scene


def sampled(rate, dose, used=USED, seed=0):
    random = np.random.default_rng(seed)
    rows = np.sort(random.choice(len(rate), 300, replace=False))
    counts = random.poisson(rate[rows] * dose).astype(np.uint16)
    return fit_sample_plane(counts[:, used], POSITIONS[rows], used, SIGNAL)


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
    found = fit_sample_plane(
        np.zeros((9, 30)), np.indices((3, 3)).reshape(2, -1).T, np.arange(30), (5, 6)
    )
    assert not found.significant
    assert found.rms_error == np.inf
