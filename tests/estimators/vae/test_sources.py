"""Batches of patterns for training, held in memory or read again."""

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_sample_weight

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.vae._image_inputs import ImageInputs
from hyperspy_4dphase.estimators.vae._sources import (
    HeldPatterns,
    StreamedPatterns,
    draw,
    read_images,
)

from ..vae_patterns import two_images

N = 140


def hold_numbers(n, weights=None, n_held_out=20, batch_size=16, seed=0):
    """Held patterns, of which each is its own number."""
    numbers = torch.arange(n, dtype=torch.float32)
    held = HeldPatterns(numbers[:, None], numbers, "cpu")
    held.divide(weights, n_held_out, batch_size, torch.Generator().manual_seed(seed))
    return held


def numbers_in(batches):
    batches = list(batches)
    for inputs, totals in batches:
        assert torch.equal(inputs[:, 0], totals)
    return np.concatenate([totals.numpy() for _, totals in batches]).astype(int)


class TestHeldPatterns:
    def test_hold_out(self):
        """Disjoint and complete."""
        held = hold_numbers(211)
        apart = numbers_in(held.held_out())
        trained = numbers_in([held.sample(10**6)])
        assert len(apart) == 20
        np.testing.assert_array_equal(np.sort([*apart, *trained]), np.arange(211))
        np.testing.assert_array_equal(numbers_in(held.all()), np.arange(211))

    def test_epochs(self):
        """Each pattern once at most, in another order each time."""
        held = hold_numbers(211)
        generator = torch.Generator().manual_seed(1)
        epochs = [numbers_in(held.batches(generator)) for _ in range(2)]
        assert not np.array_equal(*epochs)
        for epoch in epochs:
            assert held.n_steps * 16 == len(epoch) == len(set(epoch)) == 176
            assert not set(epoch) & set(numbers_in(held.held_out()))

    def test_seed(self):
        apart = [numbers_in(hold_numbers(211, seed=s).held_out()) for s in (4, 4, 5)]
        np.testing.assert_array_equal(apart[0], apart[1])
        assert set(apart[0]) != set(apart[2])

    def test_weights(self):
        """Drawn as often as they weigh, and those of weight zero never."""
        weights = np.tile([0.0, 1, 3], 70)
        held = hold_numbers(210, weights)
        generator = torch.Generator().manual_seed(1)
        drawn = np.concatenate(
            [numbers_in(held.batches(generator)) for _ in range(150)]
        )
        apart = numbers_in(held.held_out())
        assert (weights[drawn] > 0).all()
        assert (weights[apart] > 0).all()
        assert not set(drawn) & set(apart)
        expected = weights[numbers_in([held.sample(10**6)])]
        fraction = expected[expected == 3].sum() / expected.sum()
        assert (weights[drawn] == 3).mean() == pytest.approx(fraction, abs=0.02)

    def test_balanced(self):
        """Classes of 200 and of 20 patterns are drawn alike."""
        labels = np.repeat([0, 1], [200, 20])
        weights = compute_sample_weight("balanced", labels)
        fractions = []
        for seed in range(20):
            held = hold_numbers(220, weights, seed=seed)
            generator = torch.Generator().manual_seed(seed)
            fractions += [labels[numbers_in(held.batches(generator))].mean()]
        assert np.mean(fractions) == pytest.approx(0.5, abs=0.05)


def sources():
    X, _ = two_images(N)
    blocks = PatternBlocks(X, 1, block_values=23 * X[0].size)
    inputs = ImageInputs.from_blocks(blocks)
    return X, inputs.open_source(blocks, "cpu"), StreamedPatterns(inputs, blocks, "cpu")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def sorted_totals(batches):
    return np.sort(np.concatenate([totals.numpy() for _, totals in batches]))


@pytest.mark.parametrize("weighted", [False, True])
def test_streamed_and_held_see_the_same(weighted):
    X, held, streamed = sources()
    assert isinstance(held, HeldPatterns)
    weights = np.arange(N) % 3 / 2 if weighted else None
    for source in (held, streamed):
        source.divide(weights, 20, 10, generator())
    assert held.n_steps == streamed.n_steps
    one, two = (sorted_totals(source.held_out()) for source in (held, streamed))
    np.testing.assert_array_equal(one, two)
    one, two = (
        sorted_totals(source.batches(generator(1))) for source in (held, streamed)
    )
    assert len(one) == len(two) == held.n_steps * 10
    if not weighted:
        apart = sorted_totals(held.held_out())
        everything = np.sort(X.sum(axis=(1, 2)))
        np.testing.assert_array_equal(np.sort(np.concatenate([apart, two])), everything)


def test_weight_zero_is_never_streamed():
    X, _, streamed = sources()
    dark = X[::2].sum(axis=(1, 2))
    weights = np.arange(N) % 2.0
    streamed.divide(weights, 10, 5, generator())
    seen = sorted_totals([*streamed.batches(generator()), *streamed.held_out()])
    bright = X[1::2].sum(axis=(1, 2))
    assert np.isin(seen, bright).all()
    assert not np.isin(seen, np.setdiff1d(dark, bright)).any()


def test_epochs_are_mixed_differently():
    _, _, streamed = sources()
    streamed.divide(None, 20, 10, generator())
    draws = generator(3)
    one, two = (
        np.concatenate([totals.numpy() for _, totals in streamed.batches(draws)])
        for _ in range(2)
    )
    assert (one != two).any()
    np.testing.assert_array_equal(np.sort(one), np.sort(two))


def test_a_pool_of_few_blocks(monkeypatch):
    """What is left of one pool comes with the next."""
    X, _, streamed = sources()
    monkeypatch.setattr("hyperspy_4dphase.estimators.vae._sources._POOL_BYTES", 1)
    streamed.divide(None, 20, 10, generator())
    seen = sorted_totals([*streamed.batches(generator()), *streamed.held_out()])
    np.testing.assert_array_equal(seen, np.sort(X.sum(axis=(1, 2))))


@pytest.mark.parametrize(
    ("factor", "dtype"),
    [(1, torch.int16), (20_000, torch.float32), (0.5, torch.float32)],
)
def test_images_take_half_the_memory_where_they_can(factor, dtype):
    X = factor * two_images(9)[0].astype(np.float64 if factor < 1 else np.int64)
    inputs = ImageInputs.from_blocks(PatternBlocks(X, 1))
    places = np.array([-1, 3, 2, -1, 1, 0, -1, -1, -1])
    read, totals = read_images(inputs, PatternBlocks(X, 1), places)
    assert read.dtype == dtype
    np.testing.assert_allclose(read, X[[5, 4, 2, 1]])
    np.testing.assert_allclose(totals, X[[5, 4, 2, 1]].sum(axis=(1, 2)), rtol=1e-6)


def test_indices_are_drawn_in_proportion_to_their_weights():
    weights = torch.tensor([0.0, 1, 0, 3], dtype=torch.float64)
    drawn = draw(weights, 40_000, generator())
    counts = np.bincount(drawn, minlength=4) / 40_000
    np.testing.assert_allclose(counts, [0, 0.25, 0, 0.75], atol=0.01)
