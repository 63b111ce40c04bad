"""A camera's values as counts: what is refused, left out, clipped, and kept."""

import warnings

import numpy as np
import pytest
from pyxem.signals import Diffraction2D

import hyperspy_4dphase as h4p

from .conftest import lazy, unchanged

QUIET = {"random_state": 0, "show_progressbar": False, "print_info": False}
NAVIGATION, SIGNAL = (12, 14), (18, 16)
CHUNKS = (5, 6, 18, 9)
GAIN, OFFSET = 12.0, 50.0


def electrons(seed=0):
    rng = np.random.default_rng(seed)
    rates = rng.gamma(2, 1, SIGNAL) * rng.uniform(0.8, 1.2, NAVIGATION)[..., None, None]
    return rng.poisson(rates)


def camera(counts, dtype="u2"):
    noise = np.random.default_rng(1).normal(0, 1, counts.shape)
    return Diffraction2D((GAIN * counts + OFFSET + noise).round().astype(dtype))


def both(signal):
    return [signal, lazy(signal, CHUNKS)]


def in_memory(signal):
    return np.asarray(signal.data)


def check_same(counted, counts, known):
    """Exactly, or where the gain was measured, in nearly all of them."""
    wrong = (counted != counts).mean()
    assert wrong == 0 if known else wrong < 0.03


class TestValuesThatAreNoNumbers:
    @pytest.mark.parametrize("known", [(), (GAIN, OFFSET)])
    @pytest.mark.parametrize("keep_faulty", [False, True])
    def test_whole_patterns_are_refused_and_can_be_masked(self, known, keep_faulty):
        counts = electrons()
        signal = camera(counts, "f4")
        signal.data[3, 5] = np.nan
        signal.data[7, 2] = np.nan
        mask = ~np.isfinite(signal.data).all(axis=(2, 3))
        for scan in both(signal):
            with pytest.raises(ValueError, match="NaN.*navigation_mask=~np.isfinite"):
                h4p.count_electrons(scan, *known, keep_faulty=keep_faulty, **QUIET)
            options = {"navigation_mask": mask, "keep_faulty": keep_faulty, **QUIET}
            counted = in_memory(h4p.count_electrons(scan, *known, **options))
            assert not counted[mask].any()
            check_same(counted[~mask], counts[~mask], known)

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_single_values_are_refused(self, value):
        signal = camera(electrons(), "f4")
        signal.data[3, 5, 7, 2] = value
        for scan in both(signal):
            with pytest.raises(ValueError, match=r"data\[\(3, 5, 7, 2\)\]"):
                h4p.count_electrons(scan, GAIN, OFFSET, **QUIET)

    def test_pixels_can_be_masked(self):
        counts = electrons()
        signal = camera(counts, "f4")
        signal.data[:, :, 4, 9] = np.nan
        mask = ~np.isfinite(signal.data).all(axis=(0, 1))
        counts[:, :, 4, 9] = 0
        for scan in both(signal):
            counted = h4p.count_electrons(scan, GAIN, OFFSET, signal_mask=mask, **QUIET)
            np.testing.assert_array_equal(in_memory(counted), counts)

    def test_masked_arrays(self):
        counts = electrons()
        signal = camera(counts)
        signal.data = np.ma.MaskedArray(signal.data, np.zeros(signal.data.shape, bool))
        signal.data[2, 3] = np.ma.masked
        counts[2, 3] = 0
        counted = h4p.count_electrons(signal, GAIN, OFFSET, **QUIET)
        assert not np.ma.is_masked(counted.data)
        np.testing.assert_array_equal(in_memory(counted), counts)


class TestClipping:
    def test_what_is_too_much_is_told(self):
        counts = electrons()
        counts[:, :, 8, 8:10] = 70000 + np.arange(14)[:, None]
        signal = camera(counts, "u4")
        for scan in both(signal):
            match = rf"{12 * 14 * 2} values .*clipped to 65535.*70013 electrons"
            with pytest.warns(UserWarning, match=match):
                counted = h4p.count_electrons(
                    scan, GAIN, OFFSET, keep_faulty=True, **QUIET
                )
            np.testing.assert_array_equal(in_memory(counted), np.minimum(counts, 65535))
            wide = h4p.count_electrons(
                scan, GAIN, OFFSET, keep_faulty=True, dtype="uint32", **QUIET
            )
            assert wide.data.dtype == np.uint32
            np.testing.assert_array_equal(in_memory(wide), counts)

    def test_an_offset_that_is_wrong_is_told(self):
        with pytest.warns(UserWarning, match="below the offset"):
            h4p.count_electrons(camera(electrons()), GAIN, OFFSET + 40, **QUIET)

    def test_readout_noise_is_nothing_to_warn_of(self, capsys):
        counts = electrons()
        noise = np.random.default_rng(1).normal(OFFSET, GAIN / 4, counts.shape)
        signal = Diffraction2D(GAIN * counts + noise)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            h4p.count_electrons(signal, GAIN, OFFSET, **QUIET | {"print_info": True})
        assert "below_zero=" in capsys.readouterr().out

    @pytest.mark.parametrize("dtype", ["int8", "f4", "x", None, "uint64"])
    def test_types_that_hold_no_counts(self, dtype):
        with pytest.raises(ValueError, match="dtype="):
            h4p.count_electrons(camera(electrons()), dtype=dtype, **QUIET)


class TestFaults:
    @pytest.fixture
    def faulty(self):
        """A stuck pixel, and an X-ray."""
        counts = electrons()
        signal = camera(counts, "u4")
        signal.data[:, :, 6, 11] = 2**32 - 1
        signal.data[4, 9, 12, 3] = 60000
        return counts, signal

    @pytest.mark.parametrize("known", [(), (GAIN, OFFSET)])
    def test_they_are_left_out(self, faulty, known, capsys):
        counts, signal = faulty
        for scan in both(signal):
            counted = h4p.count_electrons(scan, *known, **QUIET | {"print_info": True})
            data = in_memory(counted)
            assert (data[:, :, 6, 11] == 0).all()
            # Of its neighbours, not of an X-ray.
            assert data[4, 9, 12, 3] <= 20
            left = np.ones(data.shape, bool)
            left[:, :, 6, 11] = left[4, 9, 12, 3] = False
            check_same(data[left], counts[left], known)
            told = counted.metadata.Signal.Noise_properties.electrons_counted
            assert list(told.faulty_pixels) == [6 * 16 + 11]
            printed = capsys.readouterr().out
            for words in ("faulty_pixels=1", "single_events=1", "0 in the result"):
                assert words in printed

    def test_they_can_be_kept(self, faulty):
        _, signal = faulty
        with pytest.warns(UserWarning, match="clipped"):
            counted = h4p.count_electrons(
                signal, GAIN, OFFSET, keep_faulty=True, **QUIET
            )
        assert (counted.data[:, :, 6, 11] == 65535).all()
        assert counted.data[4, 9, 12, 3] == 4996

    def test_broken_frames_are_empty(self):
        counts = electrons()
        signal = camera(counts, "u4")
        signal.data[3, 7] = signal.data[3, 7] * 50
        counted = h4p.count_electrons(signal, GAIN, OFFSET, **QUIET)
        assert not counted.data[3, 7].any()
        counts[3, 7] = 0
        np.testing.assert_array_equal(counted.data, counts)


def test_all_that_is_known_is_kept(tmp_path):
    import hyperspy.api as hs

    signal = camera(electrons())
    signal.data[:, :, 6, 11] = 65535
    signal.metadata.General.title = "scan"
    signal.original_metadata.add_dictionary({"vendor": {"exposure": 0.5, "name": "c"}})
    before = signal.deepcopy()
    counted = h4p.count_electrons(signal, **QUIET)
    assert unchanged(signal, before)
    assert counted.original_metadata.vendor.exposure == 0.5
    assert counted.metadata.General.title == "scan"
    counted.original_metadata.vendor.exposure = 1.0
    assert signal.original_metadata.vendor.exposure == 0.5
    counted.save(tmp_path / "counted.hspy")
    again = hs.load(tmp_path / "counted.hspy")
    assert again.original_metadata.vendor.name == "c"
    told = again.metadata.Signal.Noise_properties.electrons_counted
    assert list(told.faulty_pixels) == [6 * 16 + 11]
    np.testing.assert_array_equal(again.data, counted.data)


def test_an_offset_that_no_value_shows_is_warned_of():
    """Of whole numbers with readout noise, the least is no level."""
    rng = np.random.default_rng(0)
    rates = rng.gamma(2, 30, (3, 12, 14))[rng.integers(3, size=(20, 24))]
    values = rng.poisson(rates) + rng.normal(100, 4, rates.shape)
    signal = Diffraction2D(np.rint(values).astype(np.uint16))
    quiet = {"random_state": 0, "show_progressbar": False, "print_info": False}
    with pytest.warns(UserWarning, match="all counts may be too high"):
        h4p.count_electrons(signal, **quiet)


def test_a_level_that_is_seen_is_not_warned_of():
    rng = np.random.default_rng(0)
    rates = rng.gamma(0.3, 3, (3, 12, 14))[rng.integers(3, size=(20, 24))]
    counts = rng.poisson(rates)
    signal = Diffraction2D((counts + 20).astype(np.uint16))
    quiet = {"random_state": 0, "show_progressbar": False, "print_info": False}
    np.testing.assert_array_equal(h4p.count_electrons(signal, **quiet).data, counts)
