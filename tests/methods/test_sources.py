"""Features of each probe position: of loadings, embeddings, signals and arrays."""

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.methods._sources import (
    leave_out,
    name_source,
    read_features,
)

from .conftest import NAVIGATION, SIGNAL

N = int(np.prod(NAVIGATION))


@pytest.fixture
def opened(scan):
    return Scan.from_signal(scan)


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(size=(*NAVIGATION, 2))


def test_loadings_become_fractions_of_counts(scan, opened, truth):
    maps, patterns = truth
    maps = maps * np.random.default_rng(1).uniform(1, 9, (*NAVIGATION, 1))
    maps[3, 4] = 0
    results = scan.learning_results
    results.loadings, results.factors = maps.reshape(N, -1), patterns.reshape(3, -1).T
    found = read_features(opened, "rnmf").values.reshape(maps.shape)
    counts = maps * patterns.sum(axis=(1, 2))
    np.testing.assert_array_equal(np.isnan(found).all(axis=-1), counts.sum(-1) == 0)
    counts[3, 4] = np.nan
    np.testing.assert_allclose(found, counts / counts.sum(axis=-1, keepdims=True))


def test_arrays_and_signals_are_the_same(opened, values):
    signals = hs.signals.Signal1D(values), hs.signals.BaseSignal(values).transpose(1)
    for source in (values, values.tolist(), *signals):
        found = read_features(opened, source)
        np.testing.assert_array_equal(found.values, values.reshape(N, 2))
        assert found.excluded_pixels is None
        assert not found.missing.any()


def test_a_map_is_one_feature(opened, values):
    found = read_features(opened, hs.signals.Signal2D(values[..., 0]))
    np.testing.assert_array_equal(found.values, values[..., 0].reshape(N, 1))


def test_positions_of_nan_are_missing(opened, values):
    values[2, 3, 1] = np.nan
    missing = read_features(opened, values).missing.reshape(NAVIGATION)
    np.testing.assert_array_equal(np.argwhere(missing), [[2, 3]])


def test_what_a_source_leaves_out_is_left_out(opened):
    patterns, pixels, own = np.zeros(N, bool), np.zeros(99, bool), np.zeros(99, bool)
    patterns[5] = pixels[7] = own[8] = True
    scan = leave_out(opened, patterns, pixels, None)
    np.testing.assert_array_equal(scan.excluded_patterns, patterns)
    np.testing.assert_array_equal(scan.excluded_pixels, pixels)
    masked = opened.replace_masks(None, own)
    both = leave_out(masked, None, pixels, None)
    np.testing.assert_array_equal(both.excluded_pixels, pixels | own)
    # A mask that the user gave takes the place of that of the source.
    given = leave_out(masked, patterns, pixels, own.reshape(SIGNAL))
    np.testing.assert_array_equal(given.excluded_pixels, own)
    np.testing.assert_array_equal(given.excluded_patterns, patterns)


def test_names(scan):
    assert name_source(None) == "compressed patterns"
    assert name_source(None, "consensus") == "consensus"
    assert name_source("rnmf") == "rnmf"
    assert name_source({"latent_dim": 3}) == "vae"
    assert name_source(np.ones(3)) == "ndarray"
    assert name_source(scan) == f"{type(scan).__name__} 'planted'"
    scan.metadata.General.title = ""
    assert name_source(scan) == type(scan).__name__
