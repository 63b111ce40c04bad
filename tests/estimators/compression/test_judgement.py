"""What is told of a detector: no false alarm, faults where they are, kinds of noise."""

import numpy as np
import pytest

from ..detector_scans import (
    KINDS,
    NAVIGATION,
    SIGNAL,
    counted,
    places,
    read,
    spoilt,
)

N, M = int(np.prod(NAVIGATION)), int(np.prod(SIGNAL))
TINY = [((2, 3), (7, 9)), ((3, 4), (24, 22)), ((1, 30), (12, 10)), ((5, 8), (7, 6))]


class TestCleanCounts:
    def check(self, data, gain=1):
        first = read(data)
        assert first.faulty_pixels is first.faulty_patterns is first.replaced is None
        assert first.detector.kind == "counts"
        assert first.detector.gain == pytest.approx(gain, rel=1e-5)
        assert first.detector.offset == 0
        assert np.isnan(first.neighbours) or first.neighbours > 0.85
        # Nothing has to be read again.
        assert first.blocks.n_reads == 1 or gain != 1

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("dose", [20, 2000, 50000])
    def test_no_false_alarm(self, kind, dose):
        for seed in range(2):
            self.check(counted(kind, dose, seed))

    @pytest.mark.parametrize("shapes", TINY, ids=str)
    @pytest.mark.parametrize("dose", [50, 2000])
    def test_of_tiny_scans(self, shapes, dose):
        navigation, signal = shapes
        for kind in KINDS:
            self.check(counted(kind, dose, navigation=navigation, signal=signal))

    @pytest.mark.parametrize("gain", [0.0123, 30, 300])
    def test_times_a_gain(self, gain):
        for kind in ("spotty", "overlapping"):
            self.check((counted(kind) * gain).astype("f4"), gain)


@pytest.mark.parametrize("dtype", ["u2", "u4"])
def test_faults_are_found_where_they_are(dtype):
    for seed in range(2):
        data, pixels, _, zingers = spoilt(dtype, seed)
        before = data.copy()
        first = read(data)
        np.testing.assert_array_equal(first.faulty_pixels, pixels)
        assert first.faulty_patterns is None
        assert places(first) == sorted(zingers)
        assert first.detector.kind == "counts"
        assert (first.detector.gain, first.detector.offset) == (1, 0)
        assert first.blocks.shape == (N, M - pixels.sum())
        np.testing.assert_array_equal(data, before)


def test_faults_are_kept_if_asked():
    data, *_ = spoilt()
    first = read(data, keep_faulty=True)
    assert first.faulty_pixels is first.faulty_patterns is first.replaced is None
    assert first.blocks.shape == (N, M)


def test_told_that_these_are_counts():
    """Where noise is too much in doubt to be measured."""
    few = counted(navigation=(2, 3)) * 0.37 + np.random.default_rng(0).random(SIGNAL)
    assert read(few).detector.kind == "uniform"
    data = counted() * 1.0 - np.random.default_rng(0).uniform(0, 9, SIGNAL)
    assert read(data).detector.kind == "pixels"
    # The data say that they are none.
    assert read(data, noise="counts").detector.kind == "gain"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("offset", "readout_noise"), [(100, 1), (100, 2)])
def test_whole_numbers_of_a_camera_that_counts_by_one(kind, offset, readout_noise):
    """The least value is no level: readout noise falls below it."""
    counts = counted(kind)
    rng = np.random.default_rng(0)
    values = counts + offset + rng.normal(0, readout_noise, counts.shape)
    data = np.rint(values).astype(np.uint16)
    found = read(data).detector
    assert found.kind == "gain"
    assert found.gain == pytest.approx(1, abs=0.12)
    assert found.offset == pytest.approx(offset, abs=1)
    assert found.readout_noise == pytest.approx(readout_noise, rel=0.15)
    whole = read((counts + offset).astype(np.uint16)).detector
    assert (whole.kind, whole.offset) == ("counts", offset)


@pytest.mark.parametrize("seed", range(3))
def test_bright_counts_without_a_dark_pixel_have_no_offset(seed):
    rng = np.random.default_rng(seed)
    rates = rng.uniform(20, 60, (3, 9 * 8))[rng.integers(3, size=1200)]
    data = rng.poisson(rates).reshape(30, 40, 9, 8).astype(np.uint16)
    found = read(data).detector
    assert (found.kind, found.gain, found.offset) == ("counts", 1, 0)


@pytest.mark.parametrize("n_others", [1, 5])
@pytest.mark.parametrize("blank", [False, True])
def test_copies_of_one_pattern_say_nothing_of_noise(n_others, blank):
    """A detector that hung, or was off, for nearly the whole scan."""
    data = counted(navigation=(12, 12))
    others = data[0, :n_others].copy()
    data[:] = 0 if blank else data[-1, -1]
    data[0, :n_others] = others
    detector = read(data).detector
    assert (detector.kind, detector.gain, detector.offset) == ("counts", 1, 0)
