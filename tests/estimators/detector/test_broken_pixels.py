"""Pixels whose values are no counts: exactly those that were planted, and no others."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.detector._broken_pixels import (
    Around,
    find_broken_pixels,
)
from hyperspy_4dphase.estimators.detector._detector import measure_detector
from hyperspy_4dphase.estimators.detector._pair_noise import pair_patterns

from ..detector_scans import KINDS, NAVIGATION, SIGNAL, as_camera, counted, read

N, M = int(np.prod(NAVIGATION)), int(np.prod(SIGNAL))


def found(data, signal=SIGNAL, used=None):
    """Flat mask, (n_pixels,)."""
    patterns = data.reshape(len(data.reshape(-1, *data.shape[-2:])), -1)
    used = np.arange(patterns.shape[1]) if used is None else used
    pairs = pair_patterns(patterns[:, used], signal, used)
    detector = measure_detector(pairs, scaled=True)
    return find_broken_pixels(pairs, detector)


def places(data, **options):
    mask = found(data, **options).reshape(data.shape[-2:])
    return [tuple(map(int, place)) for place in np.argwhere(mask)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dose", [50, 2000, 100000])
def test_clean_counts_have_none(kind, dose):
    for seed in range(3):
        assert places(counted(kind, dose, seed)) == [], seed


@pytest.mark.parametrize("navigation", [(2, 3), (3, 4), (8, 9), (1, 70)])
@pytest.mark.parametrize("signal", [(5, 7), (12, 10)])
def test_tiny_scans_have_none(navigation, signal):
    for seed, kind in enumerate(KINDS):
        data = counted(kind, seed=seed, navigation=navigation, signal=signal)
        assert not found(data, signal).any()


@pytest.mark.parametrize(("gain", "offset", "noise"), [(12, 0, 0.3), (20, 200, 1)])
def test_a_camera_has_none(gain, offset, noise):
    for seed in range(3):
        data = as_camera(counted(seed=seed), gain, offset, noise, seed)
        assert places(data) == []


def stuck(data, place, rng, value=None):
    data[..., *place] = np.iinfo(data.dtype).max if value is None else value


def flickering(data, place, rng):
    data[..., *place] = rng.integers(0, 60000, NAVIGATION)


def blinking(data, place, rng):
    data[..., *place] += (3000 * (rng.random(NAVIGATION) < 0.3)).astype(data.dtype)


def hot(data, place, rng):
    data[..., *place] += rng.poisson(300, NAVIGATION).astype(data.dtype)


KINDS_OF_FAULTS = (stuck, flickering, blinking, hot)


@pytest.mark.parametrize("fault", KINDS_OF_FAULTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", ["amorphous", "spotty", "overlapping"])
def test_one_pixel(fault, kind):
    for seed, place in enumerate([(5, 7), (0, 0), (23, 11)]):
        rng, dtype = np.random.default_rng(seed), ["u2", "u4", "f4"][seed]
        whole = "u4" if dtype == "f4" else dtype
        data = counted(kind, seed=seed).astype(whole)
        fault(data, place, rng)
        assert places(data.astype(dtype)) == [place]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("width", [1, 2, 4])
def test_hot_pixels_beside_a_gap(width, masked):
    """Beside what is dead or masked, the next pixels beyond are looked at."""
    signal = 40, 44
    dead = np.zeros(signal, bool)
    dead[18 : 18 + width] = dead[:, 21 : 21 + width] = True
    where = [(6, 20), (18 + width, 5)]
    for seed in range(3):
        data = counted("amorphous", 4000, seed, signal=signal).astype("u4")
        rng = np.random.default_rng(seed)
        hot(data, where[0], rng)
        hot(data, where[1], rng)
        data[..., dead] = 0
        used = np.flatnonzero(~dead.ravel()) if masked else np.arange(dead.size)
        mask = np.zeros(dead.size, bool)
        mask[used] = found(data, signal, used)
        mask = mask.reshape(signal)
        assert [tuple(map(int, place)) for place in np.argwhere(mask)] == where


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize("sigma", [0.3, 0.7, 1.5])
def test_a_beam_cut_by_a_gap_is_none(sigma, width, masked):
    signal = 40, 44
    dead = np.zeros(signal, bool)
    dead[18 : 18 + width] = dead[:, 21 : 21 + width] = True
    rows, columns = np.indices(signal)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        y, x = np.array([19, 22]) + rng.uniform(-1.5, 1.5, 2)
        beam = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * sigma**2))
        data = rng.poisson(np.broadcast_to(0.3 + 500 * beam, (*NAVIGATION, *signal)))
        data[..., dead] = 0
        used = np.flatnonzero(~dead.ravel()) if masked else np.arange(dead.size)
        assert not found(data, signal, used).any(), seed


def test_pairs_of_hot_pixels():
    data = counted("amorphous").astype("u4")
    where = [(4, 6), (4, 7), (15, 3), (16, 4)]
    for place in where:
        hot(data, place, np.random.default_rng(sum(place)))
    assert places(data) == where


@pytest.mark.parametrize("sigma", [0.15, 0.5])
def test_a_sharp_beam_that_moves_is_none(sigma):
    """Strong descan: it lights up one pixel after the other."""
    signal = 40, 44
    rows, columns = np.indices(signal)
    for seed in range(3):
        y, x = np.indices(NAVIGATION) / 3.0
        at = 16 + y[..., None, None] - rows, 18 + x[..., None, None] - columns
        rates = 0.3 + 400 * np.exp(-(at[0] ** 2 + at[1] ** 2) / (2 * sigma**2))
        data = np.random.default_rng(seed).poisson(rates)
        assert not found(data, signal).any(), seed


def test_sharp_spots_of_one_crystal_are_none():
    """Each on one pixel, the same in all patterns; they have mates."""
    signal = 40, 44
    for seed in range(3):
        rng, rates = np.random.default_rng(seed), np.full(signal, 0.5)
        for i in range(-3, 4):
            for j in range(-3, 4):
                own = 200 if i == j == 0 else rng.uniform(3, 30)
                rates[20 + 5 * i - j, 22 + 2 * i + 5 * j] += own
        data = rng.poisson(np.broadcast_to(rates, (*NAVIGATION, *signal)))
        assert not found(data, signal).any(), seed


def test_several_of_all_kinds():
    data = counted().astype("u2")
    rng = np.random.default_rng(0)
    where = [(3, 4), (3, 5), (8, 17), (15, 2), (20, 20), (22, 9)]
    for i, place in enumerate(where):
        KINDS_OF_FAULTS[i % 4](data, place, rng)
    assert places(data) == where


@pytest.mark.parametrize("value", [0, 40])
def test_stuck_at_any_value(value):
    """A dead pixel has no noise, and weighs nothing: it does no harm."""
    data = counted().astype("u2")
    stuck(data, (5, 7), None, value)
    assert places(data) == ([(5, 7)] if value else [])


@pytest.mark.parametrize("dtype", ["u2", "u4"])
def test_markers_of_a_pixel_and_a_row(dtype):
    data = counted().astype(dtype)
    data[:, :, 5, 7] = data[:, :, 10] = np.iinfo(dtype).max
    assert places(data) == [(5, 7)] + [(10, x) for x in range(SIGNAL[1])]


def test_a_cross_between_modules():
    data = counted(signal=(40, 44)).astype("u4")
    data[..., 20, :] = data[..., :, 21] = 2**32 - 1
    mask = found(data, (40, 44)).reshape(40, 44)
    expected = np.zeros((40, 44), bool)
    expected[20] = expected[:, 21] = True
    np.testing.assert_array_equal(mask, expected)


def metadata(n_rows, signal, rng, shape=NAVIGATION):
    """Values as in headers: constants, counters, and bytes that change."""
    values = np.zeros((*shape, n_rows, signal[1]), int)
    n = np.arange(np.prod(shape)).reshape(shape)
    values[..., ::3] = rng.integers(1, 65535, (n_rows, len(range(signal[1])[::3])))
    values[..., 1::3] = n[..., None, None]
    values[..., 2::3] = rng.integers(0, 65535, values[..., 2::3].shape)
    return values


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("signal", [(24, 22), (48, 44)])
@pytest.mark.parametrize("n_rows", [1, 2])
def test_rows_of_metadata(n_rows, signal, last):
    data = counted(signal=signal)
    rows = slice(-n_rows, None) if last else slice(0, n_rows)
    data[..., rows, :] = metadata(n_rows, signal, np.random.default_rng(0))
    expected = np.zeros(signal, bool)
    expected[rows] = True
    np.testing.assert_array_equal(found(data, signal).reshape(signal), expected)


@pytest.mark.parametrize("n_rows", [1, 2])
def test_rows_in_which_all_values_change(n_rows):
    """As random as bytes of a header that tell time and place."""
    data = counted(signal=(48, 44))
    rng = np.random.default_rng(0)
    data[..., :n_rows, :] = rng.integers(0, 65535, (*NAVIGATION, n_rows, 44))
    expected = np.zeros((48, 44), bool)
    expected[:n_rows] = True
    np.testing.assert_array_equal(found(data, (48, 44)).reshape(48, 44), expected)


def test_columns_of_metadata():
    data = np.swapaxes(counted(signal=(22, 24)), 2, 3).copy()
    values = metadata(1, (22, 24), np.random.default_rng(0))
    data[..., :, 0] = values[..., 0, :]
    expected = np.zeros(SIGNAL, bool)
    expected[:, 0] = True
    np.testing.assert_array_equal(found(data).reshape(SIGNAL), expected)


def test_beside_pixels_that_are_not_used():
    kept = np.ones(SIGNAL, bool)
    kept[:4], kept[9, 3:8] = False, False
    used = np.flatnonzero(kept)
    data = counted().astype("u2")
    flickering(data, (4, 7), np.random.default_rng(0))
    stuck(data, (9, 8), None)
    mask = np.zeros(M, bool)
    mask[used] = found(data, used=used)
    assert [tuple(p) for p in np.argwhere(mask.reshape(SIGNAL))] == [(4, 7), (9, 8)]


@pytest.mark.parametrize("most", [100, 400])
def test_a_saturated_beam_is_none(most):
    """Its pixels are stuck as a whole, but it is the beam."""
    data = np.minimum(counted(dose=20000), most)
    assert (data == most).all((0, 1)).sum() > 4
    assert places(data) == []


def test_a_beam_stop_is_none():
    data = counted()
    data[..., 10:14, :12] = 0
    assert places(data) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_bright_sharp_spot_of_a_domain_is_none(seed):
    """One pixel, in every pattern of one domain, with a Friedel mate."""
    data = counted("amorphous", seed=seed)
    rng = np.random.default_rng(seed)
    for place in ((4, 9), (20, 13), (8, 2), (16, 20)):
        data[:, 7:16, *place] += rng.poisson(60, (20, 9))
    assert places(data) == []


def test_images_only():
    data = counted().reshape(N, M).astype("u2")
    data[:, 7] = 60000
    pairs = pair_patterns(data, (M,), np.arange(M))
    detector = measure_detector(pairs, scaled=True)
    assert not find_broken_pixels(pairs, detector).any()


class TestAround:
    used = np.flatnonzero(np.arange(30) % 7 != 3)
    around = Around(pair_patterns(np.ones((9, used.size)), (5, 6), used), None)

    def test_low(self):
        values = np.full(self.used.size, 5.0)
        values[4] = 900
        np.testing.assert_array_equal(self.around.low(values), 5)


@pytest.mark.parametrize("seed", range(4))
def test_patterns_without_noise_have_none(seed):
    """Rounded, some of their pixels are the same in all patterns."""
    rng = np.random.default_rng(seed)
    H, W = rng.gamma(0.3, 40, (3, 99)) + 1, rng.dirichlet(np.full(3, 0.3), 70)
    data = np.rint(W @ H).astype(np.uint16).reshape(7, 10, 9, 11)
    assert read(data).faulty_pixels is None
