"""A plane of shifts taken out while reading, and electrons counted."""

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
from pyxem.signals import Diffraction1D, Diffraction2D
from sklearn.metrics import adjusted_rand_score

import hyperspy_4dphase as h4p

SHAPE, SIGNAL = (26, 30), (40, 36)
QUIET = {"random_state": 0, "show_progressbar": False}


def spots(y, x, shift=(0.0, 0.0)):
    """A beam and two discs beside it, in counts."""
    rows, columns = np.indices(SIGNAL)
    image = np.full(SIGNAL, 0.05)
    for strength, down, right in ((60, 0, 0), (20, y, x), (20, -y, -x)):
        place = 19.5 + down + shift[0], 17.5 + right + shift[1]
        image += strength * np.exp(
            -((rows - place[0]) ** 2 + (columns - place[1]) ** 2) / 6
        )
    return image


def scan(slopes):
    """Two domains; the shift is a plane over the scan."""
    rng = np.random.default_rng(0)
    data = np.empty(SHAPE + SIGNAL, np.uint16)
    for i, j in np.ndindex(SHAPE):
        at = np.array([i - SHAPE[0] / 2, j - SHAPE[1] / 2])
        vectors = (9, 3) if j < 14 else (-4, 9)
        data[i, j] = rng.poisson(spots(*vectors, slopes @ at))
    return data


@pytest.fixture(scope="module")
def moving():
    return scan(np.array([[0.1, 0.02], [-0.03, 0.09]]))


def test_the_plane_is_found_and_taken_out(moving):
    signal = Diffraction2D(moving)
    plain = h4p.compress(signal, descan=None, **QUIET)
    still = h4p.compress(signal, descan="fit", **QUIET)
    told = still.patterns.descan
    assert told["taken_out"]
    np.testing.assert_allclose(told["slopes"], [[0.1, 0.02], [-0.03, 0.09]], atol=0.01)
    assert still.n_significant < plain.n_significant
    assert still.n_significant <= 4
    assert still.noise_variance == pytest.approx(1, abs=0.05)
    # Only the edge is lost.
    lost = still.incomplete_pixels.reshape(SIGNAL)
    assert 0 < lost.sum() < 0.4 * np.prod(SIGNAL)
    assert not lost[8:-8, 8:-8].any()
    np.testing.assert_array_equal(still.excluded_pixels, still.incomplete_pixels)
    assert still.faulty_pixels is None


def test_a_plain_one_is_taken_out_unasked(moving, capsys):
    signal = Diffraction2D(moving)
    still = h4p.compress(signal, **QUIET)
    assert "taken out" in capsys.readouterr().out
    asked = h4p.compress(signal, descan="fit", **QUIET)
    np.testing.assert_allclose(
        still.patterns.descan["slopes"], asked.patterns.descan["slopes"], atol=1e-3
    )
    assert still.n_significant == asked.n_significant
    expected = np.indices(SHAPE)[1] >= 14
    domains = signal.cluster_hierarchical(print_info=False, **QUIET)
    assert domains.n_domains == 2
    assert adjusted_rand_score(expected.ravel(), domains.labels.ravel()) > 0.99
    signal.decomposition_rnmf(**QUIET)
    assert capsys.readouterr().out.count("  descan=1") == 2
    assert signal.learning_results.output_dimension == 2
    np.testing.assert_array_equal(signal.data, moving)


def test_a_faint_one_is_left(capsys):
    """Less than 0.1 pixels (rms): that is taken out only if asked for."""
    signal = Diffraction2D(scan(np.array([[0.005, 0.0], [0.0, 0.005]])))
    assert h4p.compress(signal, **QUIET).patterns.descan is None
    assert "descan" not in capsys.readouterr().out
    asked = h4p.compress(signal, descan="fit", **QUIET).patterns.descan
    assert asked["taken_out"]
    assert asked["rms"] < 0.1


def test_other_scans_are_refused_still(moving):
    """Though patterns were moved, they are known again as they were recorded."""
    signal, other = Diffraction2D(moving), Diffraction2D(moving[::-1].copy())
    compression = h4p.compress(signal, **QUIET)
    assert compression.patterns.descan["taken_out"]
    compression.check_scan(signal)
    with pytest.raises(ValueError, match="patterns have other values"):
        other.cluster_hierarchical(compression=compression, **QUIET)
    domains = signal.cluster_hierarchical(compression=compression, **QUIET)
    domains.mean_patterns(signal)
    with pytest.warns(UserWarning, match="other values"):
        domains.mean_patterns(other)


def test_it_is_told_if_it_is_not_taken_out(moving, capsys):
    found = h4p.compress(Diffraction2D(moving), descan=None, **QUIET)
    told = found.patterns.descan
    assert told["found"]
    assert not told["taken_out"]
    np.testing.assert_allclose(told["slopes"], [[0.1, 0.02], [-0.03, 0.09]], atol=0.01)
    assert found.incomplete_pixels is None
    assert 'compress(s, descan="fit")' in capsys.readouterr().out
    h4p.compress(Diffraction2D(scan(np.zeros((2, 2)))), **QUIET)
    assert "descan" not in capsys.readouterr().out


@pytest.mark.parametrize("part", [np.s_[:8], np.s_[:, 10:19]])
def test_small_scans(part):
    """They were not looked at, and lost domains."""
    slopes = np.array([[0.25, 0.05], [-0.06, 0.25]])
    signal = Diffraction2D(scan(slopes)[part])
    told = h4p.compress(signal, **QUIET).patterns.descan
    assert told["taken_out"]
    np.testing.assert_allclose(told["slopes"], slopes, atol=0.02)
    domains = signal.cluster_hierarchical(print_info=False, **QUIET)
    expected = (np.indices(SHAPE)[1] >= 14)[part]
    assert domains.n_domains == 2
    assert adjusted_rand_score(expected.ravel(), domains.labels.ravel()) > 0.95


def test_small_ones_of_small_scans_are_told(moving, capsys):
    """Bent crystals can look like them."""
    signal = Diffraction2D(moving[:8])
    told = h4p.compress(signal, **QUIET).patterns.descan
    assert 0.1 < told["rms"] < 1
    assert told["found"]
    assert not told["taken_out"]
    assert 'compress(s, descan="fit")' in capsys.readouterr().out
    assert h4p.compress(signal, descan="fit", **QUIET).patterns.descan["taken_out"]


@pytest.mark.parametrize("part", [(slice(0, 2), slice(None)), (0, slice(None))])
def test_few_patterns_are_not_looked_at(moving, part):
    assert h4p.compress(Diffraction2D(moving[part]), **QUIET).patterns.descan is None


@pytest.fixture(scope="module")
def faulty(moving):
    """With a stuck pixel, and a mask."""
    data = moving.copy()
    data[..., 12, 20] = 65535
    mask = np.zeros(SIGNAL, bool)
    mask[25:27, 9:11] = True
    options = {"descan": "fit", "signal_mask": mask, **QUIET}
    return h4p.compress(Diffraction2D(data), **options), Diffraction2D(data), mask


def test_incomplete_pixels_are_not_faulty(faulty, capsys):
    compression, signal, mask = faulty
    assert np.flatnonzero(compression.faulty_pixels).tolist() == [12 * 36 + 20]
    incomplete = compression.incomplete_pixels.reshape(SIGNAL)
    assert not (incomplete & mask).any()
    assert not incomplete[12, 20]
    # Beside it, and beside the mask, something is missing.
    assert incomplete[12, 19]
    assert incomplete[24, 9]
    every = compression.faulty_pixels | compression.incomplete_pixels | mask.ravel()
    np.testing.assert_array_equal(compression.excluded_pixels, every)
    compression.check_scan(signal, signal_mask=mask)
    signal.decomposition_rnmf(2, compression=compression, **QUIET)
    printed = capsys.readouterr().out
    assert "faulty_pixels=1 left out" in printed
    assert "the first is at (12, 20)" in printed
    assert f"{incomplete.sum()} pixels that it leaves" in printed


def test_saved(faulty, tmp_path):
    compression = faulty[0]
    compression.save(tmp_path / "new.npz")
    loaded = h4p.Compression.load(tmp_path / "new.npz")
    for name in ("faulty_pixels", "incomplete_pixels", "excluded_pixels"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(compression, name))


def test_files_of_earlier_versions(moving, tmp_path):
    """They counted incomplete pixels among the faulty ones."""
    compression = h4p.compress(Diffraction2D(moving), descan="fit", **QUIET)
    incomplete = compression.incomplete_pixels
    told = compression.patterns.descan | {"n_incomplete": int(incomplete.sum())}
    old = replace(
        compression,
        patterns=replace(compression.patterns, descan=told),
        faulty_pixels=incomplete,
        incomplete_pixels=None,
    )
    old.save(tmp_path / "old.npz")
    loaded = h4p.Compression.load(tmp_path / "old.npz")
    assert loaded.faulty_pixels is None
    np.testing.assert_array_equal(loaded.incomplete_pixels, incomplete)
    assert "n_incomplete" not in loaded.patterns.descan
    # Where others are faulty, too, nobody knows which.
    mixed = incomplete.copy()
    mixed[12 * 36 + 20] = True
    replace(old, faulty_pixels=mixed).save(tmp_path / "old.npz")
    loaded = h4p.Compression.load(tmp_path / "old.npz")
    np.testing.assert_array_equal(loaded.faulty_pixels, mixed)
    assert loaded.incomplete_pixels is None


def test_lazy_is_eager(moving):
    eager = h4p.compress(Diffraction2D(moving), descan="fit", **QUIET)
    data = da.from_array(moving, chunks=(7, 30, 40, 11))
    lazy = h4p.compress(Diffraction2D(data).as_lazy(), descan="fit", **QUIET)
    np.testing.assert_array_equal(lazy.excluded_pixels, eager.excluded_pixels)
    np.testing.assert_allclose(
        lazy.singular_values[:3], eager.singular_values[:3], rtol=1e-4
    )


@pytest.fixture(scope="module")
def far_moving():
    """A long scan whose patterns move by more than the detector is high."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices(SIGNAL)
    shift = 0.45 * (np.indices((5, 101))[1] - 50)[..., None, None]
    waves = 1.2 + np.sin((rows - shift) / 2) * np.cos(columns / 2)
    return Diffraction2D(rng.poisson(waves).astype(np.uint16))


def test_one_that_would_leave_no_pixel_is_left(far_moving, capsys):
    still = h4p.compress(far_moving, **QUIET)
    told = still.patterns.descan
    assert told["found"]
    assert told["rms"] > 10
    assert not told["taken_out"]
    assert still.incomplete_pixels is None
    assert "not taken out: no pixel would be complete" in capsys.readouterr().out
    plain = h4p.compress(far_moving, descan=None, **QUIET)
    assert still.n_significant == plain.n_significant > 0
    np.testing.assert_array_equal(still.Q, plain.Q)
    with pytest.warns(UserWarning, match="descan='fit' found a shift of .* not taken"):
        asked = h4p.compress(far_moving, descan="fit", **QUIET)
    np.testing.assert_array_equal(asked.Q, plain.Q)


def test_nothing_happens_where_nothing_moves(capsys):
    signal = Diffraction2D(scan(np.zeros((2, 2))))
    plain = h4p.compress(signal, **QUIET)
    fitted = h4p.compress(signal, descan="fit", **QUIET)
    assert not fitted.patterns.descan["taken_out"]
    assert fitted.excluded_pixels is None
    np.testing.assert_array_equal(fitted.Q, plain.Q)
    signal.decomposition_rnmf(2, compression=fitted, **QUIET)
    assert "descan=none found" in capsys.readouterr().out


@pytest.mark.parametrize("descan", ["plane", True, 1, np.arange(2)])
def test_other_values_are_refused(descan):
    with pytest.raises(
        ValueError, match="descan=.*expected one of .None, 'auto', 'fit'"
    ):
        h4p.compress(Diffraction2D(np.ones((3, 4, 5, 6))), descan=descan)


def test_what_cannot_be_shifted_is_refused():
    with pytest.raises(ValueError, match="two signal axes"):
        h4p.compress(Diffraction1D(np.ones((3, 4, 5))), descan="fit")
    signal = Diffraction2D(np.ones((3, 4, 5, 6)))
    with pytest.raises(ValueError, match="normalize_poissonian_noise=False"):
        h4p.compress(signal, descan="fit", normalize_poissonian_noise=False)


class TestCountElectrons:
    def camera(self, readout_noise=2):
        counts = scan(np.zeros((2, 2)))[:12]
        noise = np.random.default_rng(1).normal(50, readout_noise, counts.shape)
        return counts, Diffraction2D((12 * counts + noise).round().astype("u2"))

    def test_measured(self):
        counts, signal = self.camera()
        signal.axes_manager[0].scale = 0.3
        before = signal.data.copy()
        counted = h4p.count_electrons(signal, **QUIET)
        assert (counted.data != counts).mean() < 0.05
        assert counted.data.dtype == np.uint16
        assert counted.axes_manager[0].scale == 0.3
        np.testing.assert_array_equal(signal.data, before)

    def test_known(self):
        counts, signal = self.camera(0.9)
        counted = h4p.count_electrons(signal, 12, 50)
        np.testing.assert_array_equal(counted.data, counts)
        lazy = h4p.count_electrons(signal.as_lazy(), 12, 50)
        assert lazy._lazy
        np.testing.assert_array_equal(lazy.data.compute(), counts)

    def test_electrons_that_cannot_be_told_apart(self):
        counts, _ = self.camera()
        noise = np.random.default_rng(1).normal(50, 12, counts.shape)
        with pytest.raises(ValueError, match="cannot be told apart"):
            h4p.count_electrons(Diffraction2D(12 * counts + noise), **QUIET)

    @pytest.mark.parametrize("gain", [0, -1, "x", np.nan])
    def test_wrong_gain(self, gain):
        with pytest.raises((TypeError, ValueError), match="gain must be"):
            h4p.count_electrons(Diffraction2D(np.ones((3, 4, 5, 6))), gain)
