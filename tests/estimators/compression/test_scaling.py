"""Units in which noise is white, and the end of its spectrum."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.compression._scaling import (
    Balance,
    Scaling,
    find_noise_edge,
    largest_noise_value,
)

from ..conftest import N_PATTERNS, N_PIXELS, counted
from ..detector_scans import NAVIGATION, SIGNAL
from ..detector_scans import counted as camera_counts

N, M = int(np.prod(NAVIGATION)), int(np.prod(SIGNAL))


class TestScaling:
    def test_floor_adds_to_rows_and_columns(self):
        weight = np.random.default_rng(0).random(9) + 0.5
        scaling = Scaling(weight, floor=4.0)
        X = np.random.default_rng(1).poisson(3, (7, 9)).astype(float)
        u = scaling.row_weights(X @ weight, X.sum(axis=1))
        np.testing.assert_allclose(u, 9 / ((X + 4) @ weight), rtol=1e-6)
        np.testing.assert_allclose(scaling.row_noise(u, X @ weight), 9, rtol=1e-6)
        np.testing.assert_allclose(
            scaling.column_noise(u @ X, u), u @ (X + 4) * weight, rtol=1e-6
        )

    def test_without_counts_there_is_still_readout_noise(self):
        scaling = Scaling(np.ones(9), floor=4.0)
        u = scaling.row_weights(np.zeros(2), np.zeros(2))
        np.testing.assert_allclose(u, 1 / 4)
        none = Scaling(np.ones(9)).row_weights(np.zeros(2), np.zeros(2))
        np.testing.assert_array_equal(none, 0)

    def test_balanced_with_a_floor(self):
        """Rows and columns of the variance have the mean one."""
        expected = camera_counts("overlapping").reshape(N, M).astype(float)
        balance = Balance(expected, floor=9.0)
        u = 1 / (expected.sum(axis=1) + 9 * M)
        first = N / (u @ (expected + 9))
        scaling = balance.refine(first, np.ones(M), 30)
        rows = scaling.row_weights(
            expected @ scaling.column_weight, expected.sum(axis=1)
        )
        variance = rows[:, None] * (expected + 9) * scaling.column_weight
        np.testing.assert_allclose(variance.mean(axis=1), 1, rtol=0.01)
        np.testing.assert_allclose(variance.mean(axis=0), 1, rtol=0.01)


def test_balance_uses_the_whole_sample(monkeypatch):
    """Where it cannot use all of it, the part must not be the top of the scan."""
    expected = np.full((N_PATTERNS, N_PIXELS), 20.0)
    expected[300:, 7] = 4000
    sample, ones = counted(expected), np.ones(N_PIXELS)
    full = Balance(sample).refine(ones, ones).column_weight
    monkeypatch.setattr(
        "hyperspy_4dphase.estimators.compression._scaling._MAX_BALANCED_BYTES",
        sample.size * 4 // 3,
    )
    part = Balance(sample).refine(ones, ones).column_weight
    assert abs(full[7] / full[8] - 1) > 0.2
    np.testing.assert_allclose(part, full, rtol=0.1)


@pytest.mark.parametrize("n", [60, 300, 2000])
@pytest.mark.parametrize("unequal", [False, True])
def test_largest_noise_value(n, unequal):
    """Exceeded once in a thousand times, and not far above what is usual."""
    rng = np.random.default_rng(n)
    column_noise = rng.gamma(20, 1, 150) if unequal else np.ones(150)
    scale = np.sqrt(column_noise / column_noise.mean())
    edge = largest_noise_value(n, 7 * column_noise)
    largest = [
        np.linalg.norm(rng.standard_normal((n, 150)) * scale, 2) for _ in range(20)
    ]
    assert 0.9 * edge < np.mean(largest)
    assert max(largest) < edge


@pytest.mark.parametrize("strengths", [(), (100,), (200, 90, 60)])
def test_noise_edge_of_planted_directions(strengths):
    rng = np.random.default_rng(len(strengths))
    n, m, k = 400, 150, len(strengths)
    left = np.linalg.qr(rng.normal(size=(n, k)))[0]
    right = np.linalg.qr(rng.normal(size=(m, k)))[0]
    X = 3 * ((left * strengths) @ right.T + rng.normal(size=(n, m)))
    values = np.linalg.svd(X, compute_uv=False)
    found = find_noise_edge(values, (X**2).sum(), np.full(n, float(m)), np.full(m, n))
    assert found.n_significant == k
    assert found.variance == pytest.approx(9, rel=0.02)
    assert values[k] < found.edge < 1.1 * values[k]


def test_columns_say_all_that_a_pass_needs():
    rng = np.random.default_rng(0)
    X, V = rng.poisson(3, (8, 9)), rng.normal(size=(9, 2))
    scaling = Scaling(rng.random(9) + 0.5)
    found = X @ scaling.to_columns(V)
    scaled = X * np.sqrt(scaling.column_weight)
    np.testing.assert_allclose(found[:, :2], scaled @ V, rtol=1e-5)
    np.testing.assert_allclose(found[:, 2], X @ scaling.column_weight, rtol=1e-6)
    np.testing.assert_array_equal(found[:, 3], X.sum(axis=1))
