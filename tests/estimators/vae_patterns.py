"""Patterns that an autoencoder should tell apart, or follow along a curve."""

import numpy as np

from hyperspy_4dphase.estimators import PatternVAE

N_PIXELS, N_CLASSES = 170, 4
IMAGE_SHAPE = (18, 21)


def vae(latent_dim=2, **options):
    options = {"random_state": 0, "device": "cpu", "epochs": 4} | options
    return PatternVAE(latent_dim, **options)


def class_patterns(n_classes=N_CLASSES, seed=0):
    """(n_classes, n_pixels), of sum one."""
    patterns = np.random.default_rng(seed).gamma(0.5, 1, (n_classes, N_PIXELS)) + 0.05
    return patterns / patterns.sum(axis=1, keepdims=True)


def mixed_labels(n_patterns=640, n_classes=N_CLASSES, seed=1):
    return np.random.default_rng(seed).permutation(np.arange(n_patterns) % n_classes)


def counted(expected, seed=2):
    return np.random.default_rng(seed).poisson(expected).astype(np.uint16)


def bumps(n_patterns, seed, dose=3000.0):
    """Expected counts of two bumps that move and change: two parameters, bent."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(25, 145, n_patterns)[:, np.newaxis]
    share = rng.uniform(0.2, 0.8, n_patterns)[:, np.newaxis]
    x = np.arange(N_PIXELS)
    patterns = share * np.exp(-0.5 * ((x - place) / 8) ** 2) + 0.02
    patterns += (1 - share) / 2 * np.exp(-0.5 * ((x - place / 2 - 50) / 3) ** 2)
    return dose * patterns / patterns.sum(axis=1, keepdims=True)


def nearest(latent, centres):
    """Number of the centre that is nearest to each latent point."""
    return np.linalg.norm(latent[:, np.newaxis] - centres, axis=2).argmin(axis=1)


def assert_same(one, other, tolerance):
    """To a share of the spread of the second."""
    assert one.shape == other.shape
    assert np.abs(one - other).max() < tolerance * other.std()


def two_images(n, seed=0, dose=900):
    """Two patterns with spots at different places, counted, and which is which."""
    rng = np.random.default_rng(seed)
    patterns = np.full((2, *IMAGE_SHAPE), 0.2)
    patterns[0, 4:7, 5:8] = patterns[1, 11:14, 13:16] = 10
    patterns /= patterns.sum(axis=(1, 2), keepdims=True)
    kind = rng.integers(2, size=n)
    brightness = rng.uniform(0.5, 2, (n, 1, 1))
    return rng.poisson(dose * brightness * patterns[kind]).astype(np.uint16), kind
