"""Weights of dark pixels, which few counts tell: they are those of all patterns."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.compression._packed import pack_patterns
from hyperspy_4dphase.estimators.compression._scaling import Balance

SIDE = 80


@pytest.fixture(scope="module")
def counts():
    """Vacuum, where all counts are in a direct beam, and a thin sample beside it."""
    rng = np.random.default_rng(0)
    radius = np.hypot(*(np.indices((SIDE, SIDE)) - SIDE / 2)).ravel()
    beam = np.exp(-0.5 * (radius / 1.5) ** 2) + 3e-6
    halo = np.exp(-radius / 15)
    sample = beam / beam.sum() + 0.3 * halo / halo.sum()
    patterns = np.stack([beam / beam.sum(), sample / sample.sum()])
    kind = (rng.random(3000) < 0.33).astype(int)
    return rng.poisson(200 * patterns[kind]).astype(np.uint16)


def test_noise_ends_where_that_of_white_noise_does(counts):
    """What the weights leave uneven moves the edge up, and hides weak structure."""
    result = compress_patterns(counts, random_state=0)
    n_lit = (counts.sum(axis=0) > 0).sum()
    limit = np.sqrt(len(counts)) + np.sqrt(n_lit)
    assert result.noise_edge < 1.75 * limit
    # The first is what all patterns have in common.
    assert result.n_significant == 2
    assert result.singular_values[1] > 1.5 * result.noise_edge


@pytest.mark.parametrize("dose", [600, 3000])
def test_noise_of_a_beam_in_vacuum_hides_no_small_crystals(dose):
    """Eight crystals of 25 positions each in 1,800 of vacuum: nine directions."""
    rng = np.random.default_rng(1)
    y, x = np.indices((48, 48))
    beam = (np.hypot(y - 24, x - 24) < 3.5).ravel() / 1.0
    crystals = np.zeros((8, 48, 48))
    for crystal in crystals:
        for cy, cx in rng.uniform(5, 43, (6, 2)):
            crystal[np.hypot(y - cy, x - cx) < 3.5] = rng.uniform(0.5, 1)
    crystals = crystals.reshape(8, -1)
    crystals = beam / beam.sum() + crystals / crystals.sum(axis=1, keepdims=True)
    patterns = np.vstack([beam / beam.sum(), crystals / 2])
    kind = np.repeat(np.arange(9), [1800] + [25] * 8)
    counts = rng.poisson(dose * patterns[kind]).astype(np.uint16)
    assert compress_patterns(counts, random_state=0).n_significant == 9


def test_weights_of_pieces_are_those_of_all(counts):
    weight = reliability = np.ones(counts.shape[1])
    whole = Balance(counts[:10], packed=[pack_patterns(counts)])
    cuts = np.split(counts, [700, 1900])
    pieces = Balance(counts[:10], packed=[pack_patterns(part) for part in cuts])
    one, other = (each.refine(weight, reliability) for each in (whole, pieces))
    np.testing.assert_allclose(one.column_weight, other.column_weight, rtol=1e-9)
    assert one.row_limit == pytest.approx(other.row_limit)
