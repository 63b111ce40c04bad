"""Patterns as images for the convolutional autoencoder."""

import numpy as np
import pytest
import torch

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import PatternVAE, compress_patterns
from hyperspy_4dphase.estimators.vae._image_inputs import ImageInputs

from ..vae_patterns import IMAGE_SHAPE as SHAPE
from ..vae_patterns import two_images

N = 140


def vae():
    return PatternVAE(
        architecture="convolutional",
        epochs=12,
        batch_size=16,
        random_state=0,
        device="cpu",
    )


def test_masked_pixels_count_nothing():
    kept = np.ones(SHAPE, dtype=bool)
    kept[4:7, 5:8] = False
    X, _ = two_images(N)
    blocks = PatternBlocks(X, 1, kept_pixels=kept.ravel())
    held = ImageInputs.from_blocks(blocks).open_source(blocks, "cpu")
    totals = np.concatenate([totals.numpy() for _, totals in held.all()])
    np.testing.assert_array_equal(totals, X[:, kept].sum(axis=1))


def test_fractions_are_of_the_kept_pixels():
    kept = np.ones(SHAPE, dtype=bool)
    kept[:3] = False
    inputs = ImageInputs(SHAPE, 2, kept.ravel())
    n_bins = np.prod(inputs.image_shape)
    fractions = inputs.to_fractions(np.log(np.full((2, n_bins), 1 / n_bins)))
    assert fractions.shape == (2, kept.sum())
    np.testing.assert_allclose(fractions.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.accuracy
def test_classes_part_whatever_their_brightness(monkeypatch, streamed):
    if streamed:
        monkeypatch.setattr(
            "hyperspy_4dphase.estimators.vae._image_inputs._HELD_BYTES", 0
        )
    X, kind = two_images(N)
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
    X, _ = two_images(N, dose=3000)
    blocks = PatternBlocks((2.5 * X).astype(np.float32), 1)
    inputs = ImageInputs.from_blocks(blocks)
    sample = torch.from_numpy(2.5 * X.astype(np.float32))
    assert inputs.measure_gain(blocks, sample) == pytest.approx(2.5, rel=0.1)
    assert inputs.measure_gain(PatternBlocks(X, 1), sample) is None


@pytest.mark.parametrize("X", [np.ones((30, 40)), np.ones((30, 4, 5, 6))])
def test_what_is_no_image_is_refused(X):
    with pytest.raises(ValueError, match="patterns that are images"):
        vae().fit(X)


def test_compressed_patterns_are_no_images():
    X, _ = two_images(N)
    inputs = ImageInputs.from_blocks(PatternBlocks(X, 1))
    assert inputs.n_pixels == X[0].size
    assert not inputs.fits(compress_patterns(X, random_state=0, device="cpu"))


def test_pixels_that_are_left_out():
    kept = np.arange(170) % 5 > 0
    blocks = PatternBlocks(np.ones((5, 17, 10)), 1, kept_pixels=kept)
    assert ImageInputs.from_blocks(blocks).n_pixels == 136
