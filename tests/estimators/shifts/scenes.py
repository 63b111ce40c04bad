"""Scans of two bent grains whose patterns are shifted."""

import numpy as np
from scipy import ndimage

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.shifts._pattern_shifts import measure_shifts

NAVIGATION, SIGNAL = (18, 22), (40, 46)
POSITIONS = np.indices(NAVIGATION).reshape(2, -1).T
USED = np.arange(np.prod(SIGNAL))


def discs(centres, strengths):
    y, x = np.indices(SIGNAL)
    image = np.full(SIGNAL, 0.3) * np.exp(-np.hypot(y - 20, x - 23) / 8)
    for (row, column), strength in zip(centres, strengths, strict=True):
        image += strength / (1 + np.exp(3 * (np.hypot(y - row, x - column) - 2.5)))
    return image / image.sum()


def scene(shifts=None, bend=1.0):
    """Mean patterns of two bent grains whose spots change strength on their own."""
    spots = [[(20, 23), (20, 33), (20, 13), (30, 23), (10, 23)]]
    spots += [[(20, 23), (27, 30), (13, 16), (27, 16), (13, 30)]]
    y, x = (POSITIONS / np.array(NAVIGATION)).T
    rates = []
    for k in range(len(POSITIONS)):
        tilt = bend * np.sin(5 * y[k] + 2 * x[k])
        strengths = [2.5, 0.6 + 0.5 * tilt, 0.6 - 0.5 * tilt, 0.5 + 0.3 * tilt, 0.3]
        rates.append(discs(spots[int(x[k] + 0.3 * y[k] > 0.6)], strengths))
        if shifts is not None:
            rates[-1] = ndimage.shift(rates[-1], shifts[k], order=3, mode="nearest")
    return np.maximum(np.reshape(rates, (len(rates), -1)), 0)


def plane(slopes):
    return (POSITIONS - POSITIONS.mean(axis=0)) @ np.transpose(slopes)


SLOPES = np.array([[0.1, 0.0], [0.02, -0.12]])
BEAM = np.hypot(*(np.indices(SIGNAL).reshape(2, -1) - [[20], [23]])) < 5
CROSS = (np.abs(np.indices(SIGNAL) - np.reshape([20, 23], (2, 1, 1))) < 1).any(axis=0)


def find_shifts(rate, dose, seed=0, used=USED):
    """Shifts of counts of so many electrons a pattern, told from their compression."""
    counts = np.random.default_rng(seed).poisson(rate * dose).astype(np.uint16)
    compressed = compress_patterns(counts[:, used], random_state=0, squares=False)
    return measure_shifts(compressed, used, SIGNAL, POSITIONS)
