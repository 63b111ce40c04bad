"""The compressed patterns: the best of their rank, with the noise known."""

from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest
from scipy.linalg import svd

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.compression._passes import (
    CrossPass,
    GramPass,
    Statistics,
    gathered,
)
from hyperspy_4dphase.estimators.compression._scaling import Balance, Scaling

from ..conftest import N_PATTERNS, N_PIXELS, RANK, cosines, counted, planted


def compress(X, **options):
    return compress_patterns(X, **{"random_state": 0, "device": "cpu", **options})


def scaled(X, result):
    return X * result.row_scale[:, None].astype(float) * result.column_scale


def model(result, rank=None):
    rank = result.n_significant if rank is None else rank
    return result.Q[:, :rank].astype(float) @ result.B[:rank]


def assert_same(one, other, tolerance=1e-4):
    assert one.n_significant == other.n_significant
    for name in ("row_scale", "column_scale", "noise_variance", "noise_edge"):
        np.testing.assert_allclose(
            getattr(one, name), getattr(other, name), rtol=tolerance, err_msg=name
        )
    difference = np.linalg.norm(model(one) - model(other))
    assert difference < tolerance * np.linalg.norm(model(other))
    np.testing.assert_allclose(one.residual, other.residual, atol=100 * tolerance)


@pytest.mark.parametrize("noise", ["poisson", "uniform"])
class TestDecomposition:
    @pytest.fixture
    def X(self, noise, truth):
        if noise == "poisson":
            return counted(truth)
        deviation = np.random.default_rng(3).normal(0, 3, truth.shape)
        return np.rint(truth + 20 + deviation).astype(np.uint16)

    def test_orthonormal(self, X, noise):
        result = compress(X, noise=noise)
        np.testing.assert_allclose(
            result.Q.T @ result.Q, np.eye(result.rank), atol=2e-4
        )
        squares = np.diag(result.singular_values**2)
        np.testing.assert_allclose(
            result.B @ result.B.T, squares, atol=1e-5 * squares.max()
        )
        assert (np.diff(result.singular_values) <= 0).all()
        assert result.Q.dtype == result.B.dtype == np.float32

    def test_best_of_its_rank(self, X, noise):
        result = compress(X, noise=noise)
        whole = scaled(X, result)
        U, s, Vt = svd(whole, full_matrices=False)
        k = result.n_significant
        np.testing.assert_allclose(result.singular_values[:k], s[:k], rtol=1e-3)
        best = (U[:, :k] * s[:k]) @ Vt[:k]
        assert np.linalg.norm(model(result) - best) < 0.02 * np.linalg.norm(best)
        left = np.linalg.norm(whole - model(result))
        assert left < (1 + 1e-4) * np.linalg.norm(whole - best)
        np.testing.assert_allclose(result.squared_norm, (s**2).sum(), rtol=1e-5)

    def test_residual_is_what_is_left(self, X, noise):
        result = compress(X, noise=noise)
        left = ((scaled(X, result) - model(result, result.rank)) ** 2).sum(axis=1)
        expected = result.noise_variance * (N_PIXELS - result.rank)
        # Exact in the sum, and for a pattern as far as the noise directions are.
        np.testing.assert_allclose(result.residual, left / expected, rtol=0.06)
        np.testing.assert_allclose(result.residual.sum(), left.sum() / expected, 1e-3)

    def test_any_split_is_one_block(self, X, noise, streamed):
        whole = compress(X, noise=noise)
        for n_rows in (1, 7, 599):
            blocks = PatternBlocks(X, 1, block_values=n_rows * X[0].size)
            assert blocks.n_blocks == -(-N_PATTERNS // n_rows)
            assert_same(compress(blocks, noise=noise), whole)
        cut = da.from_array(X, chunks=((100, 3, 497), (50, 120)))
        assert_same(compress(PatternBlocks(cut, 1), noise=noise), whole)

    def test_same_seed_same_result(self, X, noise):
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        kept = X.copy()
        one, other = compress(X, noise=noise), compress(X, noise=noise)
        np.testing.assert_array_equal(one.Q, other.Q)
        np.testing.assert_array_equal(one.B, other.B)
        np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
        np.testing.assert_array_equal(X, kept)
        assert_same(compress(X, noise=noise, random_state=5), one, 5e-3)

    @pytest.mark.parametrize("dtype", ["f4", "f8", "i4", ">u2", ">f4"])
    def test_type_does_not_matter(self, X, noise, dtype):
        assert_same(compress(X.astype(dtype), noise=noise), compress(X, noise=noise))


def spoilt(name, W, H):
    """Expected counts after one of the things that happen to scans."""
    expected = W @ H
    rng = np.random.default_rng(4)
    if name == "vacuum rows":
        expected[50:110] = 0
    elif name == "vacuum beam":
        expected[50:110] = 0
        expected[50:110, 0] = 2000
        return expected, RANK + 1
    elif name == "unequal brightness":
        expected *= rng.uniform(0.1, 3, (len(W), 1))
    elif name == "dead pixels":
        expected[:, [3, 50, 169]] = 0
    elif name == "dead half":
        expected[:, 85:] = 0
    elif name == "hot pixel":
        # As all patterns have the same sum, this makes no more of them.
        expected[:, 17] += 10_000
    return expected, RANK


SPOILT = [
    "nothing",
    "vacuum rows",
    "vacuum beam",
    "unequal brightness",
    "dead pixels",
    "dead half",
    "hot pixel",
]


@pytest.mark.parametrize("name", SPOILT)
def test_rank_of_spoilt_scans(name):
    expected, rank = spoilt(name, *planted())
    result = compress(counted(expected))
    assert result.n_significant == rank
    assert result.noise_variance == pytest.approx(1, rel=0.02)
    for array in (result.Q, result.B, result.row_scale, result.column_scale):
        assert np.isfinite(array).all()
    empty = expected.sum(axis=1) == 0
    assert (result.row_scale[empty] == 0).all()
    assert (result.Q[empty] == 0).all()
    assert (result.reconstruct()[empty] == 0).all()


@pytest.mark.parametrize("dose", [150, 1500, 40_000])
@pytest.mark.parametrize("seed", [0, 1])
def test_rank_at_any_dose(dose, seed):
    W, H = planted(dose=dose, seed=seed)
    result = compress(counted(W @ H, seed))
    assert result.n_significant == RANK
    assert result.noise_variance == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("dose", [200, 5000])
def test_noise_has_one_direction(seed, dose):
    W, H = planted(rank=1, dose=dose, seed=seed)
    assert compress(counted(W @ H, seed)).n_significant == 1


def test_uniform_noise():
    W, H = planted(dose=8000)
    noise = np.random.default_rng(3).normal(0, 5, (N_PATTERNS, N_PIXELS))
    result = compress(W @ H + 40 + noise, noise="uniform")
    assert result.n_significant == RANK
    assert result.noise_variance == pytest.approx(25, rel=0.02)
    assert (result.row_scale == 1).all()
    assert (result.column_scale == 1).all()


@pytest.mark.parametrize("gain", [0.01, 30.0])
def test_variance_is_the_gain(X, gain):
    result = compress(gain * X.astype(np.float32))
    assert result.n_significant == RANK
    assert result.noise_variance == pytest.approx(gain, rel=0.02)


def test_residual_of_noise_is_one(X):
    residual = compress(X).residual
    # Less than 1, as the directions kept are where noise is strongest.
    assert residual.mean() == pytest.approx(1, abs=0.1)
    assert residual.std() < 3 * np.sqrt(2 / N_PIXELS)


@pytest.mark.parametrize(
    ("n_rare", "n_pixels", "dose", "options", "least"),
    [(8, 310, 2000, {}, 0.98), (6, 1500, 600, {"power_iterations": 2}, 0.92)],
)
@pytest.mark.parametrize("seed", range(2))
def test_rare_pattern(n_rare, n_pixels, dose, options, least, seed, monkeypatch):
    """Also where the sample is so small that it probably holds none of them.

    The second case comes out at 0.81 if nothing looks for what stands out.
    """
    module = "hyperspy_4dphase.estimators.compression."
    monkeypatch.setattr(module + "_compress._HELD_VALUES", 0)
    monkeypatch.setattr(module + "_first_read._SAMPLE_VALUES", 100 * n_pixels)
    W, H = planted(2000, n_pixels, dose=dose, seed=seed)
    rare = np.random.default_rng(seed + 9).gamma(0.3, 1, n_pixels)
    expected = W @ H
    rows = np.random.default_rng(seed).choice(2000, n_rare, replace=False)
    expected[rows] = dose * rare / rare.sum()
    result = compress(counted(expected), random_state=seed, **options)
    assert result.n_significant == RANK + 1
    assert cosines(rare[None], result.reconstruct(rows)).min() > least


def test_reads(X, streamed):
    lazy = da.from_array(X, chunks=(97, 170))
    assert 2 <= compress(PatternBlocks(lazy, 1)).n_reads <= 4
    for n in (1, 2, 5):
        assert compress(PatternBlocks(lazy, 1), power_iterations=n).n_reads == 1 + n


def test_small_scans_are_read_once(X):
    assert compress(PatternBlocks(da.from_array(X, chunks=97), 1)).n_reads == 1


@pytest.mark.parametrize("rank", [1, 9, 400])
def test_rank_asked_for(X, rank):
    result = compress(X, rank=rank, oversampling=3)
    assert result.rank == min(max(rank, RANK) + 3, N_PIXELS)
    assert result.shape == (N_PATTERNS, N_PIXELS)
    assert result.n_significant == RANK


def test_reconstruction_has_less_noise(X, truth):
    result = compress(X)
    found = result.reconstruct()
    assert np.linalg.norm(found - truth) < 0.25 * np.linalg.norm(X - truth)
    np.testing.assert_array_equal(result.reconstruct([7, 3]), found[[7, 3]])
    everything = compress(X, rank=N_PIXELS).reconstruct(rank=N_PIXELS)
    np.testing.assert_allclose(everything, X, atol=1e-3 * X.max())


def test_errors(X):
    with pytest.raises(ValueError, match="empty"):
        compress(np.zeros((9, 5), int))
    with pytest.raises(ValueError, match="noise='gauss'; expected one of .*'poisson'"):
        compress(X, noise="gauss")
    with pytest.raises(ValueError, match="device='abacus' is not known"):
        compress(X, device="abacus")
    with pytest.raises(ValueError, match="1 negative"):
        compress(np.where(np.arange(X.size).reshape(X.shape) == 5, -1, X.astype(int)))


def passes(X, scaling=None):
    V = np.random.default_rng(2).standard_normal((N_PIXELS, 6)).astype(np.float32)
    weight = np.random.default_rng(3).uniform(0.5, 2, N_PIXELS)
    scaling = scaling or Scaling(weight, row_limit=140.0)
    return V, scaling, GramPass(V, scaling, 5)


def exact(X, V, scaling):
    X = X.astype(float)
    u = N_PIXELS / (X @ scaling.column_weight)
    u = np.minimum(u, scaling.row_limit / X.sum(axis=1))
    return X * np.sqrt(u[:, None] * scaling.column_weight), u


@pytest.mark.parametrize("tile_bytes", [1, 4 * 170 * 11, 2**22])
def test_gram_pass(X, tile_bytes, monkeypatch):
    monkeypatch.setattr(
        "hyperspy_4dphase.estimators.compression._passes._TILE_BYTES", tile_bytes
    )
    V, scaling, function = passes(X)
    A, u = exact(X, V, scaling)
    assert 0 < (u * X.sum(axis=1) > 139.9).sum() < N_PATTERNS
    products = PatternBlocks(X, 1, block_values=X[:37].size).reduce(
        function, GramPass.merge
    )
    Y, norms, found_u, noise = gathered(products.rows)
    np.testing.assert_allclose(Y, A @ V, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(products.Z, A.T @ (A @ V), rtol=1e-3, atol=2)
    np.testing.assert_allclose(norms, (A**2).sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(found_u, u, rtol=1e-5)
    np.testing.assert_allclose(products.column_sums, u @ X, rtol=1e-4)
    excess = norms - (Y.astype(float) ** 2).sum(axis=1) - noise
    assert set(products.outstanding_rows) == set(np.argsort(excess)[-5:])
    np.testing.assert_array_equal(products.outstanding, X[products.outstanding_rows])


def test_cross_pass(X):
    V, scaling, _ = passes(X)
    pieces = PatternBlocks(X, 1, block_values=X[:37].size).reduce(
        CrossPass(V.T, scaling), CrossPass.merge
    )
    cross, u = gathered(pieces)
    A, expected = exact(X, V, scaling)
    np.testing.assert_allclose(cross, A @ V, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(u, expected, rtol=1e-5)


def test_statistics(X):
    picked = np.random.default_rng(2).random(N_PATTERNS) < 0.2
    blocks = PatternBlocks(X, 1, block_values=X[:37].size)
    counts, shares, totals, sampled, _, _ = blocks.reduce(
        Statistics(picked), Statistics.merge
    )
    np.testing.assert_array_equal(counts, X.sum(axis=0))
    np.testing.assert_allclose(shares, (X / X.sum(axis=1)[:, None]).sum(axis=0), 1e-5)
    np.testing.assert_array_equal(gathered(totals)[0], X.sum(axis=1))
    rows = np.concatenate([rows for rows, _ in sampled])
    np.testing.assert_array_equal(np.sort(rows), np.flatnonzero(picked))
    np.testing.assert_array_equal(np.concatenate([p for _, p in sampled]), X[rows])


def test_statistics_of_squares(X):
    held = np.random.default_rng(2).random(N_PATTERNS) < 0.2
    coarse = SimpleNamespace(counts=lambda patterns: patterns[:, ::7] + 1)
    function = Statistics(np.zeros(N_PATTERNS, bool), held, coarse)
    blocks = PatternBlocks(X, 1, block_values=X[:37].size)
    squares = blocks.reduce(function, Statistics.merge)[-2]
    rows = np.concatenate([rows for rows, _ in squares])
    np.testing.assert_array_equal(np.sort(rows), np.flatnonzero(held))
    found = np.concatenate([values for _, values in squares])
    np.testing.assert_array_equal(found, X[rows, ::7] + 1)


def test_balance_uses_the_whole_sample(monkeypatch):
    """Where it cannot use all of it, the part must not be the top of the scan."""
    expected = np.full((N_PATTERNS, N_PIXELS), 20.0)
    expected[300:, 7] = 4000
    sample, ones = counted(expected), np.ones(N_PIXELS)
    full = Balance(sample).refined(ones, ones).column_weight
    monkeypatch.setattr(
        "hyperspy_4dphase.estimators.compression._scaling._BALANCED_BYTES",
        sample.size * 4 // 3,
    )
    part = Balance(sample).refined(ones, ones).column_weight
    assert abs(full[7] / full[8] - 1) > 0.2
    np.testing.assert_allclose(part, full, rtol=0.1)


@pytest.mark.parametrize("poisson", [True, False])
@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", ">u2", "i4", "f4", ">f8"])
def test_torch_product(X, dtype, poisson):
    torch = pytest.importorskip("torch")
    X = np.minimum(X, 255).astype(dtype)
    X[11] = 0
    X.flags.writeable = False
    V, scaling, function = passes(X)
    scaling.poisson = poisson
    ours = function(X, np.arange(N_PATTERNS))
    function.device = torch.device("cpu")
    theirs = function(X, np.arange(N_PATTERNS))
    np.testing.assert_allclose(theirs.Z, ours.Z, rtol=1e-3, atol=1e-4 * ours.Z.max())
    np.testing.assert_allclose(theirs.column_sums, ours.column_sums, rtol=1e-4)
    for one, other in zip(gathered(theirs.rows), gathered(ours.rows), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4 * abs(other).max())
        assert one.dtype == other.dtype
    assert set(theirs.outstanding_rows) == set(ours.outstanding_rows)


def test_gpu(X):
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA GPU here")
    assert_same(compress(X, device="cuda"), compress(X), 1e-3)


def test_no_gpu_is_said(X):
    torch = pytest.importorskip("torch")
    n_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    with pytest.raises(ValueError, match=f"torch sees {n_gpus} CUDA GPUs here"):
        compress(X, device=f"cuda:{n_gpus}")
