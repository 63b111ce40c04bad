"""The first read: what it leaves out and scales, so that noise is white."""

import dask.array as da
import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.detector._detector import Detector
from hyperspy_4dphase.estimators.domains._shapes import CompressedShapes, whitening

from ..detector_scans import (
    NAVIGATION,
    SIGNAL,
    as_camera,
    counted,
    domain_images,
    places,
    read,
    spoilt,
    stripes,
)

N, M = int(np.prod(NAVIGATION)), int(np.prod(SIGNAL))


def compress(data, n_axes=2, **options):
    blocks = PatternBlocks(data, n_axes, allow_negative=True)
    options = {"noise": "measured", "random_state": 0, "device": "cpu"} | options
    return compress_patterns(blocks, **options)


@pytest.mark.parametrize("dtype", ["u2", "u4"])
def test_a_saturated_frame_alone(dtype):
    data = counted().astype(dtype)
    data[3, 4] = np.iinfo(dtype).max
    first = read(data)
    np.testing.assert_array_equal(np.flatnonzero(first.faulty_patterns), [3 * 25 + 4])
    assert first.faulty_pixels is first.replaced is None
    assert first.blocks.shape == (N - 1, M)
    assert (first.detector.kind, first.detector.gain) == ("counts", 1)


@pytest.mark.parametrize("dtype", ["u2", "u4"])
def test_a_saturated_frame_hides_no_other_fault(dtype):
    data, pixels, patterns, zingers = spoilt(dtype, frame=True)
    first = read(data)
    np.testing.assert_array_equal(first.faulty_patterns, patterns)
    assert places(first) == sorted(zingers)
    np.testing.assert_array_equal(first.faulty_pixels, pixels)


def test_what_is_read_from_now_on():
    """Without faulty pixels and frames, single values replaced, and in electrons."""
    data, pixels, _, zingers = spoilt("u4")
    data = np.minimum(data, 60000).astype("u4") * 30 + 600
    first = read(data)
    assert (first.detector.gain, first.detector.offset) == (30, 600)
    found = first.blocks.reduce(lambda p, rows: [(rows, p)], lambda a, b: a + b)
    whole = np.empty(first.blocks.shape)
    for rows, values in found:
        whole[rows] = values
    clean = counted(seed=0).reshape(N, M)[:, ~pixels]
    same = whole == clean
    assert (~same).sum() <= len(zingers)
    assert whole.max() <= clean.max()
    np.testing.assert_array_equal(first.sample, whole)


@pytest.mark.parametrize("chunks", [(20, 25, 24, 22), (7, 9, 24, 11), (1, 25, 5, 22)])
def test_chunks_find_the_same(chunks):
    data, pixels, _, zingers = spoilt()
    first = read(da.from_array(data, chunks=chunks), block_values=1)
    np.testing.assert_array_equal(first.faulty_pixels, pixels)
    assert places(first) == sorted(zingers)
    whole = read(data)
    assert first.detector.gain == whole.detector.gain
    np.testing.assert_allclose(
        first.scaling.column_weight, whole.scaling.column_weight, rtol=0.02
    )


def test_masked_faults_are_not_found():
    data, pixels, patterns, _ = spoilt(frame=True)
    first = read(data, kept_patterns=~patterns, kept_pixels=~pixels)
    assert first.faulty_pixels is first.faulty_patterns is None
    assert first.replaced.shape == (3, 4)
    assert first.blocks.shape == (N - 1, M - pixels.sum())


@pytest.mark.parametrize("noise", ["poisson", "uniform"])
def test_nothing_is_looked_for_if_told(noise):
    data, *_ = spoilt()
    first = read(data, noise=noise)
    assert first.faulty_pixels is first.faulty_patterns is first.replaced is None
    assert np.isnan(first.neighbours)
    assert first.blocks.n_reads == 1
    assert first.detector.kind == {"poisson": "counts"}.get(noise, noise)


CAMERAS = [(1, 0, 0), (30, 0, 0), (1, 100, 0), (12, 0, 0.4), (20, 200, 1), (20, 200, 3)]


def seen(electrons, gain, offset, noise, seed=0):
    """Float, so that a camera with a gain of one has a readout noise."""
    if not noise:
        return electrons * gain + offset
    return as_camera(electrons, gain, offset, noise, seed)


class TestNoiseIsWhite:
    """With readout noise it is so only with its floor."""

    @pytest.mark.parametrize("camera", CAMERAS, ids=str)
    @pytest.mark.parametrize("dose", [300, 2000])
    def test_of_one_pattern(self, camera, dose):
        data = seen(counted("amorphous", dose), *camera)
        result = compress(data)
        assert result.n_significant == 1
        scaled = result.noise == "poisson"
        # Where readout noise is far above that of electrons, nothing is scaled.
        assert scaled or (camera[2] == 3 and dose == 300)
        variance = 1 if scaled else data.var((0, 1)).mean()
        assert result.noise_variance == pytest.approx(variance, rel=0.05)
        largest = result.singular_values[1]
        assert 0.94 < largest / result.noise_edge < 1
        assert result.residual.mean() == pytest.approx(1, abs=0.08)

    @pytest.mark.parametrize("camera", CAMERAS, ids=str)
    def test_of_three_domains(self, camera):
        result = compress(seen(counted(), *camera))
        assert result.n_significant == 3
        assert result.noise_variance == pytest.approx(1, abs=0.05)
        assert result.singular_values[3] < result.noise_edge

    @pytest.mark.parametrize("camera", CAMERAS[3:], ids=str)
    def test_rows_and_columns(self, camera):
        """Each pixel and each pattern carry about unit variance."""
        data = seen(counted("amorphous", 2000), *camera)
        result = compress(data)
        electrons = (data.reshape(N, M) - result.offset) / result.gain
        scaled = electrons * result.row_scale[:, None] * result.column_scale
        noise = scaled - scaled.mean(axis=0)
        np.testing.assert_allclose(noise.var(axis=0), 1, atol=0.35)
        assert noise.var(axis=0).mean() == pytest.approx(1, abs=0.05)
        # What is taken off too much, or too little, is noise of the readout.
        off = (camera[1] - result.offset) / result.gain
        assert result.floor + off == pytest.approx(camera[2] ** 2, rel=0.15, abs=0.1)

    def test_of_pixels_with_noise_of_their_own(self):
        background = np.random.default_rng(3).uniform(0, 9, SIGNAL)
        result = compress(counted("amorphous", 2000) - background)
        assert result.detector["kind"] == "pixels"
        assert result.noise == "uniform"
        assert result.n_significant <= 2
        assert result.noise_variance == pytest.approx(1, abs=0.05)


class TestShapes:
    """Their covariance is that of the same patterns recorded again and again."""

    def shapes(self, camera, n, seed, dose=1000):
        rng = np.random.default_rng(seed)
        labels = stripes((n, 30)).ravel()
        bright = rng.uniform(0.5, 2, labels.size)
        images = domain_images(seed=seed).reshape(3, M)
        electrons = rng.poisson(dose * bright[:, None] * images[labels])
        data = seen(electrons, *camera, seed).reshape(n, 30, *SIGNAL)
        return CompressedShapes.from_compressed(compress(data)), labels

    @pytest.mark.parametrize("camera", CAMERAS[2:], ids=str)
    def test_noise_is_the_covariance(self, camera):
        shapes, labels = self.shapes(camera, 60, 0)
        assert (shapes.dark is None) == (camera[2] == 0)
        for label in range(3):
            rows = np.flatnonzero(labels == label)
            points = shapes.points[rows] - shapes.points[rows].mean(axis=0)
            white = points @ whitening(shapes.noise(rows))
            values = np.linalg.eigvalsh(white.T @ white / rows.size)
            # Shapes have one dimension less than directions: their total is fixed.
            assert values[0] < 0.05
            np.testing.assert_allclose(values[1:], 1, atol=0.25)

    # At three gains of readout noise the offset is not known well enough for this.
    @pytest.mark.parametrize("camera", CAMERAS[3:5], ids=str)
    def test_spread_is_that_of_each_pattern(self, camera):
        """Dim patterns have more noise, and more of it is that of the readout."""
        shapes, labels = self.shapes(camera, 60, 1)
        rows = np.flatnonzero(labels == 0)
        dim = rows[shapes.spread[rows] > np.median(shapes.spread[rows])]
        light = np.setdiff1d(rows, dim)
        for part in (dim, light):
            points = shapes.points[part] - shapes.points[part].mean(axis=0)
            white = points @ whitening(shapes.noise(part))
            values = np.linalg.eigvalsh(white.T @ white / part.size)
            np.testing.assert_allclose(values[1:], 1, atol=0.4)

    @pytest.mark.parametrize("camera", [(1, 0, 0), (20, 200, 3)], ids=str)
    def test_averaged(self, camera):
        """The sums of four patterns have the noise that they are said to have."""
        shapes, labels = self.shapes(camera, 60, 2)
        rows = np.flatnonzero(labels == 1)
        groups = np.full(labels.size, rows.size // 4)
        groups[rows[: rows.size // 4 * 4]] = np.arange(rows.size // 4).repeat(4)
        sums = shapes.average(groups, rows.size // 4 + 1)
        own = np.arange(rows.size // 4)
        points = sums.points[own] - sums.points[own].mean(axis=0)
        white = points @ whitening(sums.noise(own))
        values = np.linalg.eigvalsh(white.T @ white / own.size)
        np.testing.assert_allclose(values[1:], 1, atol=0.4)

    def test_taken(self):
        shapes, _ = self.shapes((20, 200, 3), 20, 0)
        taken = shapes.take(np.array([3, 8, 100]))
        np.testing.assert_array_equal(taken.dark, shapes.dark[[3, 8, 100]])
        assert taken.floor == shapes.floor


class TestGivenDetector:
    """It is taken at its word, and nothing is looked for."""

    @pytest.mark.parametrize(
        ("detector", "camera"),
        [
            (Detector("counts"), (1, 0, 0)),
            (Detector("counts", gain=30), (30, 0, 0)),
            (Detector("counts", gain=30, offset=600), (30, 600, 0)),
            (Detector("gain", gain=20, offset=200, readout_noise=20), (20, 200, 1)),
        ],
        ids=["counts", "times 30", "above 600", "camera"],
    )
    def test_gives_what_is_measured(self, detector, camera):
        data = seen(counted(), *camera)
        result = compress(data, noise=detector)
        assert (result.gain, result.offset) == (camera[0], camera[1])
        assert result.n_significant == 3
        assert result.noise_variance == pytest.approx(1, abs=0.05)
        assert result.floor == pytest.approx(camera[2] ** 2)
        found = result.reconstruct()
        np.testing.assert_allclose(found.mean(), data.mean(), rtol=0.01)

    def test_the_same_everywhere(self):
        data = counted() + 0.5
        result = compress(data, noise=Detector("uniform"))
        assert result.noise == "uniform"
        np.testing.assert_allclose(result.reconstruct().mean(), data.mean(), rtol=0.01)

    @pytest.mark.parametrize("noise", ["gauss", None, 3])
    def test_no_noise(self, noise):
        with pytest.raises(ValueError, match="expected one of .* or a Detector"):
            compress(counted(), noise=noise)


def test_reconstructed_in_units_of_the_data():
    for camera in CAMERAS[3:]:
        data = seen(counted(), *camera)
        found = compress(data).reconstruct().reshape(data.shape)
        clean = np.stack([data[:, stripes()[0] == k].mean((0, 1)) for k in range(3)])
        difference = found - clean[stripes()]
        assert np.linalg.norm(difference) < 0.25 * np.linalg.norm(
            data - clean[stripes()]
        )


def test_empty():
    with pytest.raises(ValueError, match="empty"):
        read(np.zeros((*NAVIGATION, *SIGNAL)))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("share", "level"), [(0.5, 5), (0.7, 0), (0.7, 20), (1, 0), (0.9, 50)]
)
def test_a_share_of_the_mean_taken_off_is_no_gain(share, level, seed):
    """Variances are still in proportion to means, but values fall below 0."""
    rng = np.random.default_rng(seed)
    H, W = rng.gamma(0.3, 40, (3, 16 * 18)), rng.dirichlet(np.full(3, 0.3), 600)
    counts = rng.poisson(W @ H)
    data = counts - share * counts.mean(axis=0) - level
    data = data.reshape(20, 30, 16, 18).astype(np.float32)
    blocks = PatternBlocks(data, 2, allow_negative=True)
    found = compress_patterns(blocks, noise="measured", random_state=0)
    assert found.detector["kind"] == "pixels"
    assert found.n_significant == (2 if share == 1 else 3)


@pytest.mark.parametrize("readout_noise", [2.0, 4.0])
def test_a_dead_cross_of_a_camera_with_an_offset(readout_noise):
    # Less the offset, dead pixels would be below 0, and squares with some near 0.
    rng = np.random.default_rng(0)
    electrons = counted("spotty", 2000).astype(float)
    values = 12 * electrons + 3 + rng.normal(0, readout_noise, electrons.shape)
    values = np.maximum(np.round(values), 0)
    cross = np.zeros(SIGNAL, bool)
    cross[11:13] = cross[:, 10:12] = True
    values[..., cross] = 0
    found = compress(values.astype("u2"))
    assert found.shape[1] == (~cross).sum()
    assert np.isfinite(found.Q).all()
    assert found.n_significant == compress(electrons.astype("u2")).n_significant
