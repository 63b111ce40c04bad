"""Patterns as images, held or streamed, for the convolutional autoencoder."""

import numpy as np
import pytest
import torch

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import PatternVAE
from hyperspy_4dphase.estimators.vae._compressed_inputs import Held
from hyperspy_4dphase.estimators.vae._image_inputs import ImageInputs, Streamed

SHAPE = (18, 21)
N = 140


def images(n=N, seed=0, dose=900):
    """Two patterns with spots at different places, counted, and which is which."""
    rng = np.random.default_rng(seed)
    patterns = np.full((2, *SHAPE), 0.2)
    patterns[0, 4:7, 5:8] = patterns[1, 11:14, 13:16] = 10
    patterns /= patterns.sum(axis=(1, 2), keepdims=True)
    kind = rng.integers(2, size=n)
    brightness = rng.uniform(0.5, 2, (n, 1, 1))
    return rng.poisson(dose * brightness * patterns[kind]).astype(np.uint16), kind


def vae():
    return PatternVAE(
        architecture="convolutional",
        epochs=12,
        batch_size=16,
        random_state=0,
        device="cpu",
    )


def sources(block_patterns=23, kept_pixels=None):
    X, _ = images()
    size = block_patterns * X[0].size
    blocks = PatternBlocks(X, 1, block_values=size, kept_pixels=kept_pixels)
    inputs = ImageInputs.of(blocks)
    return X, inputs.source(blocks, "cpu"), Streamed(inputs, blocks, "cpu")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def sorted_totals(batches):
    return np.sort(np.concatenate([totals.numpy() for _, totals in batches]))


@pytest.mark.parametrize("weighted", [False, True])
def test_streamed_and_held_see_the_same(weighted):
    X, held, streamed = sources()
    assert isinstance(held, Held)
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


def test_masked_pixels_count_nothing():
    kept = np.ones(SHAPE, dtype=bool)
    kept[4:7, 5:8] = False
    X, held, _ = sources(kept_pixels=kept.ravel())
    totals = np.concatenate([totals.numpy() for _, totals in held.all()])
    np.testing.assert_array_equal(totals, X[:, kept].sum(axis=1))


def test_shares_are_of_the_kept_pixels():
    kept = np.ones(SHAPE, dtype=bool)
    kept[:3] = False
    inputs = ImageInputs(SHAPE, 2, kept.ravel())
    n_bins = np.prod(inputs.image_shape)
    shares = inputs.shares(np.log(np.full((2, n_bins), 1 / n_bins)))
    assert shares.shape == (2, kept.sum())
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("streamed", [False, True])
def test_classes_part_whatever_their_brightness(monkeypatch, streamed):
    if streamed:
        monkeypatch.setattr(
            "hyperspy_4dphase.estimators.vae._image_inputs._HELD_BYTES", 0
        )
    X, kind = images()
    model = vae()
    latent = model.fit_transform(X)
    centres = np.array([latent[kind == k].mean(axis=0) for k in range(2)])
    nearest = np.linalg.norm(latent[:, None] - centres, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest, kind)
    patterns = model.inverse_transform(centres).reshape(2, *SHAPE)
    expected = np.array([X[kind == k].mean(axis=0) for k in range(2)])
    for found, true in zip(patterns, expected, strict=True):
        assert np.corrcoef(found.ravel(), true.ravel())[0, 1] > 0.95
    np.testing.assert_allclose(
        patterns.sum(axis=(1, 2)), X.sum(axis=(1, 2)).mean(), rtol=0.3
    )
    np.testing.assert_allclose(model.transform(X), latent, atol=1e-4)


def test_gain_of_floats_is_measured():
    X, _ = images(dose=3000)
    blocks = PatternBlocks((2.5 * X).astype(np.float32), 1)
    inputs = ImageInputs.of(blocks)
    sample = torch.from_numpy(2.5 * X.astype(np.float32))
    assert inputs.known(blocks, sample)["gain"] == pytest.approx(2.5, rel=0.1)
    assert inputs.known(PatternBlocks(X, 1), sample) == {}


@pytest.mark.parametrize("X", [np.ones((30, 40)), np.ones((30, 4, 5, 6))])
def test_what_is_no_image_is_refused(X):
    with pytest.raises(ValueError, match="patterns that are images"):
        vae().fit(X)
