"""What a pixel reads without an electron, from dark pixels of scans without a comb."""

from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_4dphase.estimators.detector._dark_level import find_dark_level

from ..detector_scans import as_camera, counted, pairs_of

GAINS = (0.01, 1, 12, 300)


def camera(gain, offset, noise, dose=2000, seed=0, dtype="f4"):
    """Values in float, so that a small gain keeps its fractions; noise in gains."""
    electrons = counted(dose=dose, seed=seed) + 0.0
    rng = np.random.default_rng(seed)
    data = electrons * gain + offset + rng.normal(0, noise * gain, electrons.shape)
    return data.astype(dtype)


def found(data, gain):
    """In gains, with the gain known."""
    pairs = pairs_of(data)
    offset, variance, apart = find_dark_level(pairs, SimpleNamespace(gain=gain))
    return offset, np.sqrt(variance) / gain, apart


@pytest.mark.parametrize("gain", [0.01, 12])
@pytest.mark.parametrize("offset", [0, 100])
@pytest.mark.parametrize("noise", [0.1, 0.25, 0.4, 0.5, 1, 3])
def test_offset_and_readout_noise(gain, offset, noise):
    """Of all pixels together, a tenth of an electron in each is a lot."""
    for dose, seed in ((200, 0), (2000, 1)):
        offset_found, noise_found, _ = found(
            camera(gain, offset, noise, dose, seed), gain
        )
        assert abs(offset_found - offset) < 0.07 * gain * max(1, noise**2)
        assert noise_found == pytest.approx(noise, rel=0.1, abs=0.05)


@pytest.mark.parametrize("noise", [0, 0.1, 0.25])
@pytest.mark.parametrize("gain", GAINS)
def test_electrons_stand_apart(gain, noise):
    for seed in range(2):
        assert found(camera(gain, 20, max(noise, 0.03), seed=seed), gain)[2]


@pytest.mark.parametrize("noise", [0.6, 1, 2])
@pytest.mark.parametrize("gain", GAINS)
def test_electrons_overlap(gain, noise):
    for seed in range(2):
        assert not found(camera(gain, 20, noise, seed=seed), gain)[2]


@pytest.mark.parametrize("dose", [200, 2000])
def test_clipped_at_zero(dose):
    """Half of the zero peak is gone: its middle is still near 0."""
    for seed in range(2):
        electrons = counted(dose=dose, seed=seed)
        data = np.clip(as_camera(electrons, 12, 0, 1 / 3, seed), 0, None)
        offset, noise, apart = found(data.astype("u2"), 12)
        assert 0 <= offset < 3
        assert 0.1 < noise < 0.4
        assert apart


def test_without_dark_pixels_variance_is_right_all_the_same():
    """Offset and readout noise are then not told apart, but their sum is."""
    for seed in range(3):
        electrons = counted("amorphous", 20000, seed)
        rng = np.random.default_rng(seed)
        data = electrons * 7 + 300 + rng.normal(0, 10, electrons.shape)
        offset, noise, _ = found(data.astype("f4"), 7)
        mean = data.mean((0, 1))
        variance = (7 * noise) ** 2 + 7 * (mean - offset)
        true = 100 + 7 * (mean - 300)
        np.testing.assert_allclose(variance, true, rtol=0.1)
