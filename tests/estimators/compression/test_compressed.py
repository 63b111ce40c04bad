"""Broad structure joins the rest: one orthogonal product, of all that is known."""

import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.compression._compressed import (
    CompressedPatterns,
    decompose_gram,
    find_remainder,
)

N, M, EDGE = 400, 130, 37.0


def orthonormal(n_rows, n_columns, seed=0):
    rng = np.random.default_rng(seed)
    return np.linalg.qr(rng.normal(size=(n_rows, n_columns)))[0]


def decomposed(X, n_significant, rank, gain=1.0):
    """The exact decomposition of patterns in which noise has the variance `gain`."""
    U, values, rows = np.linalg.svd(np.sqrt(gain) * X, full_matrices=False)
    return CompressedPatterns(
        Q=U[:, :rank].astype(np.float32),
        B=(values[:rank, None] * rows[:rank]).astype(np.float32),
        row_scale=np.arange(1.0, N + 1),
        column_scale=np.ones(M, np.float32),
        singular_values=values[:rank],
        noise_variance=gain,
        noise_edge=np.sqrt(gain) * EDGE,
        n_significant=n_significant,
        residual=np.linspace(0.5, 2, N),
        squared_norm=gain * np.square(X).sum(),
        noise="poisson",
        row_limit=np.inf,
        n_reads=1,
    )


class Planted:
    """Two strong directions, a weak one and two broad ones in noise.

    The weak one shows on its own, but half of it is one of the broad ones.
    """

    def __init__(self, gain=1.0, seed=0):
        rng = np.random.default_rng(seed)
        left, right = orthonormal(N, 4, seed), orthonormal(M, 4, seed + 1)
        self.X = left * [400, 250, 60, 30] @ right.T + rng.normal(size=(N, M))
        self.result = decomposed(self.X, 3, 10, gain)
        self.scaled = np.sqrt(gain) * self.X
        # Some of the strong ones among the broad ones, and one that is noise.
        some = np.column_stack([right[:, [0, 2, 3]], orthonormal(M, 1, seed + 2)])
        self.columns = np.linalg.qr(some)[0]
        self.scores = self.scaled @ self.columns
        self.right = right


@pytest.fixture(params=[1.0, 7.3])
def planted(request):
    return Planted(request.param)


@pytest.fixture
def with_more(planted):
    edge = 25.0
    planted.result.add_broad(planted.columns, planted.scores, edge)
    return planted


def projector(rows):
    directions = np.linalg.qr(np.asarray(rows, float).T)[0]
    return directions @ directions.T


def assert_orthogonal(result):
    np.testing.assert_allclose(result.Q.T @ result.Q, np.eye(result.rank), atol=1e-4)
    squares = np.diag(result.singular_values**2)
    np.testing.assert_allclose(
        result.B @ result.B.T, squares, atol=1e-5 * squares.max()
    )
    assert (np.diff(result.singular_values) <= 0).all()
    assert result.Q.dtype == result.B.dtype == np.float32


def test_broad_ones_are_new_and_above_the_edge(with_more):
    result = with_more.result
    rows, scores = result.broad_rows, result.broad_scores
    assert rows.shape == (2, M)
    assert rows.dtype == scores.dtype == np.float32
    np.testing.assert_allclose(rows @ rows.T, np.eye(2), atol=1e-5)
    np.testing.assert_allclose(rows @ result.B[:2].T / 1000, 0, atol=1e-5)
    np.testing.assert_allclose(scores, with_more.scaled @ rows.T, atol=1e-2)
    held = projector(rows)
    for planted in with_more.right[:, 2:].T:
        assert np.linalg.norm(held @ planted) > 0.95
    # The rest stays as it is.
    assert (result.n_significant, result.rank) == (3, 10)


def test_what_is_below_the_edge_is_noise(planted):
    result = planted.result
    sizes = np.linalg.norm(planted.X @ planted.right[:, 2:], axis=0)
    for edge, n_broad in ((25, 2), (sizes.mean(), 1), (1.5 * sizes[0], 0)):
        result.broad_rows = result.broad_scores = None
        result.add_broad(planted.columns, planted.scores, edge)
        found = 0 if result.broad_rows is None else len(result.broad_rows)
        assert found == n_broad
        assert (result.broad_scores is None) == (n_broad == 0)


def test_what_is_held_already_is_not_taken_again(planted):
    result = planted.result
    strong = result.B[:2].T / result.singular_values[:2]
    result.add_broad(strong, planted.scaled @ strong, 0.0)
    assert result.broad_rows is None


def test_all_in_one(with_more):
    result = with_more.result
    found = result.with_broad()
    assert_orthogonal(found)
    assert found.rank == found.n_significant == len(found.singular_values)
    assert found.broad_rows is None
    assert found.broad_scores is None
    # The weak one is in the broad ones: what else is in it is noise.
    assert found.rank == 4
    everything = projector(found.B)
    for part in (result.B[:2], result.broad_rows):
        np.testing.assert_allclose(part @ everything, part, atol=1e-3)
    np.testing.assert_allclose(
        found.Q @ found.B, with_more.scaled @ everything, 0, 0.02
    )
    for name in ("noise_edge", "noise_variance", "n_reads", "squared_norm"):
        assert getattr(found, name) == getattr(result, name)
    # The original is as it was.
    assert result.broad_rows is not None
    assert (result.n_significant, result.rank) == (3, 10)


def test_weak_ones_that_no_broad_one_holds_stay():
    planted = Planted()
    result = planted.result
    result.add_broad(planted.right[:, 3:], planted.X @ planted.right[:, 3:], 25.0)
    found = result.with_broad()
    assert_orthogonal(found)
    assert found.rank == 4
    everything = projector(found.B)
    for part in (result.B[:3] / result.singular_values[:3, None], result.broad_rows):
        assert (np.linalg.norm(part @ everything, axis=1) > 0.97).all()
    np.testing.assert_allclose(found.Q @ found.B, planted.X @ everything, atol=0.1)


def test_nothing_strong():
    X = np.random.default_rng(0).normal(size=(N, M))
    columns = orthonormal(M, 2)
    X += orthonormal(N, 2, 5) * 30 @ columns.T
    result = decomposed(X, 0, 10)
    result.add_broad(columns, X @ columns, 25.0)
    found = result.with_broad()
    assert_orthogonal(found)
    np.testing.assert_allclose(found.Q @ found.B, X @ columns @ columns.T, atol=1e-3)


def test_nothing_broad(planted):
    result = planted.result
    assert result.with_broad() is result
    result.add_broad(planted.columns[:, :0], planted.scores[:, :0], 1.0)
    assert result.with_broad() is result


@pytest.mark.parametrize("has_broad", [True, False])
def test_taken(planted, has_broad):
    result = planted.result
    if has_broad:
        result.add_broad(planted.columns, planted.scores, 25.0)
    rows = np.array([7, 300, 2])
    found = result.take(rows)
    assert found.shape == (3, M)
    for name in ("Q", "row_scale", "residual", "broad_scores"):
        whole = getattr(result, name)
        if whole is None:
            assert getattr(found, name) is None
        else:
            np.testing.assert_array_equal(getattr(found, name), whole[rows])
    for name in ("B", "column_scale", "singular_values", "broad_rows"):
        assert getattr(found, name) is getattr(result, name)
    np.testing.assert_array_equal(found.reconstruct(), result.reconstruct()[rows])
    assert result.shape == (N, M)


def test_compressed_counts_with_broad_structure():
    """Of a whole compression, as good as its singular vectors are."""
    n = 600
    kind = np.random.default_rng(0).integers(2, size=n)
    x = np.arange(26)
    spots = np.exp(-np.square(x - np.array([[11.6], [13.4]])) / 18)
    spots = np.exp(-np.square(np.arange(24) - 12) / 18)[:, None] * spots[:, None]
    spots = 0.5 * spots / spots[0].sum() + 0.5 / spots[0].size
    X = np.random.default_rng(1).poisson(80 * spots[kind]).astype(np.uint16)
    result = compress_patterns(PatternBlocks(X, 1), random_state=0, device="cpu")
    found = result.with_broad()
    assert found.rank == 2
    assert_orthogonal(found)
    scaled = X.reshape(n, -1) * result.row_scale[:, None] * result.column_scale
    model = scaled @ projector(found.B)
    assert np.linalg.norm(found.Q @ found.B - model) < 0.01 * np.linalg.norm(model)


def test_remainder():
    X = np.random.default_rng(0).normal(size=(N, M))
    right = orthonormal(M, 5)
    # Two of them are held, one is nearly.
    more = np.column_stack([right[:, :2], orthonormal(M, 4, 3)])
    more[:, 2] = right[:, 2] + 0.05 * more[:, 2]
    more = np.linalg.qr(more)[0]
    found, scores, values = find_remainder(right, X @ right, more, X @ more)
    assert found.shape == (M, 4)
    np.testing.assert_allclose(found.T @ found, np.eye(4), atol=1e-5)
    np.testing.assert_allclose(found.T @ right, 0, atol=1e-5)
    np.testing.assert_allclose(scores, X @ found, atol=1e-4)
    np.testing.assert_allclose(values, np.linalg.norm(scores, axis=0), rtol=1e-5)
    np.testing.assert_allclose(scores.T @ scores, np.diag(values**2), atol=1e-2)
    assert (np.diff(values) <= 0).all()
    both = projector(np.column_stack([right, found]).T)
    np.testing.assert_allclose(both @ more, more, atol=1e-5)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_singular_values(kind):
    scores = np.random.default_rng(0).normal(size=(N, 6)) * [90, 40, 20, 9, 3, 1]
    scores = (scores @ orthonormal(6, 6)).astype(kind)
    values, rotation = decompose_gram(scores.T @ scores)
    np.testing.assert_allclose(values, np.linalg.svd(scores, compute_uv=False), 1e-4)
    Q = scores @ rotation / values
    np.testing.assert_allclose(Q.T @ Q, np.eye(6), atol=1e-3)
    np.testing.assert_allclose(rotation.T @ rotation, np.eye(6), atol=1e-5)
