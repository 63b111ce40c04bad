"""Domains that single patterns do not tell apart, but sums of neighbours do."""

import dask.array as da
import numpy as np
import pytest
from pyxem.signals import Diffraction2D, LazyDiffraction2D

import hyperspy_4dphase
from hyperspy_4dphase.methods.compress import Compression

NAVIGATION = (36, 40)
SIGNAL = (24, 26)
TRUTH = np.indices(NAVIGATION)[1] >= 22


def spot(x):
    y, xs = np.indices(SIGNAL)
    found = np.exp(-(np.square(y - 12) + np.square(xs - x)) / (2 * 2.5**2))
    return 0.6 * found / found.sum() + 0.4 / found.size


@pytest.fixture(scope="module")
def scan():
    """Two halves, whose spots are 1.6 pixels apart, at 100 counts a pattern."""
    expected = 100 * np.stack([spot(12.0), spot(13.6)])[TRUTH.astype(int)]
    return Diffraction2D(np.random.default_rng(0).poisson(expected).astype(np.uint16))


def mapped(scan, **options):
    quiet = {"random_state": 0, "show_progressbar": False}
    return scan.cluster_hierarchical(**(quiet | options))


def right(labels, truth):
    agreed = (labels == truth).mean()
    return max(agreed, 1 - agreed)


def test_sums_of_neighbours_tell(scan):
    assert mapped(scan, neighbours_sum=False).n_domains == 1
    domains = mapped(scan)
    assert domains.n_domains == 2
    assert right(domains.data, TRUTH) > 0.96


def test_masked_and_lazy(scan):
    mask = np.zeros(NAVIGATION, bool)
    mask[:7] = mask[:, 30:33] = True
    domains = mapped(scan, navigation_mask=mask)
    assert domains.n_domains == 2
    np.testing.assert_array_equal(domains.data == -1, mask)
    assert right(domains.data[~mask], TRUTH[~mask]) > 0.95
    chunked = da.from_array(scan.data, chunks=(9, 40, 24, 26))
    lazy = mapped(LazyDiffraction2D(chunked), navigation_mask=mask)
    assert right(lazy.data, domains.data) > 0.999


@pytest.mark.parametrize("counts", [400, 3000])
def test_a_step_is_no_descan(counts):
    """A shift of one half is not what the scan does to the beam."""
    expected = counts * np.stack([spot(12.0), spot(13.6)])[TRUTH.astype(int)]
    scan = Diffraction2D(np.random.default_rng(1).poisson(expected).astype(np.uint16))
    domains = mapped(scan)
    assert domains.n_domains == 2
    assert right(domains.data, TRUTH) > 0.96


def test_it_is_written_down(scan):
    for given in (True, False):
        record = mapped(scan, neighbours_sum=given, max_depth=1).provenance
        assert record["parameters"]["neighbours_sum"] is given


def test_confidence_knows(scan):
    confidence = scan.domain_confidence(
        n_maps=6, random_state=0, show_progressbar=False
    )
    # Single patterns hardly tell; what is around them does.
    domains = confidence.at_threshold(0).data
    assert confidence.domains.n_domains == 2
    agreed = right(domains, TRUTH)
    assert agreed > 0.97
    assert abs(np.nanmean(confidence.data) - agreed) < 0.05


def test_compression_keeps_what_is_broad(tmp_path):
    kinds = np.random.default_rng(1).integers(2, size=(20, 25))
    expected = 60 * np.stack([spot(12.2), spot(13.8)])[kinds]
    counts = np.random.default_rng(0).poisson(expected).astype(np.uint16)
    scan = Diffraction2D(counts)
    compression = hyperspy_4dphase.compress(
        scan, random_state=0, show_progressbar=False
    )
    patterns = compression.patterns
    assert patterns.broad_rows is not None
    compression.save(tmp_path / "c.npz")
    loaded = Compression.load(tmp_path / "c.npz").patterns
    for name in ("broad_rows", "broad_scores"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(patterns, name))
    one, other = loaded.with_broad(), patterns.with_broad()
    np.testing.assert_array_equal(one.B, other.B)
