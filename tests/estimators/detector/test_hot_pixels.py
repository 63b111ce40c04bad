"""Pixels that are brighter than any spot makes them, in all patterns alike."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.detector._broken_pixels import Around
from hyperspy_4dphase.estimators.detector._detector import measure_detector
from hyperspy_4dphase.estimators.detector._hot_pixels import find_hot_pixels
from hyperspy_4dphase.estimators.detector._pair_noise import pair_patterns

SHAPE, CENTER, N = (31, 37), (15.0, 18.0), 80
HOT = (6, 9), (22, 30), (25, 4)


def rates(sigma=1.6):
    """A direct beam and a square lattice of spots about it, and a background."""
    rows, columns = np.indices(SHAPE)
    image = np.full(SHAPE, 4.0)
    for h in range(-2, 3):
        for k in range(-2, 3):
            y, x = CENTER[0] + 6.3 * h + 1.1 * k, CENTER[1] + 6.3 * k - 1.1 * h
            square = (rows - y) ** 2 + (columns - x) ** 2
            image += 300 / (1 + h**2 + k**2) * np.exp(-square / (2 * sigma**2))
    return image


def look(image, seed=0):
    """Places of hot pixels in counts of N patterns."""
    data = np.random.default_rng(seed).poisson(image, (N, *SHAPE))
    pairs = pair_patterns(data.reshape(N, -1), SHAPE, np.arange(image.size))
    detector = measure_detector(pairs, scaled=True)
    electrons = (pairs.mean - detector.offset) / detector.gain
    counted = electrons * pairs.n_pairs > 20
    known = np.zeros(image.size, bool)
    around = Around(pairs, electrons)
    hot = find_hot_pixels(pairs, electrons, detector, counted, around, known)
    return {tuple(map(int, place)) for place in np.argwhere(hot.reshape(SHAPE))}


def with_hot(image, places=HOT, value=400.0):
    image = image.copy()
    for place in places:
        image[place] = value
    return image


@pytest.mark.parametrize("seed", range(3))
def test_planted_pixels_and_no_others(seed):
    assert look(rates(), seed) == set()
    assert look(with_hot(rates()), seed) == set(HOT)


def test_a_little_brighter_is_not_hot():
    assert look(with_hot(rates(), value=10.0)) == set()


def test_sharp_spots_with_mates_beyond_the_beam_are_spots():
    image = np.full(SHAPE, 4.0)
    rows, columns = np.indices(SHAPE)
    square = (rows - CENTER[0]) ** 2 + (columns - CENTER[1]) ** 2
    image += 2000 * np.exp(-square / 8)
    offsets = (9, 4), (-5, 12), (3, -11)
    spots = [(15 + s * dy, 18 + s * dx) for dy, dx in offsets for s in (-1, 1)]
    assert look(with_hot(image, spots)) == set()
    # Without mates they are hot.
    assert look(with_hot(image, spots[::2])) == set(spots[::2])


def test_without_counts_none_is_hot():
    image = np.zeros(SHAPE)
    assert look(image) == set()
