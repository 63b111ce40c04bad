"""Alternating least squares on compressed patterns."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import nnls

from hyperspy_4dphase.estimators.nmf._hals import (
    CompressedMatrix,
    Factors,
    find_peak_fractions,
    hals,
    purify,
    solve_weights,
    sweep,
)
from hyperspy_4dphase.estimators.nmf._starts import nndsvd

from ..conftest import RANK, cosines, counted, planted
from .matrices import OPTIONS, compress


def misfit(A, factors):
    """||Q B - W H||^2 of what is held, in double precision."""
    Wt, H = factors
    return np.linalg.norm(A.Q.astype(float) @ A.B - Wt.T.astype(float) @ H) ** 2


def copied(factors):
    return Factors(*(factor.copy() for factor in factors))


def test_sweep_takes_the_best_of_each_row():
    rng = np.random.default_rng(0)
    other, A = rng.normal(size=(30, 3)), rng.normal(size=(30, 8))
    factor = rng.random((3, 8))
    gram, cross = other.T @ other, other.T @ A
    found = factor.copy()
    sweep(found, gram, cross)
    for j in range(3):
        rest = A - np.delete(other, j, 1) @ np.delete(factor, j, 0)
        best = np.maximum(other[:, j] @ rest / gram[j, j], 0)
        np.testing.assert_allclose(found[j], best, atol=1e-12)
        factor[j] = best
    assert (found == 0).any()


def test_sweep_leaves_a_row_that_the_other_factor_lacks():
    factor = np.ones((2, 5))
    sweep(factor, np.diag([0.0, 2.0]), np.full((2, 5), 6.0))
    np.testing.assert_array_equal(factor, [[1] * 5, [3] * 5])


@pytest.mark.parametrize("n_components", [1, RANK, RANK + 4])
@pytest.mark.parametrize("seed", range(3))
def test_objective_never_rises(n_components, seed):
    W, H = planted(seed=seed)
    A = compress(counted(W @ H, seed), n_components + 2)
    factors = nndsvd(A, n_components)
    before, total = misfit(A, factors), float(np.linalg.norm(A.B) ** 2)
    for _ in range(25):
        factors, (told,), _ = hals(A, factors, max_iter=1, tol=0)
        now = misfit(A, factors)
        assert now <= before + 1e-6 * total
        assert told == pytest.approx(now, abs=1e-5 * total)
        assert min(factor.min() for factor in factors) >= 0
        before = now
    assert now < 0.3 * total


def test_hals_stops():
    W, H = planted()
    A = compress(counted(W @ H), RANK, noise=0.0)
    start = nndsvd(A, RANK)
    calls = []
    _, misfits, converged = hals(
        A, copied(start), callback=lambda *values: calls.append(values), **OPTIONS
    )
    assert converged
    assert calls == [(i + 1, 300) for i in range(len(misfits))]
    _, few, converged = hals(A, copied(start), max_iter=3, tol=1e-5)
    assert not converged
    assert few == misfits[:3]
    noisy = replace(A, noise=misfits[5])
    _, enough, converged = hals(noisy, copied(start), max_iter=300, tol=0, enough=1.0)
    assert converged
    assert enough == misfits[:6]
    _, loose, _ = hals(A, copied(start), max_iter=300, tol=0.1)
    assert 2 <= len(loose) < len(misfits)


def test_weights_are_those_of_nnls():
    rng = np.random.default_rng(0)
    H = rng.gamma(0.4, 1, (5, 60)).astype(np.float32)
    A = np.vstack([rng.random((20, 5)) @ H, rng.normal(0, 2, (21, 60))])
    A = A.astype(np.float32)
    kept = A.copy()
    found = solve_weights(H, H @ A.T, max_iter=2000, tol=1e-7)
    expected = np.array([nnls(H.T.astype(float), row.astype(float))[0] for row in A])
    np.testing.assert_allclose(found.T, expected, atol=2e-4)
    assert (expected == 0).any()
    assert found.min() == 0
    np.testing.assert_array_equal(A, kept)


def test_weights_of_components_that_depend_on_each_other():
    H = np.array([[1, 0, 2], [1, 0, 2], [0, 3, 0]], np.float32)
    A = np.array([[2, 3, 4], [0, 6, 0]], np.float32)
    found = solve_weights(H, H @ A.T)
    np.testing.assert_allclose(found.T @ H, A, atol=1e-3)
    assert found.min() >= 0


def test_fractions():
    Wt = np.array([[1, 0, 0], [2, 5, 0]], float)
    H = np.array([[1, 1], [0, 0.5]])
    A = CompressedMatrix(None, None, per_pixel=np.array([1.0, 3.0]))
    found = A.find_fractions(Factors(Wt, H))
    np.testing.assert_allclose(found, [[4 / 7, 0, 0], [3 / 7, 1, 0]])


def test_peak_fraction_is_the_fifth_largest():
    """Lest a single pattern decides."""
    fractions = np.random.default_rng(0).permuted(np.arange(30.0))[None]
    assert find_peak_fractions(fractions) == 25
    assert find_peak_fractions(fractions[:, :4]) == fractions[0, :4].min()


def test_compressed_matrix(X):
    A = compress(X, RANK)
    H = X[:3].astype(np.float32)
    np.testing.assert_allclose(A.project(H), H @ (A.Q @ A.B).T, rtol=1e-4, atol=1e-2)
    leading = A.keep_leading(2)
    assert leading.Q.shape[1] == len(leading.B) == 2
    assert leading.noise == A.noise > 0


def mixed(seed, background=0.7, n=700, m=160, dose=3000):
    """Weights, patterns and counts; all patterns share one without dark pixels."""
    rng = np.random.default_rng(seed)
    patterns = rng.gamma(0.25, 1, (3, m))
    patterns /= patterns.sum(axis=1, keepdims=True)
    diffuse = 1 + rng.random(m)
    patterns = (1 - background) * patterns + background * diffuse / diffuse.sum()
    W = rng.dirichlet(np.full(3, 0.15), n)
    W[W < 0.01] = 0
    W *= dose / W.sum(axis=1, keepdims=True)
    return W, patterns, rng.poisson(W @ patterns)


def ghosts(W, share):
    """Mean share of each phase where there is nothing of it."""
    true = (W / W.sum(axis=1, keepdims=True)).T
    corners = np.corrcoef(true, share)[:3, 3:]
    best = corners.argmax(axis=1)
    assert sorted(best) == [0, 1, 2]
    return np.array([share[best[j]][true[j] == 0].mean() for j in range(3)])


@pytest.mark.parametrize("seed", range(4))
def test_purify_removes_ghosts(seed):
    W, patterns, X = mixed(seed)
    A = compress(X, 3, noise=0.0)
    factors, misfits, _ = hals(A, nndsvd(A, 3), **OPTIONS)
    plain = ghosts(W, A.find_fractions(factors))
    factors = purify(A, factors)
    assert min(factor.min() for factor in factors) >= 0
    pure = ghosts(W, A.find_fractions(factors))
    assert plain.max() > 0.05
    assert pure.max() < 0.01
    # Not at the cost of the fit: noise in Q B has this norm.
    assert misfit(A, factors) < misfits[-1] + 0.5 * 3 * sum(X.shape)
    assert cosines(factors.H * A.per_pixel, patterns).min() > 0.998


def test_purify_keeps_a_component_that_is_nowhere(X):
    X[:, 5] = 0
    A = compress(X, RANK)
    factors = nndsvd(A, RANK)
    factors.H[:, 5] = 0
    factors.H[2] = np.arange(X.shape[1]) == 5
    found = purify(A, factors)
    np.testing.assert_array_equal(found.H[2], factors.H[2])
    assert (found.Wt[2] == 0).all()
    assert np.isfinite(found.H).all()
