"""Series of scans: which positions are neighbours, and what is done to each map."""

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_4dphase._series import apply_apart, is_series, place_apart

SHAPE = (3, 4, 5)


def axes(*units):
    return [{"size": n, "units": u} for n, u in zip((2, *SHAPE), units, strict=False)]


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        (("nm",), False),
        (("nm", "nm"), False),
        (("s", "nm"), False),
        (("nm", "nm", "nm"), False),
        (("s", "nm", "nm"), True),
        ((None, "nm", "nm"), True),
        ((None, None, None), True),
        (("nm", "nm", "nm", "nm"), True),
    ],
)
def test_units_tell_a_series_from_a_volume(units, expected):
    assert is_series(axes(*units)) is expected


@pytest.mark.parametrize("shape", [SHAPE, (2, *SHAPE)])
def test_neighbours_are_of_the_same_scan(shape):
    positions = np.indices(shape).reshape(len(shape), -1).T
    placed = place_apart(positions, shape)
    assert placed.shape == (len(positions), 2)
    assert len(np.unique(placed, axis=0)) == len(placed)
    offsets = np.abs(placed[:, None] - placed).max(axis=-1)
    is_same = (positions[:, None, :-2] == positions[:, :-2]).all(axis=-1)
    own = np.abs(positions[:, None, -2:] - positions[:, -2:]).max(axis=-1)
    np.testing.assert_array_equal(offsets[is_same], own[is_same])
    assert offsets[~is_same].min() > 10


@pytest.mark.parametrize("shape", [SHAPE, (2, *SHAPE)])
def test_a_function_sees_one_map_at_a_time(shape):
    maps = np.random.default_rng(0).integers(-1, 4, shape)

    def smallest(image):
        return ndimage.minimum_filter(image, size=3, mode="nearest")

    expected = [smallest(m) for m in maps.reshape(-1, *shape[-2:])]
    found = apply_apart(smallest, maps)
    np.testing.assert_array_equal(found, np.reshape(expected, shape))
