"""Packed patterns: what products and sums of all pixels would give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperspy_4dphase.estimators.compression import _packed_kernels as kernels
from hyperspy_4dphase.estimators.compression._packed import (
    MOST_FILLED,
    as_packed,
    pack_patterns,
    pad_directions,
)

N, M = 300, 170
DTYPES = ["u1", "u2", ">u2", "u4", "u8", "i2", "i8", "f4", "f8", ">f8"]


def few_counts(n=N, m=M, seed=0, brightest=200):
    """A bright pixel, an empty pattern, and counts in a tenth of the pixels."""
    X = np.random.default_rng(seed).poisson(0.1, (n, m))
    X[:, 3 % m] += np.arange(n) % brightest
    X[n // 2] = 0
    return X


@pytest.fixture(params=[200, 5000], ids=["one byte", "two bytes"])
def X(request):
    return few_counts(brightest=request.param)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 600), st.integers(8, 40), st.sampled_from(DTYPES))
def test_nothing_is_lost(n, m, dtype):
    X = few_counts(n, m, brightest=100).astype(dtype)
    before = X.copy()
    packed = pack_patterns(X)
    if packed is None:
        assert (X > 0).mean() > 0.8 * MOST_FILLED
        return
    assert packed.shape == X.shape
    np.testing.assert_array_equal(packed.unpack(np.arange(n)), X)
    np.testing.assert_array_equal(packed.unpack(np.array([n - 1, 0])), X[[n - 1, 0]])
    np.testing.assert_array_equal(X, before)


def test_memory(X):
    packed = pack_patterns(X)
    n_counts = (X > 0).sum()
    width = 2 if X.max() < 256 else 3
    n_tiles = 2
    assert packed.nbytes <= width * n_counts + n_tiles * M
    assert as_packed(packed) is packed
    assert len(packed) == N


@pytest.mark.parametrize("tile_values", [M, 7 * M, 2**24])
def test_products(X, tile_values, monkeypatch):
    name = "hyperspy_4dphase.estimators.compression._packed._TILE_VALUES"
    monkeypatch.setattr(name, tile_values)
    rng = np.random.default_rng(1)
    V, left = rng.normal(size=(M, 11)), rng.normal(size=(N, 11))
    weight, u = rng.random(M).astype(np.float32), rng.random(N).astype(np.float32)
    packed = pack_patterns(X)
    products, sums, totals, squares = packed.project(pad_directions(V), weight)
    np.testing.assert_allclose(products[:, :11], X @ V, rtol=1e-4, atol=1e-2)
    np.testing.assert_array_equal(products[:, 11:], 0)
    np.testing.assert_allclose(sums, X @ weight, rtol=1e-5)
    np.testing.assert_array_equal(totals, X.sum(axis=1))
    np.testing.assert_allclose(squares, X.astype(float) ** 2 @ weight, rtol=1e-5)
    back, column_sums = np.ones((M, 16), np.float32), np.ones(M, np.float32)
    packed.project_back(pad_directions(left), u, back, column_sums)
    np.testing.assert_allclose(back[:, :11] - 1, X.T @ left, rtol=1e-3, atol=0.1)
    np.testing.assert_allclose(column_sums - 1, u @ X, rtol=1e-4, atol=1e-3)


def test_sums(X):
    packed = pack_patterns(X)
    rng = np.random.default_rng(1)
    weights, u, group = rng.random(M), rng.random(N), rng.integers(9, size=M)
    pixel_sums, totals, weighted = packed.add_up(weights)
    np.testing.assert_array_equal(pixel_sums, X.sum(axis=0))
    np.testing.assert_array_equal(totals, X.sum(axis=1))
    np.testing.assert_allclose(weighted, X @ weights)
    np.testing.assert_allclose(packed.weigh(u), u @ X)
    places = np.array([5, 299, 0, 260])
    found = packed.take_together(places, group, 9)
    expected = np.stack([X[places][:, group == k].sum(axis=1) for k in range(9)], 1)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("value", [-1, 65_536, 0.5, np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("where", [(0, 0), (299, 169), (41, 7)])
def test_what_is_no_count_is_not_packed(value, where):
    X = few_counts().astype(float)
    X[where] = value
    assert pack_patterns(X) is None
    X[where] = 65_535
    assert pack_patterns(X) is not None


def test_what_is_too_full_is_not_packed():
    X = np.zeros((600, M), np.uint16)
    X[::2, : M // 3] = 1
    assert pack_patterns(X) is not None
    # A few of the patterns alone do not show it.
    X[250:500, : M // 2] = 1
    assert pack_patterns(X) is None
    assert pack_patterns(np.empty((0, M))) is None
    assert pack_patterns(np.empty((5, 0))) is None


def test_kernels_without_compilation(X):
    """The same loops in Python."""
    few = np.ascontiguousarray(X[:20])
    pixels, ends = np.empty(4 * few.size, np.uint32), np.empty(21, np.int64)
    values = np.empty(4 * few.size, np.uint16)
    assert kernels.collect_counts.py_func(few, pixels, values, ends) == few.max()
    assert ends[-1] == (few > 0).sum()
    # In Python, sums of small integers would overflow.
    n_in, places = np.zeros((2, M), np.int64)
    rows, counts = np.empty(ends[-1], np.uint8), np.empty(ends[-1], np.uint16)
    kernels.order_by_pixel.py_func(pixels, values, ends, n_in, places, rows, counts)
    np.testing.assert_array_equal(n_in, (few > 0).sum(axis=0))
    at, pixel = np.nonzero(few.T > 0)[::-1]
    np.testing.assert_array_equal(rows, at)
    np.testing.assert_array_equal(counts, few[at, pixel])
    sums, column_sums = np.zeros((3, 20)), np.zeros(M, np.float32)
    V, Y = np.eye(M, 3, dtype=np.float32), np.zeros((20, 3), np.float32)
    tile = n_in, rows, counts
    kernels.project.py_func(*tile, V, np.ones(M, np.float32), Y, *sums)
    np.testing.assert_array_equal(Y, few[:, :3])
    np.testing.assert_array_equal(sums[2], (few.astype(float) ** 2).sum(axis=1))
    back, u = np.zeros((M, 3), np.float32), np.ones(20, np.float32)
    kernels.project_back.py_func(*tile, Y, u, back, column_sums)
    np.testing.assert_array_equal(back, few.T @ few[:, :3])
    np.testing.assert_array_equal(column_sums, few.sum(axis=0))
