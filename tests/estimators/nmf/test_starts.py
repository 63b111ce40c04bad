"""Where the factorization starts."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators import RandomizedNMF
from hyperspy_4dphase.estimators.nmf._hals import hals
from hyperspy_4dphase.estimators.nmf._starts import (
    find_corners,
    fit_from_best_start,
    nndsvd,
    remove_brightness,
)

from ..conftest import RANK, cosines, counted, planted
from .matrices import compress


@pytest.mark.parametrize("n_components", [1, 3, RANK, RANK + 5])
def test_nndsvd(X, n_components):
    A = compress(X, RANK)
    Wt, H = nndsvd(A, n_components)
    assert Wt.shape == (n_components, len(A.Q))
    assert H.shape == (n_components, A.B.shape[1])
    for factor in (Wt, H):
        assert factor.dtype == np.float32
        assert (factor[: min(n_components, RANK)] > 0).all()
        assert (factor >= 0).all()
    # The first is that of the singular value decomposition itself.
    np.testing.assert_allclose(
        np.outer(Wt[0], H[0]),
        np.abs(np.outer(A.Q[:, 0], A.B[0])),
        rtol=1e-3,
        atol=1e-3,
    )


@pytest.mark.parametrize("n_components", [1, 3, RANK, RANK + 5])
def test_corners_are_positive(X, n_components):
    A = compress(X, RANK)
    Wt, H = find_corners(A, n_components)
    assert Wt.shape == (n_components, len(A.Q))
    assert H.shape == (n_components, A.B.shape[1])
    for factor in (Wt, H):
        assert factor.dtype == np.float32
        assert (factor > 0).all()


def test_corners_are_the_pure_patterns():
    W, H = planted()
    W[:40] = 2000 * np.repeat(np.eye(RANK), 10, axis=0)
    A = compress(counted(W @ H))
    found = find_corners(A, RANK).H
    assert cosines(found * A.per_pixel, H).min() > 0.98
    # Singular vectors are mixtures.
    assert cosines(nndsvd(A, RANK).H * A.per_pixel, H).min() < 0.95


def test_brightness_is_taken_out():
    W, H = planted(dose=50_000)
    W[:300] = W[300:] / 4
    A = compress(counted(W @ H, dtype=np.int32))
    points, noise = remove_brightness(A)
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


def test_fit_takes_the_better_start(X):
    A = compress(X, noise=0.0)
    options = {"max_iter": 50, "tol": 1e-4}
    (Wt, H), misfits, _ = fit_from_best_start(A, RANK, options)
    assert np.sum((A.Q @ A.B - Wt.T @ H) ** 2) == pytest.approx(misfits[-1], rel=1e-2)
    for start in (find_corners(A, RANK), nndsvd(A, RANK)):
        assert misfits[-1] <= hals(A, start, **options).misfits[-1] * (1 + 1e-6)
