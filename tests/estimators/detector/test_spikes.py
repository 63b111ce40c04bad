"""Single values and frames that nothing around them explains."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.detector._spikes import (
    SpikeFinder,
    Spikes,
    find_broken_frames,
    find_single_events,
)

from ..detector_scans import KINDS, NAVIGATION, SIGNAL, counted

N, M = int(np.prod(NAVIGATION)), int(np.prod(SIGNAL))


def patterns(kind="spotty", dose=2000, seed=0):
    return counted(kind, dose, seed).reshape(N, M)


def looked(data, size=N, used=None, signal=SIGNAL):
    """What is found, looking at so many patterns at a time."""
    finder = SpikeFinder(signal, np.arange(data.shape[1]) if used is None else used)
    rows = np.arange(len(data))
    parts = [finder(data[s : s + size], rows[s : s + size]) for s in rows[::size]]
    return Spikes.concatenate(parts)


def found(data, gain=1.0, offset=0.0, **options):
    """Rows, pixels and what is taken instead."""
    spikes = looked(data, **options)
    inside, instead = find_single_events(spikes, gain, offset)
    return spikes.rows[inside], spikes.pixels[inside], instead[inside]


def planted(data, n=30, seed=0, least=300, most=65535, gain=1.0, offset=0.0):
    """The data with zingers at places that come back sorted."""
    rng = np.random.default_rng(seed)
    places = np.sort(rng.choice(data.size, n, replace=False))
    data = data.copy()
    data.flat[places] = rng.integers(least, most, n) * gain + offset
    return data, places


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dose", [100, 2000, 50000])
def test_clean_counts_have_none(kind, dose):
    for seed in range(3):
        assert not found(patterns(kind, dose, seed))[0].size


@pytest.mark.parametrize("dtype", ["u2", "u4", "f4", "f8", ">u2"])
@pytest.mark.parametrize("kind", ["amorphous", "spotty", "bent"])
def test_zingers(kind, dtype):
    """Exactly, and what is taken instead is what is around."""
    for seed in range(2):
        clean = patterns(kind, seed=seed)
        data, places = planted(clean.astype(dtype), seed=seed, least=2000)
        rows, pixels, instead = found(data)
        order = np.argsort(rows * M + pixels)
        np.testing.assert_array_equal((rows * M + pixels)[order], places)
        # As the patterns before and after, or as pixels beside.
        assert (instead <= clean.max()).all()
        assert abs(instead.mean() - clean.flat[places].mean()) < 5


@pytest.mark.parametrize("size", [1, 7, 100])
def test_any_blocks(size):
    data, places = planted(patterns(), least=2000)
    rows, pixels, _ = found(data, size=size)
    np.testing.assert_array_equal(np.sort(rows * M + pixels), places)


@pytest.mark.parametrize("gain", [0.0123, 1, 12, 300])
@pytest.mark.parametrize("offset", [0, 100, 1000])
def test_in_units_of_the_data(gain, offset):
    """The same electrons, times a gain and above an offset, are the same events."""
    clean = patterns() * gain + offset
    data, places = planted(clean, 30, 0, 2000, 6000, gain, offset)
    rows, pixels, instead = found(data, gain, offset)
    np.testing.assert_array_equal(np.sort(rows * M + pixels), places)
    assert (instead >= offset).all()
    assert (instead <= clean.max()).all()


def test_of_the_size_of_counts_nothing_is_one():
    """A value that counts may have stays."""
    data, _ = planted(patterns(), least=5, most=20)
    assert not found(data)[0].size


def test_beside_pixels_that_are_not_used():
    kept = np.ones(SIGNAL, bool)
    kept[:3], kept[10, 4:9] = False, False
    used = np.flatnonzero(kept)
    data = patterns()[:, used]
    data[5, 0] = data[17, np.flatnonzero(used == 9 * 22 + 5)[0]] = 9000
    rows, pixels, _ = found(data, used=used)
    np.testing.assert_array_equal(rows, [5, 17])
    np.testing.assert_array_equal(used[pixels], [3 * 22, 9 * 22 + 5])


def test_of_curves():
    data = patterns()[:, 100:170]
    data[3, 20] = 7000
    rows, pixels, instead = found(data, signal=(70,))
    np.testing.assert_array_equal([rows, pixels], [[3], [20]])
    assert instead[0] <= data[:, 20][[2, 4]].max()


def test_instead_is_what_was_counted_before():
    """Not a mean, which is no count and has less noise than others."""
    data = patterns()
    data[3, 60] = 9000
    assert found(data)[2][0] == data[2, 60]
    assert found(data[3:])[2][0] == data[4, 60]
    around = data[3].reshape(SIGNAL)[1:4, 15:18].ravel()[[0, 1, 2, 3, 5, 6, 7, 8]]
    only = found(data[3:4])[2][0]
    assert only == pytest.approx(np.sort(around)[:-1].mean())


def test_a_phase_that_begins_is_no_event():
    """A spot of many pixels, in one pattern only; and a sharp one that stays."""
    data = patterns().reshape(N, *SIGNAL)
    y, x = np.indices(SIGNAL)
    spot = 3000 * np.exp(-((y - 5) ** 2 + (x - 15) ** 2) / 2)
    rng = np.random.default_rng(0)
    data[100] += rng.poisson(spot)
    data[200:240, 18, 4] += rng.poisson(3000, 40)
    assert not found(data.reshape(N, M))[0].size


def test_a_pattern_with_many_shows_something():
    data = patterns()
    pixels = np.random.default_rng(0).choice(M, 20, replace=False)
    data[50, pixels] = 5000
    data[60, 9] = 5000
    rows, _, _ = found(data)
    np.testing.assert_array_equal(rows, [60])


def test_nothing_is_changed():
    data, _ = planted(patterns())
    before = data.copy()
    found(data)
    np.testing.assert_array_equal(data, before)


class TestBrokenFrames:
    def broken(self, data):
        spikes = looked(data)
        return find_broken_frames(data.sum(axis=1, dtype=float), spikes)

    @pytest.mark.parametrize("dtype", ["u2", "u4"])
    def test_saturated(self, dtype):
        data = patterns().astype(dtype)
        data[[0, 77, 300, N - 1]] = np.iinfo(dtype).max
        np.testing.assert_array_equal(
            np.flatnonzero(self.broken(data)), [0, 77, 300, N - 1]
        )

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("dose", [50, 2000])
    def test_clean(self, kind, dose):
        assert not self.broken(patterns(kind, dose)).any()

    def test_single_events_break_no_frame(self):
        data, _ = planted(patterns().astype("u4"), 20, least=100000, most=2**31)
        assert not self.broken(data).any()

    def test_bright_grains_are_none(self):
        """Bright patterns next to each other are part of the scan."""
        data = patterns()
        data[100:104] *= 60
        assert not self.broken(data).any()

    def test_mostly_vacuum(self):
        data = np.zeros((N, M), int)
        data[200] = 90000
        assert not self.broken(data).any()
        assert not self.broken(patterns()[:40] * (np.arange(40) == 7)[:, None]).any()
