"""`vae_embed`: the same embedding from every form of a scan, and nothing changed."""

import inspect

import hyperspy.api as hs
import numpy as np
import pytest
import torch
from pyxem.signals import Diffraction2D
from sklearn.utils.class_weight import compute_sample_weight

from hyperspy_4dphase import LatentEmbedding
from hyperspy_4dphase.estimators import PatternVAE
from hyperspy_4dphase.methods.compress import compress
from hyperspy_4dphase.methods.vae_embed import vae_embed

from .conftest import (
    CHUNKS,
    NAVIGATION,
    SHAPES,
    SIGNAL,
    calibrated,
    counts,
    lazy,
    planted,
    unchanged,
)

SETTINGS = {
    "epochs": 3,
    "random_state": 0,
    "device": "cpu",
    "show_progressbar": False,
}


def run(signal, **keywords):
    return signal.vae_embed(**(SETTINGS | keywords))


def assert_same(one, other, tolerance=1e-2):
    """To a share of the spread of the second; NaN at the same positions."""
    np.testing.assert_allclose(
        one.data, other.data, rtol=0, atol=tolerance * np.nanstd(other.data)
    )


@pytest.fixture(scope="module")
def expected():
    """Of the scan in memory, read at once."""
    return run(calibrated(counts(*planted())))


def test_signature():
    names = list(inspect.signature(Diffraction2D.vae_embed).parameters)
    assert names[1:5] == [
        "latent_dim",
        "architecture",
        "navigation_mask",
        "signal_mask",
    ]
    assert vae_embed.__doc__.startswith("Embed every pattern")
    assert "%(" not in vae_embed.__doc__


def test_domains_are_apart():
    """Three patterns, each in a region of the scan."""
    _, patterns = planted()
    labels = np.zeros(NAVIGATION, int)
    labels[:, 4:7], labels[5:, 7:] = 1, 2
    scan = calibrated(counts(np.eye(3)[labels], 4 * patterns))
    latent = run(scan, epochs=60).data
    centres = np.array([latent[labels == i].mean(axis=0) for i in range(3)])
    distance = np.linalg.norm(latent[:, :, np.newaxis] - centres, axis=-1)
    np.testing.assert_array_equal(distance.argmin(axis=-1), labels)


def test_nothing_is_changed(scan):
    scan.decomposition_rnmf(2, random_state=0, print_info=False, show_progressbar=False)
    before, results = scan.deepcopy(), dict(vars(scan.learning_results))
    for signal in (scan, lazy(scan)):
        signal.learning_results = scan.learning_results
        run(signal)
        assert unchanged(signal, before)
        assert vars(signal.learning_results) == results
    assert not scan.metadata._HyperSpy.Folding.unfolded


def test_result_has_a_life_of_its_own(scan, expected):
    kept = expected.deepcopy()
    scan.data[:] = 0
    scan.axes_manager[0].scale = 77
    scan.metadata.General.title = "other"
    np.testing.assert_array_equal(expected.data, kept.data)
    assert expected.axes_manager[0].scale == 0.5
    assert expected.metadata.General.title == "Latent embedding of planted"


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("make", [lambda s: s, lambda s: s.as_lazy()])
def test_shapes(name, make):
    cls, navigation, signal_shape = SHAPES[name]
    scan = make(calibrated(counts(*planted(navigation, signal_shape)), cls))
    embedding = run(scan, latent_dim=3)
    assert isinstance(embedding, LatentEmbedding)
    assert not embedding._lazy
    assert embedding.data.shape == (*navigation, 3)
    own, of_scan = (s.axes_manager.navigation_axes for s in (embedding, scan))
    assert len(own) == len(navigation)
    for axis, other in zip(own, of_scan, strict=True):
        assert axis.get_axis_dictionary() == other.get_axis_dictionary()
    decoded = embedding.decode(embedding)
    assert type(decoded) is cls
    assert decoded.data.shape == scan.data.shape


@pytest.mark.parametrize("chunks", CHUNKS)
def test_lazy_is_eager(scan, expected, chunks):
    assert_same(run(lazy(scan, CHUNKS[chunks])), expected)


@pytest.mark.parametrize("chunks", CHUNKS)
@pytest.mark.usefixtures("small_blocks")
def test_blocks_are_the_whole(scan, expected, chunks):
    assert_same(run(lazy(scan, CHUNKS[chunks])), expected)


def test_small_blocks_are_one_block(scan, expected, request):
    request.getfixturevalue("small_blocks")
    assert_same(run(scan), expected)


def test_random_state(scan, expected):
    generators = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    np.testing.assert_array_equal(run(scan).data, expected.data)
    run(scan, random_state=None)
    other = run(scan, random_state=4)
    assert not np.allclose(other.data, expected.data, atol=0.01)
    one, two = (run(scan, random_state=np.random.RandomState(5)) for _ in range(2))
    np.testing.assert_array_equal(one.data, two.data)
    assert torch.equal(torch.get_rng_state(), generators[0])
    np.testing.assert_array_equal(np.random.get_state()[1], generators[1])  # noqa: NPY002


def test_drawn_seed_is_recorded(scan):
    """So that a run without one can be repeated."""
    first = run(lazy(scan), random_state=None)
    seed = first.provenance["random_state"]
    seeds = [seed, first.provenance["compression"]["random_state"]]
    compression = compress(scan, random_state=seeds[1], show_progressbar=False)
    again = run(scan, random_state=seeds[0], compression=compression)
    assert_same(again, first, 1e-3)


def test_masks(scan):
    navigation_mask, signal_mask = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
    navigation_mask[2:4, 7] = signal_mask[4, 5:9] = True
    damaged = scan.deepcopy()
    damaged.data[navigation_mask] = 60_000
    damaged.data[:, :, signal_mask] = 50_000
    expected = run(scan, navigation_mask=navigation_mask, signal_mask=signal_mask)
    masks = {
        "navigation_mask": hs.signals.Signal2D(navigation_mask).T,
        "signal_mask": hs.signals.Signal2D(signal_mask),
    }
    for signal in (damaged, lazy(damaged)):
        found = run(signal, **masks)
        assert_same(found, expected, 1e-3)
        assert np.isnan(found.inav[7, 2:4].data).all()
        assert np.isnan(found.data).sum() == 2 * 2
        decoded = found.decode(found)
        assert np.isnan(decoded.inav[0, 0].isig[5:9, 4].data).all()
        assert np.isnan(decoded.inav[7, 2].data).all()
        assert np.isnan(decoded.inav[0, 0].data).sum() == 4


class TestSampleWeight:
    def test_masked_positions_have_none(self, scan):
        """Whatever stands there; and the others keep theirs."""
        mask = np.zeros(NAVIGATION, bool)
        mask[5, 1:9] = True
        weights = np.random.default_rng(0).uniform(0.5, 2, NAVIGATION)
        expected = run(scan, navigation_mask=mask, sample_weight=weights)
        weights[mask] = np.nan
        for given in (weights, hs.signals.BaseSignal(weights).T, weights.tolist()):
            found = run(scan, navigation_mask=mask, sample_weight=given)
            np.testing.assert_array_equal(found.data, expected.data)
        other = run(scan, navigation_mask=mask)
        assert not np.allclose(
            other.data[~mask], expected.data[~mask], rtol=0, atol=1e-6
        )

    def test_weight_zero_is_embedded(self, scan):
        weights = np.ones(NAVIGATION)
        weights[3:6, 2] = 0
        found = run(scan, sample_weight=weights)
        assert np.isfinite(found.data).all()
        assert found.provenance["parameters"]["sample_weight"]

    def test_balanced(self, scan):
        labels = np.zeros(NAVIGATION, int)
        labels[:2] = 1
        weights = compute_sample_weight("balanced", labels.ravel())
        one = run(scan, sample_weight=weights.reshape(NAVIGATION))
        two = run(scan, sample_weight=3 * weights.reshape(NAVIGATION))
        assert_same(one, two)


class TestCompression:
    def test_is_the_same_as_without(self, scan, expected):
        compression = compress(scan, random_state=0, show_progressbar=False)
        found = run(scan, compression=compression)
        assert_same(found, expected, 1e-5)
        assert found.provenance["compression"] == compression.provenance

    def test_nothing_is_read(self, scan, expected):
        compression = compress(scan, random_state=0, show_progressbar=False)
        signal = lazy(scan)
        signal.data = signal.data.map_blocks(_fail, dtype=scan.data.dtype)
        assert_same(run(signal, compression=compression), expected, 1e-5)

    def test_saved(self, scan, expected, tmp_path):
        compression = compress(scan, random_state=0, show_progressbar=False)
        compression.save(tmp_path / "scan.npz")
        loaded = type(compression).load(tmp_path / "scan.npz")
        assert_same(run(scan, compression=loaded), expected, 1e-5)

    def test_masks_come_with_it(self, scan):
        masks = np.eye(*NAVIGATION, dtype=bool), np.eye(*SIGNAL, dtype=bool)
        compression = compress(scan, *masks, show_progressbar=False)
        for given in ((None, None), masks):
            names = ("navigation_mask", "signal_mask")
            keywords = dict(zip(names, given, strict=True))
            found = run(scan, compression=compression, **keywords)
            np.testing.assert_array_equal(np.isnan(found.data[..., 0]), masks[0])
            decoded = found.decode([0.0, 0.0])
            np.testing.assert_array_equal(np.isnan(decoded.data), masks[1])


def test_return_info(scan, expected):
    embedding, estimator = run(scan, return_info=True)
    assert isinstance(estimator, PatternVAE)
    assert estimator.callback is None
    np.testing.assert_array_equal(embedding.data, expected.data)
    np.testing.assert_array_equal(embedding.loss, estimator.loss_)
    latent = estimator.transform(scan.data.reshape(120, 99))
    np.testing.assert_allclose(
        latent, embedding.data.reshape(120, 2), atol=0.02 * latent.std()
    )
    np.testing.assert_array_equal(
        embedding.active_dimensions, estimator.active_dimensions_
    )


def test_counts_stored_as_floats_are_counts(scan):
    expected = run(scan)
    scan.change_dtype("float32")
    np.testing.assert_array_equal(run(scan).data, expected.data)


def test_provenance(scan):
    record = run(scan, latent_dim=3, beta=0.5, batch_size=40).provenance
    assert record["method"] == "vae_embed"
    parameters = record["parameters"]
    assert parameters["latent_dim"] == 3
    assert parameters["beta"] == 0.5
    assert parameters["batch_size"] == 40
    assert parameters["epochs"] == record["outcome"]["n_epochs"] == 3
    assert record["random_state"] == record["compression"]["random_state"] == 0
    assert record["versions"]["numpy"] == np.__version__
    assert record["versions"]["torch"]


def test_progress(scan, capsys):
    run(scan, show_progressbar=True)
    printed = capsys.readouterr().err
    for words in ("Reading patterns", "Training", "loss", "held out"):
        assert words in printed
    run(scan)
    assert not capsys.readouterr().err


def _fail(block):
    raise OSError("no such sector")
