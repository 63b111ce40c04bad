"""Weak structure that is wider than a pixel is found in sums of pixels."""

import dask.array as da
import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.compression._coarse import CoarsePixels

from ..conftest import counted

SIGNAL = (33, 38)
SHAPES = [((16, 16), 2), ((33, 38), 2), ((17, 97), 2), ((130, 65), 3)]


def spot(x, y=16.0, width=3.0):
    """A wide spot on an even background, of sum 1."""
    squared = np.square(np.indices(SIGNAL) - np.reshape([y, x], (2, 1, 1))).sum(axis=0)
    found = np.exp(-squared / (2 * width**2))
    return 0.5 * found / found.sum() + 0.5 / found.size


def two_kinds(dose, shift, seed, n=500):
    """Counts (n, ny, nx) of two spots that are shifted, and which it is."""
    kind = np.random.default_rng(seed).integers(2, size=n)
    spots = np.stack([spot(19 - shift / 2), spot(19 + shift / 2)])
    return counted(dose * spots[kind], seed), kind


def compress(X, **options):
    blocks = X if isinstance(X, PatternBlocks) else PatternBlocks(X, 1)
    return compress_patterns(blocks, **{"random_state": 0, "device": "cpu"} | options)


def some_pixels(shape, seed=0):
    """Most of the pixels, at least one of each square."""
    some = np.random.default_rng(seed).random(shape) < 0.6
    return (some | (np.indices(shape).sum(axis=0) % 2 == 0)).ravel()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("shape", "factor"), SHAPES)
def test_counts_are_sums_of_counts(shape, factor, masked):
    X = counted(np.full((5, *shape), 3.0)).reshape(5, -1)
    kept = some_pixels(shape) if masked else np.ones(X.shape[1], bool)
    found = CoarsePixels(shape, kept if masked else None).counts(X[:, kept])
    n_y, n_x = (-(-size // factor) for size in shape)
    y, x = np.indices(shape).reshape(2, -1)
    y, x = (
        (at + (-size % factor) // 2) // factor
        for at, size in zip((y, x), shape, strict=True)
    )
    literal = np.zeros((5, n_y, n_x), int)
    np.add.at(literal, (slice(None), y, x), np.where(kept, X, 0).astype(int))
    np.testing.assert_array_equal(found, literal.reshape(5, -1))
    np.testing.assert_array_equal(found.sum(axis=1), X[:, kept].sum(axis=1))
    assert found.dtype == np.uint16


def test_no_count_wraps_or_is_cut():
    coarse = CoarsePixels((16, 18))
    many = coarse.counts(np.full((2, 288), 60_000, np.uint16))
    np.testing.assert_array_equal(many, 240_000)
    some = coarse.counts(np.full((2, 288), 0.3, np.float32))
    np.testing.assert_allclose(some, 1.2, rtol=1e-6)


@pytest.mark.parametrize("shape", [(608,), (15, 40), (40, 15), (16, 16, 2)])
def test_no_squares_of_other_detectors(shape):
    coarse = CoarsePixels(shape)
    assert not coarse.exist
    assert coarse.n_held == 0
    assert compress(counted(np.ones((40, *shape)))).broad_rows is None


def structured(masked, n=400):
    """Counts of squares, of pixels, and where these are, with several directions."""
    rng = np.random.default_rng(5)
    spots = np.stack([spot(x, y, 2.5) for x, y in ((9, 9), (28, 9), (9, 25), (19, 16))])
    X = counted(4000 * np.einsum("ik,kyx->iyx", rng.dirichlet(np.ones(4), n), spots))
    kept = some_pixels(SIGNAL) if masked else None
    X = X.reshape(n, -1) if kept is None else X.reshape(n, -1)[:, kept]
    coarse = CoarsePixels(SIGNAL, kept)
    squares = coarse.counts(X)
    found = compress_patterns(squares, random_state=0, device="cpu")
    return coarse, squares, found, X


@pytest.mark.parametrize("masked", [False, True])
def test_directions_among_squares_are_directions_among_pixels(masked):
    coarse, squares, found, X = structured(masked)
    k = found.n_significant
    assert k == 4
    rng = np.random.default_rng(1)
    weight, row_scale = rng.uniform(0.2, 5, X.shape[1]), rng.uniform(0.5, 2, len(X))
    columns, scores = coarse.spread(found, weight, row_scale)
    assert columns.shape == (X.shape[1], k)
    assert columns.dtype == np.float32
    np.testing.assert_allclose(columns.T @ columns, np.eye(k), atol=1e-5)
    # The same numbers, but for a rotation and what each pattern is multiplied by.
    of_squares = (squares * found.column_scale) @ found.B[:k].T
    of_pixels = (X * np.sqrt(weight)) @ columns
    turned = np.linalg.lstsq(of_pixels, of_squares, rcond=None)[0]
    np.testing.assert_allclose(
        of_pixels @ turned, of_squares, atol=1e-4 * np.abs(of_squares).max()
    )
    expected = row_scale[:, None] * of_pixels
    error = np.linalg.norm(scores - expected, axis=0)
    assert (error < 0.01 * np.linalg.norm(expected, axis=0)).all()


def test_pixels_without_weight_are_in_no_direction():
    coarse, _, found, X = structured(False)
    weight = np.ones(X.shape[1])
    weight[::7] = 0
    columns, scores = coarse.spread(found, weight, found.row_scale)
    np.testing.assert_allclose(columns[::7], 0, atol=1e-9)
    np.testing.assert_allclose(columns.T @ columns, np.eye(4), atol=1e-5)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("dose", "shift"), [(60, 1.6), (100, 1.3), (200, 0.9)])
def test_weak_wide_structure_is_found(dose, shift, seed):
    X, kind = two_kinds(dose, shift, seed)
    result = compress(X)
    assert result.n_significant == 1
    assert result.with_broad().n_significant == 2
    assert result.broad_rows.shape == (1, X[0].size)
    assert result.broad_scores.shape == (500, 1)
    assert abs(np.corrcoef(result.broad_scores[:, 0], kind)[0, 1]) > 0.5
    direction = (spot(19 + shift / 2) - spot(19 - shift / 2)).ravel()
    direction = direction / result.column_scale.clip(1e-9)
    direction *= result.column_scale**2
    direction /= np.linalg.norm(direction)
    assert abs(result.broad_rows[0] @ direction) > 0.5


def noise(name, dose, rng):
    """Patterns that are all of one kind, as blocks."""
    pattern = np.full(SIGNAL, 1 / 1254) if name == "even" else spot(18.3, 15.2, 2.5)
    bright = rng.uniform(0.2, 3, (400, 1, 1)) if name == "brightness" else 1.0
    expected = dose * bright * pattern * np.ones((400, 1, 1))
    if name == "uniform":
        return np.abs(expected + 30 + rng.normal(0, 2, expected.shape))
    return rng.poisson(expected).astype(np.uint16)


@pytest.mark.parametrize("dose", [100, 2000])
@pytest.mark.parametrize("name", ["even", "spot", "brightness", "uniform"])
def test_noise_shows_nothing_wide(name, dose):
    for seed in range(2):
        X = noise(name, dose, np.random.default_rng(seed))
        options = {"noise": "uniform"} if name == "uniform" else {}
        result = compress(X, random_state=seed, **options)
        assert result.n_significant == 1
        assert result.broad_rows is None
        assert result.broad_scores is None


@pytest.mark.parametrize("seed", range(2))
def test_noise_shows_nothing_wide_beside_a_mask(seed):
    X = noise("even", 500, np.random.default_rng(seed))
    kept = np.indices(SIGNAL)[0].ravel() < 12
    blocks = PatternBlocks(X, 1, kept_pixels=kept)
    coarse = CoarsePixels(SIGNAL, kept)
    squares = compress(coarse.counts(X.reshape(400, -1)[:, kept]))
    assert squares.n_significant == 1
    assert compress(blocks).broad_rows is None


@pytest.mark.parametrize("seed", range(2))
def test_masked_is_as_if_cut_off(seed):
    X, _ = two_kinds(100, 1.4, seed)
    kept = np.zeros(SIGNAL, bool)
    kept[8:24] = True
    masked = compress(PatternBlocks(X, 1, kept_pixels=kept.ravel()))
    cut = compress(X[:, 8:24])
    assert len(masked.broad_rows) == len(cut.broad_rows) == 1
    assert aligned(masked, cut) > 0.99


@pytest.mark.parametrize("noise", ["poisson", "uniform"])
@pytest.mark.parametrize("masked", [False, True])
def test_the_rest_does_not_depend_on_squares(masked, noise):
    X, _ = two_kinds(200, 1.6, 0)
    kept = some_pixels(SIGNAL) if masked else None
    images = compress(PatternBlocks(X, 1, kept_pixels=kept), noise=noise)
    lines = PatternBlocks(X.reshape(500, -1), 1, kept_pixels=kept)
    flat = compress(lines, noise=noise)
    assert flat.broad_rows is None
    assert noise == "uniform" or images.broad_rows is not None
    without = PatternBlocks(X, 1, kept_pixels=kept)
    without = compress(without, noise=noise, squares=False)
    assert without.broad_rows is None
    for other in (flat, without):
        for name in (
            "Q",
            "B",
            "singular_values",
            "row_scale",
            "column_scale",
            "residual",
        ):
            np.testing.assert_array_equal(getattr(images, name), getattr(other, name))
        for name in ("n_significant", "n_reads", "rank"):
            assert getattr(images, name) == getattr(other, name)


def aligned(one, other):
    """Cosine of two single directions."""
    return abs(float(one.broad_rows[0] @ other.broad_rows[0]))


def test_any_blocks_give_the_same(streamed):
    X, _ = two_kinds(100, 1.6, 2)
    whole = compress(X)
    cut = PatternBlocks(X, 1, block_values=37 * X[0].size)
    lazy = PatternBlocks(da.from_array(X, chunks=(123, 20, 38)), 1)
    for blocks in (cut, lazy):
        result = compress(blocks)
        assert aligned(result, whole) > 1 - 1e-4
        scores = result.broad_scores * np.sign(
            result.broad_rows[0] @ whole.broad_rows[0]
        )
        np.testing.assert_allclose(scores, whole.broad_scores, atol=1e-2)
