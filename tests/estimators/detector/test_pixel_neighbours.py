"""Neighbours of pixels on a detector of which some are not used."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.detector._pixel_neighbours import (
    OUTER_STEPS,
    STEPS,
    PixelNeighbours,
    close_gaps,
)

SHAPE = 9, 12
USED = np.flatnonzero(np.arange(108) % 7 != 3)


def placed(pixel, y, x):
    """The used pixel there, or None."""
    row, column = np.unravel_index(pixel, SHAPE)
    if not (0 <= row + y < SHAPE[0] and 0 <= column + x < SHAPE[1]):
        return None
    found = np.flatnonzero(USED == (row + y) * SHAPE[1] + column + x)
    return int(found[0]) if found.size else -1


@pytest.mark.parametrize("steps", [STEPS, OUTER_STEPS], ids=["8", "16"])
def test_neighbours(steps):
    near = PixelNeighbours(SHAPE, USED).find(steps=steps)
    assert near.shape == (USED.size, len(steps)) == (USED.size, len(set(steps)))
    for pixel, own in zip(USED, near, strict=True):
        expected = [placed(pixel, *step) for step in steps]
        assert own.tolist() == [-1 if e is None else e for e in expected]


def test_of_some():
    neighbours, some = PixelNeighbours(SHAPE, USED), np.array([3, 50, 7])
    np.testing.assert_array_equal(neighbours.find(some), neighbours.find()[some])
    np.testing.assert_array_equal(
        neighbours.find_next(some), neighbours.find_next(np.arange(USED.size))[some]
    )
    assert neighbours.find(np.array([], int)).shape == (0, 8)


def test_next_ones():
    """Straight on, over all that is not used."""
    near = PixelNeighbours(SHAPE, USED).find_next(np.arange(USED.size))
    for pixel, own in zip(USED, near, strict=True):
        for (y, x), number in zip(STEPS, own, strict=True):
            way = [placed(pixel, y * far, x * far) for far in range(1, 10)]
            found = [n for n in way if n is not None and n >= 0]
            assert number == (found[0] if found else -1)


def test_over_wide_gaps_there_is_none():
    image = np.arange(40 * 30).reshape(40, 30)
    kept = np.ones(image.shape, bool)
    kept[10:18], kept[22:31] = False, False
    used = image[kept]
    number = np.full(image.size, -1)
    number[used] = np.arange(used.size)
    below = PixelNeighbours(image.shape, used).find_next(number[image[[9, 21], 5]])
    assert below[:, STEPS.index((1, 0))].tolist() == [number[image[18, 5]], -1]


def test_beside_missing():
    """The edge is no missing pixel."""
    mask = np.zeros(SHAPE, bool)
    mask[4, 5] = True
    used = np.flatnonzero(~mask)
    beside = np.zeros(SHAPE, bool)
    beside.flat[used] = PixelNeighbours(SHAPE, used).find_beside_missing()
    expected = np.zeros(SHAPE, bool)
    expected[3:6, 4:7] = ~mask[3:6, 4:7]
    np.testing.assert_array_equal(beside, expected)
    whole = PixelNeighbours(SHAPE, np.arange(108))
    assert not whole.find_beside_missing().any()


def test_central():
    central = PixelNeighbours(SHAPE, np.arange(108)).find_central().reshape(SHAPE)
    expected = np.zeros(SHAPE, bool)
    expected[3:6, 4:8] = True
    np.testing.assert_array_equal(central, expected)


def test_image():
    image = PixelNeighbours(SHAPE, USED).to_image(USED, np.nan)
    np.testing.assert_array_equal(image.flat[USED], USED)
    assert np.isnan(image).sum() == 108 - USED.size


def test_second_brightest():
    values, neighbours = np.random.default_rng(0).random(108), np.arange(108)
    second = PixelNeighbours(SHAPE, neighbours).find_second_brightest
    image = values.reshape(SHAPE)
    around = np.delete(image[3:6, 6:9].ravel(), 4)
    assert second(values, np.array([4 * 12 + 7])) == np.sort(around)[-2]
    assert PixelNeighbours((1, 2), np.arange(2)).find_second_brightest(
        values, np.array([0])
    ) == [-np.inf]


def test_close_gaps():
    """Up to the edge."""
    mask = np.zeros(SHAPE, bool)
    mask[:, 4] = mask[:, 7] = True
    expected = np.zeros(SHAPE, bool)
    expected[:, 4:8] = True
    np.testing.assert_array_equal(close_gaps(mask, 3), expected)
    np.testing.assert_array_equal(close_gaps(mask, 2), mask)
