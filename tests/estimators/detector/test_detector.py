"""Gain, offset and readout noise, as planted, over doses, gains and offsets."""

from functools import lru_cache

import numpy as np
import pytest

from hyperspy_4dphase.estimators.detector._detector import Detector, measure_detector

from ..detector_scans import KINDS, counted, pairs_of

COMBINATIONS = [
    (0.01, 0),
    (0.01, 10),
    (0.37, 100),
    (1, 0),
    (1, 1000),
    (12, 200),
    (300, 0),
    (300, 1000),
]
DOSES = (500, 2000)


@lru_cache
def electrons(kind, dose, seed):
    return counted(kind, dose, seed)


@lru_cache
def normal(seed):
    shape = electrons("spotty", 500, 0).shape
    return np.random.default_rng(seed).normal(size=shape)


def camera(gain, offset, noise, dose, seed, kind="spotty"):
    """Values that are not rounded; readout noise in gains."""
    data = electrons(kind, dose, seed) * float(gain) + offset
    return data + noise * gain * normal(seed) if noise else data


def measured(data, *, scaled=False):
    return measure_detector(pairs_of(data), scaled=scaled)


def variance(detector, mean):
    """Of values with these means."""
    dark = 0 if detector.kind == "counts" else detector.readout_noise**2
    return dark + detector.gain * (mean - detector.offset)


@pytest.mark.parametrize(("gain", "offset"), COMBINATIONS)
@pytest.mark.parametrize("noise", [0.15, 0.5, 3])
def test_camera(gain, offset, noise):
    """In gains: the gain within 10 %, the offset and readout noise within 0.3."""
    for seed, dose in enumerate(DOSES):
        found = measured(camera(gain, offset, noise, dose, seed).astype("f4"))
        assert found.kind == "gain"
        assert found.gain == pytest.approx(gain, rel=0.1)
        assert abs(found.offset - offset) < 0.3 * gain * max(noise, 1)
        assert found.readout_noise == pytest.approx(
            noise * gain, rel=0.1, abs=0.15 * gain
        )
        assert found.dark_variance == pytest.approx(
            (found.readout_noise / found.gain) ** 2
        )
        assert found.misfit < 0.1
        assert found.scales_with_mean


@pytest.mark.parametrize("dose", [500, 2000, 20000])
@pytest.mark.parametrize("noise", [0.15, 1, 3])
@pytest.mark.parametrize("kind", ["spotty", "bent"])
def test_variance_is_right(dose, noise, kind):
    """Also where no pixel is dark, and offset and noise are not told apart."""
    for seed, gain in enumerate((0.37, 12)):
        data = camera(gain, 100, noise, dose, seed, kind)
        found = measured(data.astype("f4"))
        mean = data.mean((0, 1))
        true = (noise * gain) ** 2 + gain * (mean - 100)
        np.testing.assert_allclose(variance(found, mean), true, rtol=0.12)


@pytest.mark.parametrize("noise", [0.3, 1, 3])
def test_rounded_to_whole_numbers(noise):
    for seed in range(2):
        data = np.rint(camera(20, 200, noise, 2000, seed)).astype("u2")
        found = measured(data)
        assert found.kind == "gain"
        assert found.gain == pytest.approx(20, rel=0.1)
        assert found.offset == pytest.approx(200, abs=6 * max(noise, 1))


@pytest.mark.parametrize("gain", [0.0123, 1, 300])
@pytest.mark.parametrize("dose", [50, 50000])
@pytest.mark.parametrize("kind", KINDS)
def test_counts_times_a_gain(gain, dose, kind):
    pairs = pairs_of(camera(gain, 0, 0, dose, 0, kind).astype("f4"))
    for scaled in (True, False):
        found = measure_detector(pairs, scaled=scaled)
        assert found.kind == "counts"
        assert found.gain == pytest.approx(gain, rel=1e-5)
        assert found.offset == 0
        assert found.readout_noise == 0
        assert found.dark_variance == 0


@pytest.mark.parametrize("gain", [0.01, 1, 30, 300])
@pytest.mark.parametrize("offset", [1, 3, 100, 1000])
def test_counts_above_an_offset(gain, offset):
    """In electrons."""
    for seed, dose in enumerate(DOSES):
        found = measured(camera(gain, offset * gain, 0, dose, seed).astype("f8"))
        assert found.kind == "counts"
        assert found.gain == pytest.approx(gain, rel=1e-4)
        assert found.offset == pytest.approx(offset * gain, rel=1e-4)


@pytest.mark.parametrize("offset", [100, 1000, 1007])
def test_counts_times_a_gain_above_any_offset(offset):
    """Which is no multiple of the gain."""
    for seed, dose in enumerate(DOSES):
        found = measured(camera(300, offset, 0, dose, seed).astype("u4"))
        assert (found.kind, found.gain, found.offset) == ("counts", 300, offset)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dose", [200000])
def test_bright_counts_have_no_offset(kind, dose):
    """Where the lowest count is far above zero."""
    for gain in (0.01, 1, 300):
        found = measured(camera(gain, 0, 0, dose, 1, kind))
        assert (found.kind, found.offset) == ("counts", 0)


@pytest.mark.parametrize("factor", [0.01, 1, 300])
def test_a_background_of_each_pixel_was_subtracted(factor):
    background = np.random.default_rng(3).uniform(0, 9, (24, 22))
    for dose in DOSES:
        data = factor * (electrons("spotty", dose, 0) - background)
        found = measured(data.astype("f4"))
        assert found.kind == "pixels"
        true = factor**2 * electrons("spotty", dose, 0).mean((0, 1)).ravel()
        assert np.median(found.pixel_variance / true) == pytest.approx(1, abs=0.1)
        assert (found.pixel_variance > 0).all()


@pytest.mark.parametrize("scale", [0.01, 1, 300])
def test_the_same_noise_everywhere(scale):
    for seed in range(2):
        clean = 100 * electrons("spotty", 2000, 0).mean(axis=0, keepdims=True)
        data = scale * (clean + 5 * np.broadcast_to(normal(seed), (20, 25, 24, 22)))
        found = measured(data.astype("f4"))
        assert found.kind == "uniform"
        assert not found.scales_with_mean


def test_embeddings_and_other_features_are_uniform():
    """Structure without noise."""
    maps = np.random.default_rng(0).dirichlet(np.ones(3), (20, 25))
    images = np.random.default_rng(1).random((3, 24, 22))
    assert measured(np.tensordot(maps, images, 1)).kind == "uniform"


def test_of_too_little_values_tell():
    few = electrons("spotty", 2000, 0)[:1, :9]
    assert measured(few * 30).kind == "counts"
    assert measured(few * 30).gain == 30
    assert np.isnan(measured(few * 30).measured_gain)
    noisy = few + np.random.default_rng(0).random(few.shape)
    assert measured(noisy).kind == "uniform"


def test_order_of_frames_does_not_matter():
    data = camera(12, 100, 0.5, 2000, 0).reshape(500, 24, 22)
    one = measured(data)
    other = measured(np.random.default_rng(0).permutation(data))
    assert other.gain == pytest.approx(one.gain, rel=0.02)
    assert other.offset == pytest.approx(one.offset, abs=1)


def test_what_is_not_asked_for_is_nothing():
    plain = Detector("uniform")
    assert (plain.gain, plain.offset, plain.dark_variance) == (1, 0, 0)
    assert not plain.scales_with_mean
    assert Detector("gain", gain=20, readout_noise=10).dark_variance == 0.25
