"""`LatentEmbedding`: what it carries, decodes, encodes, and keeps in a file."""

import numpy as np
import pytest
from hyperspy.signals import LazySignal1D, Signal1D
from pyxem.signals import Diffraction1D, Diffraction2D

from hyperspy_4dphase import LatentEmbedding
from hyperspy_4dphase.signals.latent_embedding import LazyLatentEmbedding

from ..methods.conftest import NAVIGATION, SIGNAL, calibrated, counts, lazy, planted

SETTINGS = {
    "epochs": 3,
    "random_state": 0,
    "device": "cpu",
    "show_progressbar": False,
}
QUIET = {"show_progressbar": False, "device": "cpu"}
MASKED, LEFT_OUT = (slice(2, 4), 7), (4, slice(5, 9))


def run(signal, **keywords):
    return signal.vae_embed(**(SETTINGS | keywords))


@pytest.fixture(scope="module")
def labels():
    """Two regions and the rest, in array order."""
    labels = np.zeros(NAVIGATION, int)
    labels[:, 4:7], labels[5:, 7:] = 1, 2
    return labels


@pytest.fixture(scope="module")
def expected(labels):
    """Counts without their noise."""
    return np.array([1, 3, 2])[labels][..., None, None] * planted()[1][labels]


@pytest.fixture(scope="module")
def scan(expected):
    data = np.random.default_rng(1).poisson(expected).astype(np.uint16)
    scan = calibrated(data)
    scan.metadata.set_item("Sample.description", "bilayer")
    scan.metadata.set_item("Acquisition_instrument.TEM.beam_energy", 300.0)
    scan.metadata.set_item("Notes.some", "of the scan only")
    return scan


@pytest.fixture(scope="module")
def masks():
    masks = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
    masks[0][MASKED] = masks[1][LEFT_OUT] = True
    return masks


@pytest.fixture(scope="module")
def trained(scan, masks):
    return run(scan, epochs=60, navigation_mask=masks[0], signal_mask=masks[1])


@pytest.fixture
def embedding(trained):
    """A copy for each test."""
    return trained.deepcopy()


def axes(signal, which):
    return [a.get_axis_dictionary() for a in getattr(signal.axes_manager, which)]


def assert_same(one, other, tolerance):
    """To a share of the spread of the second; NaN at the same positions."""
    np.testing.assert_allclose(
        one.data, other.data, rtol=0, atol=tolerance * np.nanstd(other.data)
    )


def test_what_is_carried(embedding, scan):
    assert type(embedding) is LatentEmbedding
    assert embedding.axes_manager.signal_shape == (2,)
    assert embedding.latent_dim == 2
    assert axes(embedding, "navigation_axes") == axes(scan, "navigation_axes")
    assert embedding.axes_manager[0].scale == 0.5
    assert embedding.axes_manager[1].scale == 1.5
    assert embedding.axes_manager[-1].name == "latent dimension"
    metadata = embedding.metadata
    assert metadata.General.title == "Latent embedding of planted"
    assert metadata.Sample.description == "bilayer"
    assert metadata.Acquisition_instrument.TEM.beam_energy == 300
    assert "Notes" not in metadata
    assert metadata.Signal.signal_type == "latent_embedding"
    assert embedding.loss.shape == (embedding.provenance["outcome"]["n_epochs"], 2)
    assert (embedding.loss[-1] < embedding.loss[0]).all()
    assert sorted(embedding.active_dimensions) == [0, 1]
    assert embedding.provenance["method"] == "vae_embed"


def test_masked_positions(embedding):
    assert np.isnan(embedding.inav[7, 2:4].data).all()
    assert np.isnan(embedding.data).sum() == 4


def test_decoded_counts(embedding, scan, expected, labels, masks):
    """Near the truth, calibrated, NaN where masked."""
    decoded = embedding.decode(embedding)
    assert type(decoded) is Diffraction2D
    assert decoded.data.dtype == np.float32
    assert axes(decoded, "navigation_axes") == axes(scan, "navigation_axes")
    assert axes(decoded, "signal_axes") == axes(scan, "signal_axes")
    nothing = masks[0][..., None, None] | masks[1]
    np.testing.assert_array_equal(np.isnan(decoded.data), nothing)
    for i in range(3):
        there = (labels == i) & ~masks[0]
        mean, true = (x[there].mean(axis=0) for x in (decoded.data, expected))
        error = np.linalg.norm((mean - true)[~masks[1]])
        assert error < 0.1 * np.linalg.norm(true[~masks[1]])
        assert mean[~masks[1]].sum() == pytest.approx(true[~masks[1]].sum(), rel=0.1)


@pytest.mark.parametrize(
    "points", [[0.1, 0.2], np.zeros((3, 2)), np.zeros((3, 4, 2)), [[[[1, 0]]]]], ids=str
)
def test_decode_shapes(embedding, scan, points):
    decoded = embedding.decode(points)
    assert decoded.data.shape == (*np.shape(points)[:-1], *SIGNAL)
    assert decoded.axes_manager.signal_shape == SIGNAL[::-1]
    assert axes(decoded, "signal_axes") == axes(scan, "signal_axes")
    flat = decoded.data.reshape(-1, *SIGNAL)
    alone = embedding.decode(np.reshape(points, (-1, 2))[0])
    np.testing.assert_allclose(flat[0], alone.data, rtol=1e-5)


def test_decode_slices(embedding):
    whole = embedding.decode(embedding)
    for keys in ((slice(3), slice(1, 5)), (2, slice(None)), (2, 3), (7, 2)):
        part, piece = embedding.decode(embedding.inav[keys]), whole.inav[keys]
        np.testing.assert_allclose(part.data, piece.data, rtol=1e-5)
        for which in ("navigation_axes", "signal_axes"):
            assert axes(part, which) == axes(piece, which)


def test_decode_nan(embedding):
    points = np.zeros((3, 2))
    points[1, 0] = np.nan
    decoded = embedding.decode(points).data
    assert np.isnan(decoded[1]).all()
    np.testing.assert_array_equal(decoded[0], decoded[2])
    assert np.isnan(embedding.decode(np.full((2, 2), np.nan)).data).all()


@pytest.mark.parametrize(
    ("points", "error", "match"),
    [
        ([0.0, 1, 2], ValueError, r"shape \(3,\).*\(\.\.\., 2\)"),
        (0.5, ValueError, r"shape \(\)"),
        (np.zeros((2, 3)), ValueError, r"\(2, 3\)"),
        (["a", "b"], TypeError, "expected real numbers"),
        (np.zeros(2, complex), TypeError, "complex128.*real numbers"),
    ],
    ids=str,
)
def test_decode_refuses(embedding, points, error, match):
    with pytest.raises(error, match=match):
        embedding.decode(points)


def test_encode(embedding, scan, masks):
    """Of the same scan, eager or lazy, it is the embedding."""
    for signal in (scan, lazy(scan), lazy(scan, (5, 4, 4, 6))):
        found = embedding.encode(signal, masks[0], **QUIET)
        assert type(found) is LatentEmbedding
        assert_same(found, embedding, 0.05)
        assert axes(found, "navigation_axes") == axes(scan, "navigation_axes")
    everywhere = embedding.encode(scan, **QUIET)
    assert np.isfinite(everywhere.data).all()


def test_encode_another_scan(embedding, expected, labels):
    data = np.random.default_rng(7).poisson(expected[3:11, 1:8]).astype(np.uint16)
    # What the model left out may hold anything.
    data[(..., *LEFT_OUT)] = 50_000
    other = calibrated(data)
    other.metadata.General.title = "another"
    kept = other.data.copy()
    found = embedding.encode(other, **QUIET)
    assert found.data.shape == (8, 7, 2)
    assert found.metadata.General.title == "Latent embedding of another"
    np.testing.assert_array_equal(other.data, kept)
    inside = labels[3:11, 1:8]
    for i in range(3):
        own = np.nanmean(embedding.data[labels == i], axis=0)
        assert np.abs(found.data[inside == i].mean(axis=0) - own).max() < 0.3
    # It decodes as the one that it came from.
    np.testing.assert_array_equal(found.decode(own).data, embedding.decode(own).data)
    np.testing.assert_array_equal(found.loss, embedding.loss)
    line = embedding.encode(other.inav[:, 2], **QUIET)
    assert_same(line, found.inav[:, 2], 1e-3)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda s: s.isig[:10, :], r"\(9, 10\).*expects \(9, 11\)"),
        (lambda s: s.swap_axes(2, 3), r"\(11, 9\).*\(9, 11\)"),
        (lambda s: setattr(s.axes_manager["kx"], "scale", 3), "'kx' has 3 .*with 2.5"),
        (lambda s: setattr(s.axes_manager["ky"], "units", "mrad"), "mrad.*3.5 1/A"),
        (
            lambda s: setattr(s.axes_manager["kx"], "units", ""),
            "'kx' has 2.5 .*with 2.5 1/A",
        ),
    ],
)
def test_encode_refuses_other_detectors(embedding, scan, change, match):
    other = scan.deepcopy()
    other = change(other) or other
    with pytest.raises(ValueError, match=match):
        embedding.encode(other, **QUIET)


def test_encode_refuses_bad_input(embedding, scan):
    with pytest.raises(ValueError, match="no navigation axis"):
        embedding.encode(scan.inav[0, 0], **QUIET)
    with pytest.raises(TypeError, match="complex"):
        embedding.encode(scan.as_signal2D((2, 3)) * 1j, **QUIET)
    with pytest.raises(ValueError, match=r"\(3, 4\).*\(12, 10\)"):
        embedding.encode(scan, np.ones((3, 4)), **QUIET)
    with pytest.raises(ValueError, match="device='tpu'"):
        embedding.encode(scan, device="tpu", show_progressbar=False)


def test_sliced_latent_dimension(embedding):
    part = embedding.isig[:1]
    with pytest.raises(ValueError, match="1 latent dim.*model 2.*isig"):
        part.decode([0.0])


def test_newer_version(embedding):
    embedding.metadata.Latent_embedding.version = 2
    for use in (lambda: embedding.decode([0, 0]), lambda: embedding.loss):
        with pytest.raises(ValueError, match="version 2.*up to version 1: update it"):
            use()


def test_missing_metadata(embedding):
    del embedding.metadata.Latent_embedding
    for use in (lambda: embedding.decode([0, 0]), lambda: embedding.loss):
        with pytest.raises(ValueError, match="Latent_embedding is missing"):
            use()


@pytest.mark.parametrize("copy", [LatentEmbedding.deepcopy, LatentEmbedding.as_lazy])
def test_copies_keep_the_model(embedding, copy):
    twin = copy(embedding)
    points = np.array([[0.3, -0.2], [1, 1]])
    np.testing.assert_array_equal(
        twin.decode(points).data, embedding.decode(points).data
    )
    np.testing.assert_array_equal(
        twin.decode(twin.inav[:3, 1]).data, embedding.decode(embedding.inav[:3, 1]).data
    )
    assert isinstance(embedding.as_lazy(), LazyLatentEmbedding)


def test_one_dimensional_patterns():
    scan = calibrated(counts(*planted((30,), (40,))), Diffraction1D)
    embedding = run(scan, signal_mask=np.arange(40) > 37)
    decoded = embedding.decode(embedding)
    assert type(decoded) is Diffraction1D
    assert axes(decoded, "signal_axes") == axes(scan, "signal_axes")
    assert np.isnan(decoded.isig[38:].data).all()
    assert np.isfinite(decoded.isig[:38].data).all()


def test_other_values_are_a_plain_signal(embedding):
    mapped = embedding.map(np.abs, inplace=False, show_progressbar=False)
    for found, expected in (
        (embedding + 1, embedding.data + 1),
        (mapped, np.abs(embedding.data)),
        (embedding > 0, embedding.data > 0),
    ):
        assert not isinstance(found, LatentEmbedding)
        assert not found.metadata.has_item("Latent_embedding")
        np.testing.assert_array_equal(found.data, expected)


STATISTICS = "sum", "std", "var", "max", "min", "nansum", "nanstd", "indexmax"


@pytest.mark.parametrize("is_lazy", [False, True])
@pytest.mark.parametrize("name", STATISTICS)
def test_statistics_of_positions_are_plain_signals(name, is_lazy, embedding):
    given = embedding.as_lazy() if is_lazy else embedding
    plain = Signal1D(embedding.data)
    for axis in (None, 0, (0, 1), given.axes_manager[1]):
        if name == "indexmax" and axis not in (0, given.axes_manager[1]):
            continue
        same = axis if axis in (None, 0, (0, 1)) else 1
        found, expected = getattr(given, name)(axis), getattr(plain, name)(same)
        assert type(found) is (LazySignal1D if is_lazy else Signal1D)
        assert not found.metadata.has_item("Latent_embedding")
        np.testing.assert_allclose(np.asarray(found.data), expected.data, rtol=1e-5)
    assert found.axes_manager["x"].units == embedding.axes_manager["x"].units


def test_integrals_are_plain_signals(embedding):
    for found in (embedding.integrate_simpson("x"), embedding.integrate1D("x")):
        assert type(found) is Signal1D
    mean = embedding.mean("x")
    assert type(mean) is LatentEmbedding
    assert mean.decode(mean).data.shape[1:] == SIGNAL


@pytest.mark.parametrize("name", ["sum", "derivative", "integrate_simpson"])
def test_what_other_values_are_written_into_becomes_plain(name, embedding):
    compute = getattr(embedding, name)
    out = embedding.deepcopy() if name == "derivative" else embedding.mean("x")
    expected = compute(axis="x").data
    assert type(out) is LatentEmbedding
    assert compute(axis="x", out=out) is None
    assert type(out) is Signal1D
    assert not out.metadata.has_item("Latent_embedding")
    np.testing.assert_allclose(out.data, expected, rtol=1e-6)
    mean = embedding.mean("x")
    embedding.mean("x", out=mean)
    assert type(mean) is LatentEmbedding
