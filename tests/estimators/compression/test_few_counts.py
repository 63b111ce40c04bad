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


@pytest.mark.parametrize("noise", ["measured", "counts"])
@pytest.mark.parametrize(
    ("n", "dose", "share"),
    [(600, 3, 0.95), (600, 0.5, 0.9), (2000, 1, 0.5), (30, 8, 0.95), (49, 2, 0.9)],
)
def test_noise_is_of_unit_variance(n, dose, share, noise):
    counts = beam_and_tail(n, dose, share)
    data = counts.reshape(n, 1, *SIGNAL)
    found = compress_patterns(PatternBlocks(data, 2), noise=noise, random_state=0)
    assert np.isfinite(found.Q).all()
    assert np.isfinite(found.B).all()
    # Nothing but noise is there.
    assert found.n_significant <= 1
    assert found.noise_variance * found.gain == pytest.approx(1, rel=0.35)


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
        live = weight[sample.any(axis=0)]
        assert np.isfinite(weight).all()
        assert (live > 0).all()
    # The sum is that of the first iteration, however many follow.
    assert few.sum() == pytest.approx(many.sum(), rel=1e-6)
