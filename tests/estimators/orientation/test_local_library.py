import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation import build_local_library
from tests.estimators.orientation.orientation_patterns import (
    CENTER,
    GEOMETRY,
    SCALE,
    SHAPE,
    library_of,
    random_quaternions,
    simulate,
)

NAME = "4/m"
START = random_quaternions(3, 21)[0]


@pytest.fixture(scope="module")
def local():
    return build_local_library(
        library_of(NAME), START, GEOMETRY, SHAPE, reach=1.5, step=0.75
    )


def test_the_orientation_is_in_the_middle(local):
    assert local.n_side == 5
    middle = (local.n_side**3) // 2
    part = slice(local.start[middle], local.start[middle + 1])
    rows, columns = np.unravel_index(local.center[local.site[part]], SHAPE)
    spots = np.asarray(simulate(NAME, START, 0.1).coordinates.data)
    x, y = SCALE * (columns - CENTER[1]), SCALE * (CENTER[0] - rows)
    distance = np.hypot(spots[:, :1] - x, spots[:, 1:2] - y).min(axis=0)
    assert distance.max() < 0.75 * SCALE


def test_templates_have_unit_norm(local):
    for i in range(0, local.n_side**3, 17):
        weight = local.weight[local.start[i] : local.start[i + 1]]
        # Spots that overlap, if any, only make it smaller.
        assert (weight**2).sum() == pytest.approx(1, abs=0.05)


def test_background_is_where_no_spot_is(local):
    spotted = np.zeros(np.prod(SHAPE), bool)
    spotted[(local.center[:, None] + local.offset).ravel()] = True
    assert (local.ring[spotted] == -1).all()
    assert (local.ring >= 0).any()


def test_sites_keep_clear_of_excluded_pixels():
    excluded = np.zeros(SHAPE, bool)
    excluded[30:40] = True
    local = build_local_library(
        library_of(NAME), START, GEOMETRY, SHAPE, excluded=excluded
    )
    pixels = (local.center[:, None] + local.offset).ravel()
    assert not excluded.ravel()[pixels].any()
    assert (local.ring.reshape(SHAPE)[excluded] == -1).all()


def test_bad_arguments_are_refused():
    library = library_of(NAME)
    for changes, message in [
        ({"step": 0}, "step"),
        ({"reach": -1}, "reach"),
        ({"excluded": np.zeros(SHAPE)}, "excluded must be bool"),
        ({"excluded": np.ones(SHAPE, bool)}, "no reflection"),
        ({"excitation_width": 0}, "excitation_width"),
    ]:
        with pytest.raises(ValueError, match=message):
            build_local_library(library, START, GEOMETRY, SHAPE, **changes)
