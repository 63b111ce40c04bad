import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation._index_lattice import (
    is_spanned,
    span_indices,
)

CUBE = np.stack(np.meshgrid(*[np.arange(-3, 4)] * 3), -1).reshape(-1, 3)


@pytest.mark.parametrize(
    ("vectors", "condition"),
    [
        (
            [(1, 1, 1), (2, 0, 0), (0, 2, 0)],
            lambda h, k, m: ((h - k) % 2 == 0) & ((k - m) % 2 == 0),
        ),
        ([(2, 0, 0), (0, 2, 0), (0, 0, 2)], lambda h, k, m: (h | k | m) % 2 == 0),
        ([(4, 0, 0), (6, 0, 0)], lambda h, k, m: (h % 2 == 0) & (k == 0) & (m == 0)),
        ([(1, 1, 0), (1, -1, 0)], lambda h, k, m: ((h + k) % 2 == 0) & (m == 0)),
        ([], lambda h, k, m: (h == 0) & (k == 0) & (m == 0)),
    ],
)
def test_sums_and_differences(vectors, condition):
    expected = condition(*CUBE.T)
    np.testing.assert_array_equal(is_spanned(CUBE, span_indices(vectors)), expected)


def test_what_spans_is_spanned():
    rng = np.random.default_rng(0)
    for n in range(1, 8):
        vectors = rng.integers(-9, 10, (n, 3))
        basis = span_indices(vectors)
        assert is_spanned(vectors, basis).all()
        times = rng.integers(-5, 6, (20, n))
        assert is_spanned(times @ vectors, basis).all()
        rank = sum(vector is not None for vector in basis)
        assert rank == np.linalg.matrix_rank(vectors)


def test_nothing_is_changed():
    vectors = np.array([[2, 1, 0], [4, 3, 1]])
    before = vectors.copy()
    is_spanned(vectors, span_indices(vectors))
    np.testing.assert_array_equal(vectors, before)
