"""Scans of so few electrons that most patterns have a count or two."""

import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression import compress_patterns
from hyperspy_4dphase.estimators.compression._scaling import Balance

SIGNAL = (24, 20)


def beam_and_tail(n, dose, share=0.9, seed=0):
    """Most counts in the four pixels of a direct beam, the others in a third of all."""
    rng = np.random.default_rng(seed)
    pattern = np.zeros(SIGNAL)
    pattern[11:13, 9:11] = share / 4
    tail = rng.random(SIGNAL) < 1 / 3
    pattern[tail] += (1 - share) / tail.sum()
    return rng.poisson(dose * pattern, (n, *SIGNAL)).astype(np.uint16)


def compress(n, dose, share, noise="measured", seed=0):
    data = beam_and_tail(n, dose, share, seed).reshape(n, 1, *SIGNAL)
    return compress_patterns(PatternBlocks(data, 2), noise=noise, random_state=0)


@pytest.mark.parametrize("noise", ["measured", "counts"])
@pytest.mark.parametrize(
    ("n", "dose", "share"),
    [(600, 3, 0.95), (600, 0.5, 0.9), (2000, 1, 0.5), (30, 8, 0.95), (49, 2, 0.9)],
)
def test_all_numbers_are_finite(n, dose, share, noise):
    found = compress(n, dose, share, noise)
    for values in (found.Q, found.B, found.residual, found.row_scale):
        assert np.isfinite(values).all()
    assert np.isfinite(found.noise_edge)
    assert found.sums.sum() > 0


@pytest.mark.parametrize(
    ("n", "dose", "share"),
    [(2000, 1, 0.5), (30, 8, 0.95), (600, 3, 0.95), (600, 2, 0.9), (49, 2, 0.9)],
)
@pytest.mark.parametrize("seed", range(3))
def test_nothing_but_noise_is_there(n, dose, share, seed):
    found = compress(n, dose, share, seed=seed)
    assert found.detector["kind"] == "counts"
    assert found.n_significant <= 1


@pytest.mark.parametrize("seed", range(4))
def test_rare_counts_are_no_shared_noise(seed):
    """Two that are neighbours by chance are no correlation of pixels."""
    rng = np.random.default_rng(seed)
    pattern = rng.gamma(0.3, 1, SIGNAL) + 0.02
    data = rng.poisson(8 * pattern / pattern.sum(), (50, 60, *SIGNAL))
    found = compress_patterns(PatternBlocks(data.astype(np.uint16), 2), random_state=0)
    assert found.detector["pixels_share"] == 0
    assert found.n_significant <= 1


def test_weights_neither_vanish_nor_drift():
    """Where no scaling makes all noise white, weights stay in reach of one another."""
    rng = np.random.default_rng(1)
    # One electron a pattern: no weights can satisfy rows and columns.
    sample = np.zeros((500, 40), np.uint16)
    sample[np.arange(500), rng.choice(20, 500, p=rng.dirichlet(np.full(20, 0.3)))] = 1
    balance = Balance(sample)
    ones = np.ones(40)
    few, many = (balance.refine(ones, ones, n).column_weight for n in (10, 200))
    for weight in (few, many):
        assert np.isfinite(weight).all()
        assert (weight[sample.any(axis=0)] > 0).all()
    # Each iteration would have halved them.
    assert 0.3 < few.sum() / many.sum() < 3
