"""Values that stand on a comb: the exact unit, in any type, whatever else is there."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.detector._comb import find_comb

from ..detector_scans import counted


def electrons(dose=2000, seed=0, kind="spotty"):
    return counted(kind, dose, seed, navigation=(7, 9), signal=(12, 13)).reshape(63, -1)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i8", "f4", "f8", ">u2", ">f4"])
@pytest.mark.parametrize("dose", [20, 2000])
def test_whole_numbers_of_any_type(dtype, dose):
    counts = np.minimum(electrons(dose), 255)
    comb = find_comb(counts.astype(dtype))
    assert (comb.unit, comb.phase, comb.least) == (1, 0, counts.min())
    assert comb.share_of_least == pytest.approx((counts == counts.min()).mean(), 0.01)


@pytest.mark.parametrize("gain", [2, 30, 300])
@pytest.mark.parametrize("offset", [0, 7, 100, 1000])
@pytest.mark.parametrize("dtype", ["u4", "f4"])
def test_multiples_of_whole_numbers(gain, offset, dtype):
    counts = electrons()
    comb = find_comb((counts * gain + offset).astype(dtype))
    assert comb.unit == gain
    assert comb.phase == offset % gain
    assert comb.least == counts.min() * gain + offset


@pytest.mark.parametrize("gain", [1e-6, 0.0123, 0.37, 12.345, 1 / 3, 311.7])
@pytest.mark.parametrize("dose", [100, 2000, 50000])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_floats_times_a_gain(gain, dose, dtype):
    for seed in range(3):
        comb = find_comb((electrons(dose, seed) * gain).astype(dtype))
        assert comb.unit == pytest.approx(gain, rel=1e-5)
        assert comb.phase == 0


def test_a_phase_of_floats():
    comb = find_comb((electrons() * 0.37 + 0.1).astype("f4"))
    assert comb.unit == pytest.approx(0.37, rel=1e-5)
    assert comb.phase == pytest.approx(0.1, rel=1e-3)


def test_negative_values():
    comb = find_comb((electrons() * 3 - 40).astype("i4"))
    assert (comb.unit, comb.phase) == (3, (-40) % 3)
    assert comb.least < 0


@pytest.mark.parametrize("gain", [1, 30, 0.0123])
@pytest.mark.parametrize("value", [65535, 2**32 - 1, 12345.678])
def test_single_high_values_do_not_count(gain, value):
    data = electrons() * float(gain)
    data.flat[:: data.size // 5] = value
    assert find_comb(data).unit == pytest.approx(gain, rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("gain", [0.01, 1, 30])
def test_values_in_between_are_no_comb(gain, seed):
    rng = np.random.default_rng(seed)
    data = electrons(seed=seed) * gain
    noisy = data + rng.normal(0, 0.2 * gain, data.shape)
    assert find_comb(noisy.astype("f4")) is None
    assert find_comb(rng.random(data.shape).astype("f4") * gain) is None
    # Averages of four patterns stand on a comb that is four times as narrow.
    means = (data[::4][:15] + data[1::4][:15] + data[2::4][:15] + data[3::4][:15]) / 4
    assert find_comb(means.astype("f4")).unit == pytest.approx(gain / 4, rel=1e-4)


def test_rounded_values_have_the_unit_of_rounding():
    noise = np.random.default_rng(0).normal(0, 10, (63, 156))
    assert find_comb(np.rint(electrons() * 20 + 200 + noise).astype("u2")).unit == 1


@pytest.mark.parametrize("value", [0, 7, 0.3])
def test_a_single_level_is_none(value):
    assert find_comb(np.full((9, 11), value)) is None
