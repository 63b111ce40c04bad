"""Points of unit noise on the grid of a scan: ramps, interfaces, strips."""

import numpy as np
from scipy.ndimage import gaussian_filter

from hyperspy_4dphase.estimators.domains._field import Field

# Of the scans that most tests use, in array order.
SHAPE = (30, 44)


def field_of(clean, seed=0, kept=None):
    """A field of given points (*shape, n_features) with unit noise.

    `kept` says at which positions there is a point at all.
    """
    clean = np.asarray(clean, float)
    noisy = clean + np.random.default_rng(seed).normal(size=clean.shape)
    positions = np.indices(clean.shape[:-1]).reshape(clean.ndim - 1, -1).T
    points = noisy.reshape(-1, clean.shape[-1]).astype(np.float32)
    rows = slice(None) if kept is None else np.ravel(kept)
    return Field(points[rows], positions[rows])


def flat(shape=SHAPE, n_features=5):
    return np.zeros((*shape, n_features))


def ramp(shape=SHAPE, n_features=5, slope=1.5):
    """Points that turn along the last axis by `slope` deviations a position."""
    x = np.indices(shape)[-1]
    points = flat(shape, n_features)
    radius = slope * shape[-1] / np.pi
    angle = np.pi * x / shape[-1]
    points[..., 0], points[..., 1] = radius * np.cos(angle), radius * np.sin(angle)
    return points


def interface(shape=SHAPE, n_features=5, height=12.0, blur=0.6, axis=0):
    """A step in the third feature half way along an axis, and which side it is."""
    side = np.indices(shape)[axis] >= shape[axis] // 2
    points = flat(shape, n_features)
    points[..., 2] = height * gaussian_filter(side.astype(float), blur, mode="nearest")
    return points, side
