"""One compression serves all methods, in whatever order they are called."""

import itertools

import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from hyperspy_4dphase.methods import _cache
from hyperspy_4dphase.methods.compress import compress

from ..block_scans import Scan

NAVIGATION, SIGNAL = (20, 25), (24, 26)
N_SQUARES = 12 * 13
CHUNKS = (7, 25, 24, 26)
SETTINGS = {"random_state": 0, "show_progressbar": False, "print_info": False}
METHODS = {
    "rnmf": lambda s: s.decomposition_rnmf(return_info=True, **SETTINGS),
    "domains": lambda s: s.cluster_hierarchical(**SETTINGS),
    "confidence": lambda s: s.domain_confidence(n_maps=3, **SETTINGS),
    "embedding": lambda s: s.vae_embed(epochs=2, **SETTINGS),
}
ORDERS = [
    ("rnmf", "domains", "confidence", "embedding"),
    ("embedding", "rnmf", "domains"),
    ("confidence", "embedding", "rnmf"),
    ("rnmf", "embedding", "domains"),
]


def spot(x):
    y, xs = np.indices(SIGNAL)
    found = np.exp(-(np.square(y - 12) + np.square(xs - x)) / (2 * 2.5**2))
    return 0.6 * found / found.sum() + 0.4 / found.size


@pytest.fixture(scope="module")
def data():
    """Two spots that are moved so little that only squares of pixels show it."""
    kinds = np.random.default_rng(1).integers(2, size=NAVIGATION)
    expected = 60 * np.stack([spot(12.2), spot(13.8)])[kinds]
    return np.random.default_rng(0).poisson(expected).astype(np.uint16)


@pytest.fixture
def scan(data, monkeypatch):
    """It counts its reads; that its content is known is what is given here."""
    scan = Scan(data, CHUNKS)
    monkeypatch.setattr(_cache, "content_of", lambda graph: ("as it is",))
    return scan


def signal_of(scan):
    return Diffraction2D(scan.array).as_lazy()


def numbers(result):
    """All that a result says, as arrays."""
    if hasattr(result, "components_"):
        return [result.components_, result.compression_.Q]
    return [result.data]


@pytest.mark.parametrize("streamed", [False, True], ids=["kept", "streamed"])
def test_squares_are_added_to_what_is_there(scan, data, streamed, monkeypatch):
    if streamed:
        # Squares of a few patterns only are held, and nothing else is.
        module = "hyperspy_4dphase.estimators.compression"
        for name in ("_MAX_HELD_VALUES", "_MAX_PACKED_BYTES"):
            monkeypatch.setattr(f"{module}._compress.{name}", 0)
        monkeypatch.setattr(f"{module}._coarse._MAX_HELD_BYTES", 300 * 2 * N_SQUARES)
    signal = signal_of(scan)
    without = compress(signal, squares=False, **SETTINGS)
    n_reads = max(scan.counts())
    with_squares = compress(signal, **SETTINGS)
    assert with_squares.patterns.broad_rows is not None
    assert with_squares.Q is without.Q
    assert scan.counts() == {n_reads + streamed}
    assert with_squares.n_reads == without.n_reads + streamed
    fresh = compress(Diffraction2D(data), **SETTINGS)
    for name in ("Q", "B", "broad_rows", "broad_scores", "residual"):
        one, other = (getattr(c.patterns, name) for c in (with_squares, fresh))
        np.testing.assert_allclose(one, other, atol=2e-3 * np.abs(other).max())
    # Again without: those that are there do no harm.
    assert compress(signal, squares=False, **SETTINGS).Q is without.Q
    assert scan.counts() == {n_reads + streamed}


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_any_order_reads_once_and_finds_the_same(scan, order):
    """The mean patterns of domains take a read of their own."""
    signal = signal_of(scan)
    results = {}
    for name in order:
        results[name] = METHODS[name](signal)
        n_maps = sum(other in results for other in ("domains", "confidence"))
        assert max(scan.counts()) <= 1 + n_maps
    alone = order[-1]
    _cache.clear_cache()
    fresh = METHODS[alone](signal_of(scan))
    for one, other in zip(numbers(results[alone]), numbers(fresh), strict=True):
        np.testing.assert_array_equal(one, other)


def test_all_pairs_share_a_compression(scan):
    """Whoever comes second reads nothing, or the mean patterns of its own domains."""
    for first, second in itertools.permutations(["rnmf", "domains"], 2):
        _cache.clear_cache()
        signal = signal_of(scan)
        METHODS[first](signal)
        before = scan.loads.total()
        METHODS[second](signal)
        assert scan.loads.total() == before
