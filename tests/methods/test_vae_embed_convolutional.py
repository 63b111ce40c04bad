"""vae_embed() on the patterns themselves."""

import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction1D, Diffraction2D

from hyperspy_4dphase import compress

NAVIGATION, SIGNAL = (9, 12), (15, 22)
OPTIONS = {
    "architecture": "convolutional",
    "epochs": 3,
    "batch_size": 16,
    "random_state": 0,
    "device": "cpu",
    "show_progressbar": False,
}


@pytest.fixture
def counts():
    rng = np.random.default_rng(0)
    patterns = rng.gamma(0.4, 8, (2, *SIGNAL))
    return rng.poisson(patterns[rng.integers(2, size=NAVIGATION)]).astype(np.uint8)


@pytest.fixture
def lazy(counts):
    signal = Diffraction2D(counts).as_lazy()
    signal.data = da.from_array(counts, chunks=(4, 5, 15, 11))
    return signal


def test_lazy_is_as_eager(counts, lazy):
    eager = Diffraction2D(counts).vae_embed(**OPTIONS)
    np.testing.assert_allclose(lazy.vae_embed(**OPTIONS).data, eager.data, atol=1e-4)
    assert eager.provenance["parameters"]["architecture"] == "convolutional"


def test_masks(lazy, counts):
    navigation_mask = np.zeros(NAVIGATION, dtype=bool)
    navigation_mask[2, 7] = True
    signal_mask = np.zeros(SIGNAL, dtype=bool)
    signal_mask[3, 20] = True
    embedding = lazy.vae_embed(
        navigation_mask=navigation_mask, signal_mask=signal_mask, **OPTIONS
    )
    np.testing.assert_array_equal(np.isnan(embedding.data[..., 0]), navigation_mask)
    decoded = embedding.decode(embedding.inav[:3, :2]).data
    np.testing.assert_array_equal(np.isnan(decoded[1, 2]), signal_mask)
    # What the masked pixel counts makes no difference.
    other = counts.copy()
    other[..., 3, 20] = 255
    again = Diffraction2D(other).vae_embed(
        navigation_mask=navigation_mask, signal_mask=signal_mask, **OPTIONS
    )
    np.testing.assert_allclose(again.data, embedding.data, atol=1e-4)


def test_reloads_and_encodes(lazy, tmp_path):
    embedding = lazy.vae_embed(**OPTIONS)
    embedding.save(tmp_path / "embedding.hspy")
    again = hs.load(tmp_path / "embedding.hspy")
    points = np.array([[0.0, 0.5], [1.0, -1.0]])
    np.testing.assert_allclose(
        again.decode(points).data, embedding.decode(points).data, atol=1e-6
    )
    encoded = again.encode(lazy, show_progressbar=False)
    np.testing.assert_allclose(encoded.data, embedding.data, atol=1e-4)


def test_lines_are_refused():
    signal = Diffraction1D(np.ones((5, 6, 7), dtype=int))
    with pytest.raises(ValueError, match="two signal axes.* have 1"):
        signal.vae_embed(**OPTIONS)


def test_compression_is_refused(counts):
    signal = Diffraction2D(counts)
    compression = compress(signal, random_state=0, show_progressbar=False)
    with pytest.raises(ValueError, match="leave one of them out"):
        signal.vae_embed(compression=compression, **OPTIONS)
