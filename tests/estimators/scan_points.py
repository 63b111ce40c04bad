"""Points of unit noise in a scan: domains that meet, mix and bend."""

import numpy as np

from .domain_points import UnitNoise


def places(shape):
    """Positions (n, n_axes) of a grid, in C order."""
    return np.indices(shape).reshape(len(shape), -1).T


def scanned(clean, seed=0, known=None, noise=1.0):
    """Shapes of given points (*shape, n_features), with unit noise times `noise`."""
    clean = np.asarray(clean, float)
    noisy = clean + noise * np.random.default_rng(seed).normal(size=clean.shape)
    shapes = UnitNoise.of(noisy.reshape(-1, clean.shape[-1]))
    shapes.positions = places(clean.shape[:-1])
    if known is not None:
        shapes.known = np.ravel(known).copy()
        shapes.points[~shapes.known] = 0
        shapes.spread[~shapes.known] = 0
    return shapes


def bent(shape=(24, 40), height=24.0, n_features=4):
    """A domain that turns by half a circle along the last axis."""
    angle = np.pi * np.indices(shape)[-1] / (shape[-1] - 1)
    clean = np.zeros((*shape, n_features))
    clean[..., 0], clean[..., 1] = height * np.cos(angle), height * np.sin(angle)
    return clean


def stripes(shape=(24, 40), distance=10.0, n_domains=2, n_features=4):
    """Domains side by side along the last axis, as points and as labels."""
    labels = np.indices(shape)[-1] * n_domains // shape[-1]
    return distance * np.eye(n_domains, n_features)[labels], labels


def blurred_stripes(shape=(24, 40), distance=10.0, width=9, n_features=4):
    """Two domains with mixtures in between, and the share that the second one has."""
    x = np.indices(shape)[-1] - (shape[-1] - 1) / 2
    share = np.clip(0.5 + x / width, 0, 1)
    ends = distance * np.eye(2, n_features)
    return ends[0] + share[..., None] * (ends[1] - ends[0]), share
