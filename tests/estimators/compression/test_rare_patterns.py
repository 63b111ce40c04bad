"""A handful of patterns that are like no other are found and kept."""

import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.compression._passes import GramPass
from hyperspy_4dphase.estimators.compression._rare_patterns import (
    find_outliers,
    find_rare_directions,
)
from hyperspy_4dphase.estimators.compression._scaling import Scaling

from ..conftest import RANK, cosines, counted, planted


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
    monkeypatch.setattr(module + "_compress._MAX_HELD_VALUES", 0)
    monkeypatch.setattr(module + "_compress._MAX_PACKED_BYTES", 0)
    monkeypatch.setattr(module + "_first_read._SAMPLE_VALUES", 100 * n_pixels)
    W, H = planted(2000, n_pixels, dose=dose, seed=seed)
    rare = np.random.default_rng(seed + 9).gamma(0.3, 1, n_pixels)
    expected = W @ H
    rows = np.random.default_rng(seed).choice(2000, n_rare, replace=False)
    expected[rows] = dose * rare / rare.sum()
    result = compress_patterns(
        counted(expected), random_state=seed, device="cpu", **options
    )
    assert result.n_significant == RANK + 1
    assert cosines(rare[None], result.reconstruct(rows)).min() > least


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_rare", [0, 1, 12])
def test_only_what_stands_out_is_rare(n_rare, seed):
    rng = np.random.default_rng(seed)
    usual, other = rng.gamma(1, 20, (2, 200))
    X = rng.poisson(np.tile(usual, (500, 1)))
    rows = rng.choice(500, n_rare, replace=False)
    X[rows] = rng.poisson(usual / 2 + other / 2, (n_rare, 200))
    scaling = Scaling(1 / usual)
    V = (np.sqrt(usual) / np.sqrt(usual.sum()))[:, None].astype(np.float32)
    products = PatternBlocks(X, 1).accumulate(GramPass(V, scaling, 50))
    is_rare = find_outliers(products)
    assert set(products.join("outstanding_rows")[is_rare]) >= set(rows)
    assert is_rare.sum() <= n_rare + 1
    directions = find_rare_directions(products, V, scaling)
    assert directions.shape == (200, min(is_rare.sum(), 8))
    k = directions.shape[1]
    np.testing.assert_allclose(directions.T @ directions, np.eye(k), atol=1e-5)
    if n_rare:
        difference = (other - usual) / np.sqrt(usual)
        difference -= V[:, 0] * (V[:, 0] @ difference)
        share = np.linalg.norm(directions.T @ difference) / np.linalg.norm(difference)
        assert share > 0.9
