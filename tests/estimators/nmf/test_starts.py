"""Where the factorization starts."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators import RandomizedNMF, compress_patterns
from hyperspy_4dphase.estimators._scaling import inverse
from hyperspy_4dphase.estimators.nmf._hals import hals
from hyperspy_4dphase.estimators.nmf._starts import (
    brightness_free,
    first_fit,
    nndsvd,
    vertices,
)

from ..conftest import RANK, cosines, counted, planted


def compressed(X, rank=None):
    """Q, B, what a scaled unit is worth, and the noise variance."""
    found = compress_patterns(X, rank=rank, random_state=0)
    rank = rank or found.n_significant
    per_pixel = inverse(found.column_scale)
    return found.Q[:, :rank], found.B[:rank], per_pixel, found.noise_variance


@pytest.mark.parametrize("n_components", [1, 3, RANK, RANK + 5])
def test_nndsvd(X, n_components):
    Q, B, *_ = compressed(X, RANK)
    Wt, H = nndsvd(Q, B, n_components)
    assert Wt.shape == (n_components, len(Q))
    assert H.shape == (n_components, B.shape[1])
    for factor in (Wt, H):
        assert factor.dtype == np.float32
        assert (factor[: min(n_components, RANK)] > 0).all()
        assert (factor >= 0).all()
    # The first is that of the singular value decomposition itself.
    np.testing.assert_allclose(
        np.outer(Wt[0], H[0]), np.abs(np.outer(Q[:, 0], B[0])), rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("n_components", [1, 3, RANK, RANK + 5])
def test_vertices_are_positive(X, n_components):
    Q, B, per_pixel, variance = compressed(X, RANK)
    Wt, H = vertices(Q, B, n_components, per_pixel, variance)
    assert Wt.shape == (n_components, len(Q))
    assert H.shape == (n_components, B.shape[1])
    for factor in (Wt, H):
        assert factor.dtype == np.float32
        assert (factor > 0).all()


def test_vertices_are_the_pure_patterns():
    W, H = planted()
    W[:40] = 2000 * np.repeat(np.eye(RANK), 10, axis=0)
    Q, B, per_pixel, variance = compressed(counted(W @ H))
    _, found = vertices(Q, B, RANK, per_pixel, variance)
    assert cosines(found * per_pixel, H).min() > 0.98
    # Singular vectors are mixtures.
    assert cosines(nndsvd(Q, B, RANK)[1] * per_pixel, H).min() < 0.95


def test_brightness_is_taken_out():
    W, H = planted(dose=50_000)
    W[:300] = W[300:] / 4
    Q, B, per_pixel, variance = compressed(counted(W @ H, dtype=np.int32))
    points, noise = brightness_free(Q, B, per_pixel, variance)
    difference = np.linalg.norm(points[:300] - points[300:], axis=1)
    # Noise along the brightness is gone; 0.89 is the median of chi / its mean square.
    expected = np.sqrt((noise[:300] + noise[300:]) * (RANK - 1))
    assert np.median(difference / expected) == pytest.approx(0.89, abs=0.1)
    # Scaled noise is the same in all; brightening a dim pattern brightens its noise.
    assert np.median(noise[:300] / noise[300:]) == pytest.approx(4, rel=0.1)


def test_rare_phase_is_not_absorbed():
    """Singular vectors lose this one within a few iterations."""
    W, H = planted(n_patterns=3000, n_pixels=400, rank=5, seed=3)
    W[:, 4] = 0
    W[100:108] = [0, 0, 0, 0, 2000]
    model = RandomizedNMF(random_state=0)
    found = model.fit_transform(counted(W @ H))
    assert model.n_components_ == 5
    cosine = cosines(found.T, W.T)
    assert cosine.min() > 0.9


def test_first_fit_takes_the_better_start(X):
    Q, B, per_pixel, variance = compressed(X)
    options = {"max_iter": 50, "tol": 1e-4, "noise": 0.0}
    Wt, H, misfits, _ = first_fit(Q, B, RANK, per_pixel, variance, options)
    assert np.sum((Q @ B - Wt.T @ H) ** 2) == pytest.approx(misfits[-1], rel=1e-2)
    for start in (vertices(Q, B, RANK, per_pixel, variance), nndsvd(Q, B, RANK)):
        assert misfits[-1] <= hals(Q, B, *start, **options)[0][-1] * (1 + 1e-6)
