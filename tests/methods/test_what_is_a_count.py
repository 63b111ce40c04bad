"""What is read, and what of it is a count: one test for each way to be wrong."""

import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction2D
from scipy.ndimage import gaussian_filter
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.methods.compress import Compression, compress

from ..estimators.detector_scans import NAVIGATION, SIGNAL, counted, stripes
from .conftest import unchanged

QUIET = {"random_state": 0, "show_progressbar": False, "print_info": False}
SETTINGS = {"random_state": 0, "show_progressbar": False}
LABELS = stripes()
COUNTS = counted(dose=2000)
PIXEL, PATTERN = (5, 7), (3, 4)


def scan(data):
    return Diffraction2D(data)


def readout(gain, offset, noise):
    rng = np.random.default_rng(1)
    return np.rint(COUNTS * gain + offset + rng.normal(0, noise, COUNTS.shape))


def with_values(places, value, dtype="u2"):
    """Some values are others."""
    data = COUNTS.astype(dtype)
    data[places] = value
    return data


def zingers(n, dtype="u2"):
    rng = np.random.default_rng(2)
    data = COUNTS.astype(dtype)
    data.flat[rng.choice(data.size, n, replace=False)] = rng.integers(2000, 65535, n)
    return data


def marked(dtype):
    """Markers of the type's maximum at a pixel, and on a row."""
    data = with_values((..., *PIXEL), np.iinfo(dtype).max, dtype)
    data[:, :, 10] = np.iinfo(dtype).max
    return data


def metadata():
    """Two rows of a header: constants, counters, and values that change."""
    data = COUNTS.astype("u2")
    rng = np.random.default_rng(3)
    data[:, :, 0] = 1000 * np.arange(SIGNAL[1])
    data[:, :, 1, ::2] = 3 * np.arange(500).reshape(*NAVIGATION, 1)
    data[:, :, 1, 1::2] = rng.integers(0, 65535, (*NAVIGATION, 11))
    return data


def random_rows():
    """Two rows in which all values change."""
    data = COUNTS.astype("u2")
    data[:, :, :2] = np.random.default_rng(3).integers(0, 65535, (*NAVIGATION, 2, 22))
    return data


def saturated(data):
    data[PATTERN] = np.iinfo(data.dtype).max
    return data


def background():
    y, x = np.indices(SIGNAL)
    return 6 * np.exp(-((y - 12) ** 2 + (x - 11) ** 2) / 60)


CASES = {
    "uint16": lambda: COUNTS.astype("u2"),
    "float32": lambda: COUNTS.astype("f4"),
    "times 0.0123": lambda: (COUNTS * 0.0123).astype("f4"),
    "times 30 in uint16": lambda: (COUNTS * 30).astype("u2"),
    "times 30 in uint32": lambda: (COUNTS * 30).astype("u4"),
    "plus 20": lambda: (COUNTS + 20).astype("u2"),
    "plus 100": lambda: (COUNTS + 100).astype("u2"),
    "times 30 plus 600": lambda: (COUNTS * 30 + 600).astype("u2"),
    "camera": lambda: readout(20, 200, 10).astype("u2"),
    "camera, clipped": lambda: readout(12, 0, 4).clip(0).astype("u2"),
    "camera, offset subtracted": lambda: (readout(20, 200, 10) - 200).astype("f4"),
    "camera in int16": lambda: (readout(20, 200, 10) - 200).astype("i2"),
    "background subtracted": lambda: (COUNTS - background()).astype("f4"),
    "one huge value": lambda: with_values((3, 4, 2, 3), 20000),
    "one value of a pattern's total": lambda: with_values((3, 4, 2, 3), 2000),
    "one huge value times 0.0123": lambda: 0.0123 * with_values((3, 4, 2, 3), 2000),
    "one huge value above 1000": lambda: with_values((3, 4, 2, 3), 2000) + 1000,
    "60 zingers": lambda: zingers(60),
    "60 zingers times 0.0123": lambda: 0.0123 * zingers(60).clip(0, 3000),
    "flickering pixel": lambda: with_values(
        (..., *PIXEL), np.random.default_rng(0).integers(0, 65535, NAVIGATION)
    ),
    "marked pixel and row in uint16": lambda: marked("u2"),
    "marked pixel and row in uint32": lambda: marked("u4"),
    "metadata": metadata,
    "rows of random values": random_rows,
    "saturated frame and 60 zingers": lambda: saturated(zingers(60)),
    "saturated frame in uint16": lambda: with_values(PATTERN, 2**16 - 1),
    "saturated frame in uint32": lambda: with_values(PATTERN, 2**32 - 1, "u4"),
}

# What is compressed of these is that of the counts, value for value (below): so are
# their domains.
COMPRESSED_AS_COUNTS = {
    "float32",
    "times 30 in uint16",
    "times 30 in uint32",
    "plus 20",
    "plus 100",
    "times 30 plus 600",
}


PRINTED = {
    "uint16": ["noise=counts (Poisson; variance / mean = "],
    "times 0.0123": ["noise=counts times 0.0123 (Poisson; variance / mean = "],
    "plus 100": ["counts above an offset of 100, which is taken off (Poisson"],
    "times 30 plus 600": ["counts times 30 above an offset of 600, which is taken off"],
    "camera": [
        "electrons times a gain of ",
        " +- 0.",
        "with a readout noise of ",
        "(measured)",
    ],
    "camera, clipped": ["electrons times a gain of 1", "Single electrons stand apart"],
    "background subtracted": ["noise=of each pixel as measured: values are no counts"],
    "one huge value": [
        "single_events=1 values replaced",
        "pixel (2, 3) of position (3, 4)",
        "keep_faulty=True",
    ],
    "60 zingers": ["single_events=60 values"],
    "marked pixel and row in uint32": [
        "faulty_pixels=23 left out",
        "the first is at (5, 7)",
    ],
    "saturated frame in uint32": ["broken_frames=1 left out", "the first is at (3, 4)"],
}


def check_printed(printed, expected):
    """All that is expected is there, and nothing is said of other faults."""
    if expected is None:
        return
    for part in expected:
        assert part in printed
    for fault in ("single_events", "faulty_pixels", "broken_frames"):
        assert (fault in printed) == any(fault in part for part in expected)


def check_domains(signal, is_saturated):
    """They are the three of the counts, but for a saturated frame."""
    before = signal.deepcopy()
    domains = signal.cluster_hierarchical(**QUIET)
    assert unchanged(signal, before)
    assert domains.n_domains == 3
    found, broken = domains.labels, np.zeros(NAVIGATION, bool)
    broken[PATTERN] = is_saturated
    np.testing.assert_array_equal(found == -1, broken)
    assert adjusted_rand_score(LABELS[~broken], found[~broken]) >= 0.98


@pytest.mark.parametrize("name", CASES)
def test_components_and_domains_are_right(name, capsys):
    signal = scan(CASES[name]())
    if name not in COMPRESSED_AS_COUNTS:
        check_domains(signal, name.startswith("saturated"))
        assert not capsys.readouterr().out
    signal.decomposition_rnmf(**SETTINGS)
    check_printed(capsys.readouterr().out, PRINTED.get(name))
    assert signal.learning_results.output_dimension == 3
    loadings = np.nan_to_num(signal.learning_results.loadings)
    loadings = loadings / np.linalg.norm(loadings, axis=0)
    for label in range(3):
        true = (LABELS.ravel() == label) / np.sqrt((LABELS == label).sum())
        assert (true @ loadings).max() > 0.95


TYPES = ["u1", "u2", "u4", "i8", "f4", "f8", ">u2", ">u4", ">f4"]


@pytest.mark.parametrize("factor", [1, 30])
def test_any_type_is_bitwise_the_same(factor):
    counts = np.minimum(COUNTS, 255) * factor
    results = []
    for dtype in TYPES[factor > 1 :]:
        compression = compress(scan(counts.astype(dtype)), **SETTINGS)
        results.append((compression.Q, compression.B))
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


def test_labels_are_the_same_of_any_type():
    counts = np.minimum(COUNTS, 255)
    labels = [
        scan(counts.astype(dtype)).cluster_hierarchical(**QUIET).labels
        for dtype in ("u1", ">f8")
    ]
    np.testing.assert_array_equal(*labels)


def test_a_gain_and_an_offset_change_nothing():
    expected = compress(scan(COUNTS.astype("u2")), **SETTINGS)
    for gain, offset in ((30, 0), (1, 20), (1, 100), (30, 600)):
        found = compress(scan((COUNTS * gain + offset).astype("u4")), **SETTINGS)
        np.testing.assert_array_equal(found.Q, expected.Q)
        np.testing.assert_array_equal(found.B, expected.B)
        assert found.detector["gain"] == gain
        assert found.detector["offset"] == offset
        assert found.noise_variance == pytest.approx(gain * expected.noise_variance)


class TestRegionOfInterest:
    """HyperSpy makes counts floats, and fills with NaN."""

    @pytest.fixture
    def region(self):
        whole = scan(COUNTS.astype("u2"))
        return hs.roi.CircleROI(cx=12, cy=10, r=9)(whole)

    def test_told_how_to_go_on(self, region):
        for method in ("decomposition_rnmf", "cluster_hierarchical", "vae_embed"):
            with pytest.raises(ValueError, match="NaN") as error:
                getattr(region, method)(**QUIET)
            message = str(error.value)
            assert "navigation_mask=~np.isfinite(s.data).all((2, 3))" in message
            assert "signal_mask" not in message
            assert "whole patterns" in message

    def test_of_single_pixels(self):
        signal = scan(with_values((..., *PIXEL), np.nan, "f4"))
        with pytest.raises(ValueError, match="NaN") as error:
            signal.decomposition_rnmf(**QUIET)
        advice = "signal_mask=~np.isfinite(s.data).all((0, 1))"
        assert advice in str(error.value)

    def test_with_the_mask_of_the_message(self, region):
        outside = ~np.isfinite(region.data).all((2, 3))
        region.decomposition_rnmf(navigation_mask=outside, **QUIET)
        results = region.learning_results
        assert results.output_dimension == 3
        assert results.poissonian_noise_normalized
        domains = region.cluster_hierarchical(navigation_mask=outside, **QUIET)
        assert domains.n_domains == 3
        found = domains.labels
        np.testing.assert_array_equal(found == -1, outside)
        # Column 3 of the scan is the first of the region.
        left = int(region.axes_manager.navigation_axes[0].offset)
        own = LABELS[: found.shape[0], left : left + found.shape[1]]
        assert adjusted_rand_score(own[~outside], found[~outside]) >= 0.98


class TestNeighbours:
    @pytest.fixture
    def averaged(self):
        return scan(gaussian_filter(COUNTS.astype("f8"), (1, 1, 0, 0)))

    @pytest.mark.parametrize(
        ("method", "options"),
        [
            ("decomposition_rnmf", {"output_dimension": 3}),
            ("cluster_hierarchical", {"max_depth": 0}),
            ("vae_embed", {"epochs": 1}),
        ],
        ids=str,
    )
    def test_warns_and_prints(self, capsys, method, options):
        settings = SETTINGS | options
        # Of a copy of each pattern there are fewer directions, in less time.
        signal = scan(np.repeat(COUNTS[:, ::2], 2, axis=1).astype("u2"))
        with pytest.warns(UserWarning, match="Neighbouring patterns agree") as record:
            getattr(signal, method)(**settings)
        assert len(record) == 1
        assert record[0].filename == __file__
        printed = " ".join(capsys.readouterr().out.split())
        assert "Beware: Neighbouring patterns agree better than" in printed
        assert "s.inav[::n, ::n]" in printed
        share = compress(signal, **SETTINGS).detector["neighbours"]
        assert 0 < share < 0.75
        assert f"{100 * share:.3g} % of the variance" in printed

    def test_averaged(self, averaged):
        with pytest.warns(UserWarning, match="averaged, smoothed, repeated or"):
            averaged.decomposition_rnmf(3, max_iter=1000, **QUIET)

    def test_every_nth_position_is_said_to_serve(self):
        wide = counted(navigation=(40, 50))
        signal = scan(gaussian_filter(wide.astype("f8"), (0.5, 0.5, 0, 0)))
        with pytest.warns(UserWarning, match="agree"):
            signal.decomposition_rnmf(3, **QUIET)
        signal.inav[::4, ::4].decomposition_rnmf(3, **QUIET)

    def test_a_saturated_frame_does_not_hide_it(self):
        data = np.repeat(COUNTS[:, :12], 2, axis=1).astype("u2")
        data[PATTERN] = 2**16 - 1
        found = compress(scan(data), **SETTINGS).detector["neighbours"]
        assert found < 0.75

    def test_nothing_is_said_of_a_scan_as_recorded(self, capsys):
        signal = scan(COUNTS.astype("u2"))
        signal.decomposition_rnmf(**SETTINGS)
        assert "Beware" not in capsys.readouterr().out
        assert 0.85 < compress(signal, **SETTINGS).detector["neighbours"] < 1.2


def spoilt(dtype="u2"):
    """A marked pixel, a flickering one, and two zingers."""
    data = COUNTS.astype(dtype)
    data[..., *PIXEL] = 60000
    data[..., 18, 2] = np.random.default_rng(0).integers(0, 60000, NAVIGATION)
    data[3, 4, 2, 3] = data[19, 24, 23, 21] = 9000
    return data


FAULTY = np.zeros(SIGNAL, bool)
FAULTY[PIXEL] = FAULTY[18, 2] = True
REPLACED = {(3, 4, 2, 3), (19, 24, 23, 21)}


def replaced_places(compression):
    positions, pixels = compression.replaced[:2].astype(int)
    places = zip(
        *np.unravel_index(positions, NAVIGATION),
        *np.unravel_index(pixels, SIGNAL),
        strict=True,
    )
    return {tuple(map(int, place)) for place in places}


@pytest.fixture(scope="module")
def struck():
    """A scan with one zinger, and its map."""
    signal = scan(with_values((3, 4, 2, 3), 60000))
    return signal, signal.cluster_hierarchical(**QUIET)


class TestFaultyValues:
    def test_where_they_are(self):
        compression = compress(scan(spoilt()), **SETTINGS)
        np.testing.assert_array_equal(compression.faulty_pixels, FAULTY.ravel())
        np.testing.assert_array_equal(compression.excluded_pixels, FAULTY.ravel())
        assert compression.faulty_patterns is compression.excluded_patterns is None
        assert replaced_places(compression) == REPLACED
        assert (compression.replaced[2] < 50).all()

    @pytest.mark.parametrize("dtype", ["u2", "u4"])
    def test_a_frame(self, dtype):
        data = with_values(PATTERN, np.iinfo(dtype).max, dtype)
        compression = compress(scan(data), **SETTINGS)
        expected = np.zeros(NAVIGATION, bool)
        expected[PATTERN] = True
        np.testing.assert_array_equal(compression.faulty_patterns, expected.ravel())
        np.testing.assert_array_equal(compression.excluded_patterns, expected.ravel())
        assert compression.faulty_pixels is compression.replaced is None
        assert np.isnan(compression.reconstruct().data[PATTERN].compute()).all()
        assert np.isnan(compression.residual[PATTERN])

    def test_a_frame_and_others(self):
        data = spoilt()
        data[8, 9] = 2**16 - 1
        compression = compress(scan(data), **SETTINGS)
        assert np.flatnonzero(compression.faulty_patterns).tolist() == [8 * 25 + 9]
        np.testing.assert_array_equal(compression.faulty_pixels, FAULTY.ravel())
        assert replaced_places(compression) == REPLACED

    def test_what_methods_say(self):
        signal = scan(spoilt())
        signal.decomposition_rnmf(**QUIET)
        results = signal.learning_results
        np.testing.assert_array_equal(results.signal_mask, FAULTY)
        factors = results.factors.reshape(*SIGNAL, -1)
        np.testing.assert_array_equal(np.isnan(factors).any(axis=2), FAULTY)
        domains = signal.cluster_hierarchical(max_depth=0, **QUIET)
        means = domains.mean_patterns(signal, show_progressbar=False).data
        np.testing.assert_array_equal(np.isnan(means).any(axis=0), FAULTY)

    def test_joined_with_masks_of_the_user(self):
        pixels, patterns = np.zeros(SIGNAL, bool), np.zeros(NAVIGATION, bool)
        pixels[10:12, 3:6] = pixels[18, 2] = patterns[6, 7:9] = True
        data = spoilt()
        data[8, 9, :, :4] = data[19, 24, 23, 21] = 9000
        data[8, 9] = 2**16 - 1
        signal = scan(data)
        masks = {"navigation_mask": patterns, "signal_mask": pixels}
        compression = compress(signal, **masks, **SETTINGS)
        expected = patterns.copy()
        expected[8, 9] = True
        np.testing.assert_array_equal(compression.excluded_patterns, expected.ravel())
        np.testing.assert_array_equal(
            compression.excluded_pixels, (pixels | FAULTY).ravel()
        )
        # Of those, what the user has not masked.
        np.testing.assert_array_equal(
            compression.faulty_pixels, (FAULTY & ~pixels).ravel()
        )
        # The masks that it was made with may be given again, or left out.
        for given in ({}, masks):
            domains = signal.cluster_hierarchical(
                compression=compression, max_depth=0, **given, **QUIET
            )
            np.testing.assert_array_equal(domains.labels == -1, expected)
        other = pixels.copy()
        other[0, 0] = True
        with pytest.raises(ValueError, match="signal_mask is not the one"):
            signal.cluster_hierarchical(
                compression=compression, signal_mask=other, **QUIET
            )

    def test_masked_ones_are_not_found(self):
        compression = compress(scan(spoilt()), None, FAULTY, **SETTINGS)
        assert compression.faulty_pixels is None
        np.testing.assert_array_equal(compression.excluded_pixels, FAULTY.ravel())
        assert replaced_places(compression) == REPLACED

    def test_kept(self):
        signal = scan(spoilt())
        compression = compress(signal, keep_faulty=True, **SETTINGS)
        assert compression.faulty_pixels is compression.excluded_pixels is None
        assert compression.faulty_patterns is compression.replaced is None
        assert compression.patterns.shape == (500, 528)
        model = compression.reconstruct().data[..., *PIXEL].compute()
        assert model.mean() == pytest.approx(60000, rel=0.05)

    @pytest.mark.parametrize(
        ("method", "options"),
        [
            ("decomposition_rnmf", {"output_dimension": 3}),
            ("cluster_hierarchical", {"max_depth": 0}),
            ("vae_embed", {"epochs": 1}),
        ],
        ids=str,
    )
    def test_kept_by_methods(self, capsys, method, options):
        signal = scan(with_values((..., *PIXEL), 60000))
        getattr(signal, method)(**SETTINGS, **options)
        assert "faulty_pixels=1 left out" in capsys.readouterr().out
        getattr(signal, method)(keep_faulty=True, **SETTINGS, **options)
        assert "left out" not in capsys.readouterr().out

    def test_mean_patterns_without_zingers(self, struck):
        """And phases, for which they are compared."""
        signal, domains = struck
        labels = domains.labels
        expected = np.stack([COUNTS[labels == k].mean(axis=0) for k in range(3)])
        for found in (
            domains.mean_patterns(signal, show_progressbar=False).data,
            domains.phases(signal, show_progressbar=False).mean_patterns().data,
        ):
            assert found.shape == expected.shape
            np.testing.assert_allclose(found, expected, atol=0.1)
        kept = signal.cluster_hierarchical(keep_faulty=True, max_depth=0, **QUIET)
        means = kept.mean_patterns(signal, show_progressbar=False).data
        assert means[0, 2, 3] > 60000 / 500

    def test_merged_and_saved_maps_know(self, struck, tmp_path):
        signal, domains = struck
        domains.save(tmp_path / "map.hspy")
        loaded = hs.load(tmp_path / "map.hspy")
        for other in (loaded, domains.merge([0, 1])):
            means = other.mean_patterns(signal, show_progressbar=False).data
            assert means[..., 2, 3].max() < 50

    @pytest.mark.parametrize(
        "chunks", [(5, 7, 24, 22), (20, 25, 9, 8), (7, 25, 24, 5)], ids=str
    )
    def test_lazy_is_eager(self, chunks):
        data = spoilt()
        lazy = scan(data).as_lazy()
        lazy.data = da.from_array(data, chunks=chunks)
        one, two = (compress(s, **SETTINGS) for s in (scan(data), lazy))
        np.testing.assert_array_equal(one.faulty_pixels, two.faulty_pixels)
        assert replaced_places(one) == replaced_places(two) == REPLACED
        if chunks[2:] != (9, 8):
            return
        domains = [s.cluster_hierarchical(**QUIET) for s in (scan(data), lazy)]
        np.testing.assert_array_equal(domains[0].labels, domains[1].labels)
        means = [
            d.mean_patterns(s, show_progressbar=False).data
            for d, s in zip(domains, (scan(data), lazy), strict=True)
        ]
        np.testing.assert_allclose(means[0], means[1], atol=0.1)

    @pytest.mark.usefixtures("small_blocks")
    def test_in_small_blocks(self):
        data = spoilt()
        lazy = scan(data).as_lazy()
        lazy.data = da.from_array(data, chunks=(5, 7, 24, 11))
        compression = compress(lazy, **SETTINGS)
        np.testing.assert_array_equal(compression.faulty_pixels, FAULTY.ravel())
        assert replaced_places(compression) == REPLACED
        assert compression.n_significant == 3

    def test_saved_and_loaded(self, tmp_path):
        data = spoilt().astype("u4") * 30 + 600
        data[8, 9] = 2**32 - 1
        signal = scan(data)
        compression = compress(signal, **SETTINGS)
        compression.save(tmp_path / "c.npz")
        loaded = Compression.load(tmp_path / "c.npz")
        names = "faulty_pixels", "faulty_patterns", "replaced"
        for name in (*names, "excluded_pixels", "excluded_patterns", "Q", "B"):
            np.testing.assert_array_equal(
                getattr(loaded, name), getattr(compression, name), err_msg=name
            )
        assert loaded.detector == compression.detector
        assert loaded.noise_variance == compression.noise_variance
        model = loaded.noise_model
        assert model.keys() == compression.noise_model.keys()
        assert model["offset"] == compression.noise_model["offset"] == 600
        np.testing.assert_array_equal(
            loaded.reconstruct().data.compute(),
            compression.reconstruct().data.compute(),
        )


class TestTold:
    """What the user says of the noise is taken."""

    def test_taken_as_they_are(self):
        signal = scan(spoilt())
        compression = compress(signal, normalize_poissonian_noise=False, **SETTINGS)
        assert compression.detector["kind"] == "uniform"
        assert not compression.poissonian_noise_normalized
        assert compression.faulty_pixels is compression.replaced is None
        assert compression.noise_model["gain"] is None
        np.testing.assert_array_equal(compression.row_scale, 1)
        np.testing.assert_array_equal(compression.column_scale, 1)
        signal.decomposition_rnmf(3, normalize_poissonian_noise=False, **QUIET)
        assert not signal.learning_results.poissonian_noise_normalized

    def test_an_offset_stays_then(self):
        options = {"normalize_poissonian_noise": False, **SETTINGS}
        compression = compress(scan((COUNTS + 100).astype("u2")), **options)
        assert compression.detector["offset"] == 0
        found = compression.reconstruct().data.mean().compute()
        assert found == pytest.approx(COUNTS.mean() + 100, rel=0.01)

    @pytest.mark.parametrize("name", ["times 0.0123", "camera"])
    def test_counts(self, name):
        data = scan(CASES[name]())
        told = compress(data, normalize_poissonian_noise=True, **SETTINGS)
        found = compress(data, **SETTINGS)
        np.testing.assert_array_equal(told.Q, found.Q)
        assert told.poissonian_noise_normalized

    def test_counts_from_which_a_background_was_subtracted(self):
        data = scan(CASES["background subtracted"]())
        told = compress(data, normalize_poissonian_noise=True, **SETTINGS)
        # A line through the variances would be below zero: no law of all holds.
        assert told.n_significant == 3
        assert not compress(data, **SETTINGS).poissonian_noise_normalized

    def test_a_compression_of_another_kind(self):
        signal = scan(CASES["background subtracted"]())
        compression = compress(signal, **SETTINGS)
        with pytest.raises(ValueError, match="normalize_poissonian_noise=True"):
            signal.cluster_hierarchical(
                compression=compression, normalize_poissonian_noise=True, **QUIET
            )
        options = {"compression": compression, "max_depth": 0, **QUIET}
        assert signal.cluster_hierarchical(**options).n_domains == 1

    @pytest.mark.parametrize("name", ["normalize_poissonian_noise", "keep_faulty"])
    @pytest.mark.parametrize(
        "method", ["decomposition_rnmf", "cluster_hierarchical", "vae_embed"]
    )
    def test_refused(self, method, name):
        with pytest.raises(TypeError, match=name):
            getattr(scan(COUNTS), method)(**QUIET, **{name: "yes"})


class TestNegativeValues:
    """Taken, but where patterns themselves are trained on."""

    @pytest.fixture
    def signal(self):
        return scan(CASES["background subtracted"]())

    def test_embedded(self, signal):
        embedding = signal.vae_embed(epochs=60, **QUIET)
        means = np.array([embedding.data[LABELS == k].mean(axis=0) for k in range(3)])
        squares = ((embedding.data[:, :, None] - means) ** 2).sum(axis=-1)
        assert adjusted_rand_score(LABELS.ravel(), squares.argmin(-1).ravel()) > 0.98

    def test_confidence(self, signal, capsys):
        result = signal.domain_confidence(n_maps=3, **SETTINGS)
        assert "of each pixel as measured" in capsys.readouterr().out
        assert result.domains.n_domains == 3
        assert adjusted_rand_score(LABELS.ravel(), result.domains.labels.ravel()) > 0.98

    def test_convolutions_refuse_them(self, signal):
        signal.data = np.abs(signal.data)
        signal.data[7, 3, 2, 8] = signal.data[11, 9, 0, 0] = -3
        before = signal.deepcopy()
        options = {"architecture": "convolutional", "epochs": 1}
        with pytest.raises(ValueError, match="2 negative") as error:
            signal.vae_embed(**QUIET, **options)
        assert unchanged(signal, before)
        assert "data[(7, 3, 2, 8)]" in str(error.value)
        assert "signal_mask=(s.data < 0).any((0, 1))" in str(error.value)

    @pytest.mark.parametrize("value", [-1e-9])
    def test_rounding_is_none(self, value):
        data = COUNTS.astype("f8")
        data[data == 0] = value
        signal = scan(data)
        options = {"architecture": "convolutional", "epochs": 1}
        assert np.isfinite(signal.vae_embed(**QUIET, **options).data).all()
        assert compress(signal, **SETTINGS).n_significant == 3


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("cluster_hierarchical", {"max_depth": 0}),
        ("vae_embed", {"epochs": 1}),
    ],
    ids=str,
)
def test_printed_by_others(method, options, capsys):
    signal = scan(CASES["times 30 plus 600"]())
    getattr(signal, method)(**SETTINGS, **options)
    printed = capsys.readouterr().out
    assert "counts times 30 above an offset of 600" in printed
    assert printed.count("Data info:") == 1
    getattr(signal, method)(**QUIET, **options)
    assert not capsys.readouterr().out


def test_numbers_of_a_camera():
    """In units of the data."""
    compression = compress(scan(CASES["camera"]()), **SETTINGS)
    detector, model = compression.detector, compression.noise_model
    assert detector["kind"] == "gain"
    assert detector["gain"] == pytest.approx(20, rel=0.05)
    assert abs(detector["gain"] - 20) < 3 * detector["gain_error"] < 3
    assert detector["offset"] == pytest.approx(200, abs=3)
    assert detector["readout_noise"] == pytest.approx(10, rel=0.15)
    assert model["gain"] == pytest.approx(20, rel=0.05)
    assert model["readout_variance"] == pytest.approx(detector["readout_noise"] ** 2)
    assert model["offset"] == detector["offset"]
    expected = 20 * COUNTS.mean() + 200
    found = compression.reconstruct().data.mean().compute()
    assert found == pytest.approx(expected, rel=0.01)


def test_phases_do_not_see_an_offset_and_a_row():
    data = marked("u4")
    signal = scan(np.where(data < 2**32 - 1, data + 100, data))
    domains = signal.cluster_hierarchical(**QUIET)
    phases = domains.phases(signal, show_progressbar=False)
    assert phases.n_domains == 3
    assert adjusted_rand_score(LABELS.ravel(), phases.labels.ravel()) >= 0.98
