"""Alternating least squares on compressed patterns, and which are distinct."""

import numpy as np
import pytest
from scipy.optimize import nnls

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators._scaling import inverse
from hyperspy_4dphase.estimators.nmf._hals import (
    hals,
    purest,
    purify,
    shares,
    solve_weights,
    sweep,
)
from hyperspy_4dphase.estimators.nmf._number import (
    continuity,
    distinct_patterns,
    keep_ruling,
    merge_continua,
)
from hyperspy_4dphase.estimators.nmf._starts import nndsvd

from ..conftest import RANK, cosines, counted, planted

OPTIONS = {"max_iter": 300, "tol": 1e-5}


def compressed(X, rank):
    """(Q, B, per_pixel, result) of the leading directions."""
    result = compress_patterns(X, rank=rank, random_state=0, device="cpu")
    Q, B = result.Q[:, :rank], result.B[:rank]
    return Q, B, inverse(result.column_scale), result


def misfit(Q, B, Wt, H):
    """||Q B - W H||^2 of what is held, in double precision."""
    return np.linalg.norm(Q.astype(float) @ B - Wt.T.astype(float) @ H) ** 2


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
    Q, B, *_ = compressed(counted(W @ H, seed), n_components + 2)
    Wt, H = nndsvd(Q, B, n_components)
    before, total = misfit(Q, B, Wt, H), float(np.linalg.norm(B) ** 2)
    for _ in range(25):
        (told,), _ = hals(Q, B, Wt, H, max_iter=1, tol=0)
        now = misfit(Q, B, Wt, H)
        assert now <= before + 1e-6 * total
        assert told == pytest.approx(now, abs=1e-5 * total)
        assert Wt.min() >= 0
        assert H.min() >= 0
        before = now
    assert now < 0.3 * total


def test_hals_stops():
    W, H = planted()
    Q, B, *_ = compressed(counted(W @ H), RANK)
    start = nndsvd(Q, B, RANK)
    calls = []
    misfits, converged = hals(
        Q, B, *(a.copy() for a in start), callback=lambda *v: calls.append(v), **OPTIONS
    )
    assert converged
    assert calls == [(i + 1, 300) for i in range(len(misfits))]
    few, converged = hals(Q, B, *(a.copy() for a in start), max_iter=3, tol=1e-5)
    assert not converged
    assert few == misfits[:3]
    noise = misfits[5]
    enough, converged = hals(
        Q, B, *(a.copy() for a in start), max_iter=300, tol=0, noise=noise, enough=1.0
    )
    assert converged
    assert enough == misfits[:6]
    loose, _ = hals(Q, B, *(a.copy() for a in start), max_iter=300, tol=0.1)
    assert 2 <= len(loose) < len(misfits)


@pytest.mark.parametrize("start", [False, True])
def test_weights_are_those_of_nnls(start):
    rng = np.random.default_rng(0)
    H = rng.gamma(0.4, 1, (5, 60)).astype(np.float32)
    A = np.vstack([rng.random((20, 5)) @ H, rng.normal(0, 2, (21, 60))])
    A = A.astype(np.float32)
    kept = A.copy()
    found = solve_weights(
        H,
        H @ A.T,
        max_iter=2000,
        tol=1e-7,
        start=np.full((5, 41), 7.0) if start else None,
    )
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


def test_shares():
    Wt = np.array([[1, 0, 0], [2, 5, 0]], float)
    H = np.array([[1, 1], [0, 0.5]])
    per_pixel = np.array([1.0, 3.0])
    found = shares(Wt, H, per_pixel)
    np.testing.assert_allclose(found, [[4 / 7, 0, 0], [3 / 7, 1, 0]])
    # The fifth largest, lest a single pattern decides.
    share = np.random.default_rng(0).permuted(np.arange(30.0))[None]
    assert purest(share) == 25
    assert purest(share[:, :4]) == share[0, :4].min()


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
    Q, B, per_pixel, _ = compressed(X, 3)
    Wt, H = nndsvd(Q, B, 3)
    hals(Q, B, Wt, H, **OPTIONS)
    plain = ghosts(W, shares(Wt, H, per_pixel))
    fit = misfit(Q, B, Wt, H)
    Wt, H = purify(Q, B, Wt, H, per_pixel)
    assert Wt.min() >= 0
    assert H.min() >= 0
    pure = ghosts(W, shares(Wt, H, per_pixel))
    assert plain.max() > 0.05
    assert pure.max() < 0.01
    # Not at the cost of the fit: noise in Q B has this norm.
    assert misfit(Q, B, Wt, H) < fit + 0.5 * 3 * sum(X.shape)
    assert cosines(H * per_pixel, patterns).min() > 0.998


def test_purify_keeps_what_is_nowhere(X):
    Q, B, per_pixel, _ = compressed(X, RANK)
    Wt, H = nndsvd(Q, B, RANK)
    Wt[2] = 0
    _, found = purify(Q, B, Wt, H, per_pixel, n_rounds=1)
    np.testing.assert_array_equal(found[2], H[2])
    assert np.isfinite(found).all()


def spread(kind, n=4000, seed=0):
    rng = np.random.default_rng(seed)
    if kind == "two points":
        return np.repeat([0.0, 1.0], [n // 4, n - n // 4])
    if kind == "few mixtures":
        x = np.repeat([0.0, 1.0], n // 2)
        x[: n // 20] = rng.random(n // 20)
        return x
    return rng.random(n) if kind == "uniform" else rng.normal(0, 0.3, n)


@pytest.mark.parametrize("noise", [0, 0.05, 0.3])
@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("two points", -0.01, 0.01),
        ("few mixtures", 0.02, 0.3),
        ("uniform", 0.75, 0.85),
        ("heap", 1.7, 2.3),
    ],
)
def test_continuity(kind, low, high, noise):
    values = spread(kind)
    values = values + noise * np.random.default_rng(5).normal(size=values.size)
    weights = np.full(values.size, 1 / values.size)
    value, error = continuity(values, weights, noise**2)
    assert low - 3 * error * (noise > 0) <= value <= high + 3 * error * (noise > 0)
    assert error < 1
    shifted, _ = continuity(40 - 7 * values, weights, (7 * noise) ** 2)
    assert shifted == pytest.approx(value, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("kind", ["uniform", "heap"])
def test_error_of_continuity(kind):
    """It is that of many repetitions."""
    results = [
        continuity(
            spread(kind, 2000, seed)
            + np.random.default_rng(seed + 999).normal(0, 0.1, 2000),
            np.full(2000, 1 / 2000),
            0.01,
        )
        for seed in range(400)
    ]
    values, errors = np.array(results).T
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)


def test_noise_not_taken_out_looks_like_a_heap():
    values = spread("two points") + np.random.default_rng(0).normal(size=4000)
    weights = np.full(4000, 1 / 4000)
    assert continuity(values, weights, 0)[0] > 1


def peak(centre, m=150, width=3.0):
    pattern = np.exp(-(((np.arange(m) - centre) / width) ** 2) / 2) + 0.02
    return pattern / pattern.sum()


def shifting(n=900, dose=4000, seed=0, ramp=False):
    """A peak that moves about without a gap, and two patterns of their own."""
    rng = np.random.default_rng(seed)
    centres = np.linspace(30, 36, n) if ramp else rng.normal(33, 1.5, n)
    expected = np.array([peak(centre) for centre in centres])
    expected[: n // 4] = peak(80)
    expected[n // 4 : n // 2] = peak(120)
    return rng.poisson(dose * expected)


def fitted(X, n_components):
    Q, B, per_pixel, result = compressed(X, max(result_rank(X), n_components))
    Wt, H = nndsvd(Q, B, n_components)
    hals(Q, B, Wt, H, **OPTIONS)
    Wt, H = purify(Q, B, Wt, H, per_pixel)
    return Q, B, Wt, H, per_pixel, result.noise_variance


def result_rank(X):
    return compress_patterns(X, random_state=0, device="cpu").n_significant


def test_a_continuum_is_one():
    X = shifting()
    assert result_rank(X) > 3
    *factors, variance = fitted(X, 4)
    Wt, H, groups = merge_continua(*factors, variance)
    per_pixel = factors[-1]
    assert sorted(len(group) for group in groups) == [1, 1, 2]
    assert sorted(sum(groups, [])) == [0, 1, 2, 3]
    true = np.array([X[:225].mean(0), X[225:450].mean(0), X[450:].mean(0)])
    assert cosines(H * per_pixel, true).min() > 0.99
    np.testing.assert_allclose(np.linalg.norm(H, axis=1), 1, rtol=1e-5)
    assert Wt.min() >= 0


@pytest.mark.xfail(
    reason="An even ramp has a continuity of 0.8, less than _CONTINUUM_FROM, and is cut"
)
def test_an_even_ramp_is_one():
    X = shifting(ramp=True)
    Q, B, per_pixel, result = compressed(X, result_rank(X))
    noise = result.noise_variance * len(B) * sum(X.shape)
    options = {"noise": noise, **OPTIONS}
    found = distinct_patterns(Q, B, per_pixel, noise, result.noise_variance, options)
    assert len(found[1]) <= 4


def test_distinct_patterns_are_not_merged():
    """Not even where they are much alike, or mixed in a part of the scan."""
    rng = np.random.default_rng(0)
    true = np.array([peak(30), peak(34), peak(120)])
    W = rng.dirichlet(np.full(3, 0.1), 900)
    *factors, variance = fitted(rng.poisson(4000 * W @ true), 3)
    Wt, H, groups = merge_continua(*factors, variance)
    assert groups == [[0], [1], [2]]
    assert cosines(H * factors[-1], true).min() > 0.99


def test_what_rules_nowhere_goes():
    rng = np.random.default_rng(0)
    true = np.array([peak(30), peak(75), peak(120)])
    W = rng.dirichlet(np.full(3, 0.1), 900)
    X = rng.poisson(4000 * W @ true)
    Q, B, per_pixel, result = compressed(X, 3)
    Wt, H = nndsvd(Q, B, 5)
    noise = result.noise_variance * 3 * sum(X.shape)
    hals(Q, B, Wt, H, noise=noise, **OPTIONS)
    Wt, H = purify(Q, B, Wt, H, per_pixel)
    Wt, H = keep_ruling(Q, B, Wt, H, per_pixel, noise)
    assert len(H) == len(Wt) == 3
    assert cosines(H * per_pixel, true).min() > 0.99


def test_one_is_left_always():
    X = np.random.default_rng(0).poisson(np.full((300, 40), 20.0))
    Q, B, per_pixel, _ = compressed(X, 3)
    Wt, H = nndsvd(Q, B, 3)
    Wt, H = keep_ruling(Q, B, Wt, H, per_pixel, 1e9)
    assert 1 <= len(H) <= 3
