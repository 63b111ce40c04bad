"""Pixels that are sharper than a spot can be."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.detector._pixel_neighbours import PixelNeighbours
from hyperspy_4dphase.estimators.detector._sharp_pixels import (
    find_beam,
    find_sharp_pixels,
)

SHAPE = 23, 29
USED = np.arange(23 * 29)


def number(y, x):
    return y * SHAPE[1] + x


def looked_at(image, noise=1.0, used=USED):
    values = np.asarray(image, float).ravel()[used]
    pixels, _ = find_sharp_pixels(
        values, np.full(values.size, noise), PixelNeighbours(SHAPE, used)
    )
    return set(used[pixels].tolist())


def spot(y, x, sigma, height=400.0):
    rows, columns = np.indices(SHAPE)
    squared = (rows - y) ** 2 + (columns - x) ** 2
    return height * np.exp(-squared / (2 * sigma**2))


def test_single_pixels_and_pairs_are_sharp():
    image = np.full(SHAPE, 10.0)
    image[5, 7] = image[15, 20] = image[15, 21] = 400
    expected = {number(5, 7), number(15, 20), number(15, 21)}
    assert looked_at(image) == expected


@pytest.mark.parametrize("offset", [0, 0.25, 0.5])
@pytest.mark.parametrize("sigma", [0.6, 1, 3])
def test_spots_are_not(sigma, offset):
    image = 10 + spot(11 + offset, 13 + offset / 2, sigma)
    assert looked_at(image) == set()


def test_edges_and_streaks_are_not():
    image = np.full(SHAPE, 10.0)
    image[:, 12:] = 300
    image[8, :5] = 300
    assert looked_at(image) == set()


def test_noise_hides_what_is_weak():
    image = np.full(SHAPE, 10.0)
    image[5, 7] = 60
    assert looked_at(image, 1.0) == {number(5, 7)}
    assert looked_at(image, 400.0) == set()


def test_pixels_beside_missing_ones():
    image = np.full(SHAPE, 10.0)
    image[5, 7] = 400
    gap = np.zeros(SHAPE, dtype=bool)
    gap[:, 8] = True
    assert looked_at(image, used=USED[~gap.ravel()]) == {number(5, 7)}


def test_excess_is_over_the_surroundings():
    image = np.full(SHAPE, 10.0)
    image[5, 7] = 400
    _, excess = find_sharp_pixels(
        image.ravel(), np.ones(image.size), PixelNeighbours(SHAPE, USED)
    )
    np.testing.assert_allclose(excess, [390])


def test_the_brightest_in_the_middle_is_the_beam():
    beam = 10 + spot(11, 10, 0.3, 9000)
    beside = number(11, 11)
    neighbours = PixelNeighbours(SHAPE, USED)
    found = np.flatnonzero(find_beam(beam.ravel(), neighbours))
    assert number(11, 10) in found
    assert beside in found
    assert len(found) == 9
    # Another as bright leaves it open which of them is the beam.
    twins = beam + spot(11, 18, 0.3, 9000)
    assert not find_beam(twins.ravel(), neighbours).any()
