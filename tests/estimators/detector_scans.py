"""Scans of many kinds, and what detectors make of their electrons.

All dimensions differ.
"""

import numpy as np

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression._first_read import first_read
from hyperspy_4dphase.estimators.detector._pair_noise import pair_patterns

NAVIGATION, SIGNAL = (20, 25), (24, 22)
KINDS = ("amorphous", "spotty", "bent", "sharp", "overlapping")


def _spot(signal, center, width):
    rows, columns = np.indices(signal)
    squares = (rows - center[0]) ** 2 + (columns - center[1]) ** 2
    return np.exp(-squares / (2 * width**2))


def domain_images(n=3, signal=SIGNAL, seed=0, width=1.0, background=0.05):
    """Unlike patterns (n, *signal) of sum 1: a direct beam, and three spots each."""
    rng = np.random.default_rng(seed)
    beam = 4 * _spot(signal, np.divide(signal, 2), 1.4) + background
    images = []
    for _ in range(n):
        spots = rng.uniform(2, np.subtract(signal, 3), (3, 2))
        if width < 0.5:
            spots = np.rint(spots)
        images.append(beam + sum(_spot(signal, spot, width) for spot in spots))
    images = np.array(images)
    return images / images.sum(axis=(1, 2), keepdims=True)


def stripes(navigation=NAVIGATION, n=3):
    """Labels of n domains, side by side along x."""
    labels = np.arange(navigation[-1]) * n // navigation[-1]
    return np.broadcast_to(labels, navigation)


def expected(kind="spotty", navigation=NAVIGATION, signal=SIGNAL, seed=0):
    """What a pattern shows of one electron, (*navigation, *signal)."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(navigation)
    if kind == "amorphous":
        row, column = np.indices(signal)
        radius = np.hypot(row - signal[0] / 2, column - signal[1] / 2)
        halo = np.exp(-((radius - 6) ** 2) / 8) + 0.1
        return np.broadcast_to(halo / halo.sum(), (*navigation, *signal)).copy()
    if kind == "bent":
        # Each spot lights up where the foil is turned right: smoothly over the scan.
        n = 6
        images = domain_images(n, signal, seed)
        center = rng.uniform(0, 1, (n, 2)) * navigation
        distance = np.hypot(y[..., None] - center[:, 0], x[..., None] - center[:, 1])
        weights = np.exp(-(distance**2) / (2 * 6.0**2)) + 0.02
    elif kind == "overlapping":
        images = domain_images(4, signal, seed)
        weights = rng.dirichlet(np.full(4, 0.5), navigation)
    else:
        width = 0.3 if kind == "sharp" else 1.0
        images = domain_images(3, signal, seed, width)
        weights = np.eye(3)[stripes(navigation)]
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return np.tensordot(weights, images, 1)


def counted(kind="spotty", dose=2000, seed=0, **options):
    """Electrons of a scan, (*navigation, *signal), whole numbers."""
    rng = np.random.default_rng(1000 + seed)
    return rng.poisson(dose * expected(kind, seed=seed, **options))


def as_camera(electrons, gain, offset, readout_noise, seed=0):
    """What a camera makes of them, rounded to whole numbers; noise in gains."""
    rng = np.random.default_rng(2000 + seed)
    noise = rng.normal(0, readout_noise * gain, electrons.shape)
    return np.rint(electrons * gain + offset + noise)


def spoilt(dtype="u2", seed=0, frame=False):
    """A scan with several kinds of faults, and where they are."""
    rng = np.random.default_rng(seed)
    data = counted(seed=seed).astype(dtype)
    data[..., 5, 7] = np.iinfo(dtype).max
    data[..., 18, 2] = rng.integers(0, 60000, NAVIGATION)
    data[..., 0, :] = np.iinfo(dtype).max
    if frame:
        data[3, 4] = np.iinfo(dtype).max
    zingers = [(2, 3, 8, 9), (2, 4, 20, 20), (19, 24, 12, 1), (10, 0, 23, 21)]
    for place in zingers:
        data[place] = 9000
    pixels, patterns = np.zeros(SIGNAL, bool), np.zeros(NAVIGATION, bool)
    pixels[5, 7] = pixels[18, 2] = pixels[0] = True
    patterns[3, 4] = frame
    return data, pixels.ravel(), patterns.ravel(), zingers


def places(first):
    """Where single values were replaced, in the order of the data."""
    if first.replaced is None:
        return []
    rows, pixels = first.replaced[:2].astype(int)
    rows = np.unravel_index(rows, NAVIGATION)
    pixels = np.unravel_index(pixels, SIGNAL)
    return sorted(tuple(map(int, p)) for p in zip(*rows, *pixels, strict=True))


def read(data, n_axes=2, *, noise="measured", keep_faulty=False, **options):
    """What the first read finds out of a scan."""
    blocks = PatternBlocks(data, n_axes, allow_negative=True, **options)
    random_state = np.random.RandomState(0)
    return first_read(blocks, blocks, noise, keep_faulty, False, random_state)


def pairs_of(data, signal=SIGNAL):
    """Pairs of like patterns of a whole scan."""
    patterns = data.reshape(-1, np.prod(signal))
    return pair_patterns(patterns, signal, np.arange(patterns.shape[1]))
