"""Patterns counted from planted factors. All dimensions differ."""

import numpy as np
import pytest

N_PATTERNS, N_PIXELS, RANK = 600, 170, 4


def planted(n_patterns=N_PATTERNS, n_pixels=N_PIXELS, rank=RANK, dose=2000.0, seed=0):
    """Weights (n_patterns, rank) in counts; patterns (rank, n_pixels) of sum 1."""
    rng = np.random.default_rng(seed)
    H = rng.gamma(0.5, 1, (rank, n_pixels)) + 0.05
    W = dose * rng.dirichlet(np.full(rank, 0.2), n_patterns)
    return W, H / H.sum(axis=1, keepdims=True)


def counted(expected, seed=1, dtype=np.uint16):
    """Poisson counts."""
    return np.random.default_rng(seed).poisson(expected).astype(dtype)


def cosines(found, true):
    """Best cosine of each of the true rows with any of the rows found."""
    found = found / np.linalg.norm(found, axis=1, keepdims=True)
    true = true / np.linalg.norm(true, axis=1, keepdims=True)
    return (true @ found.T).max(axis=1)


@pytest.fixture
def truth():
    """Expected counts."""
    W, H = planted()
    return W @ H


@pytest.fixture
def X(truth):
    """Counts."""
    return counted(truth)


@pytest.fixture
def streamed(monkeypatch):
    """Nothing is held in memory, as for a scan of many gigabytes."""
    for limit in ("_MAX_HELD_VALUES", "_MAX_PACKED_BYTES"):
        name = f"hyperspy_4dphase.estimators.compression._compress.{limit}"
        monkeypatch.setattr(name, 0)
