"""Crystal maps of any origin without what is doubtful or too small."""

import numpy as np
import pytest
from orix.crystal_map import CrystalMap, Phase, PhaseList
from orix.quaternion import Rotation

from hyperspy_4dphase.interop import clean_crystal_map

SHAPE = (6, 9)


def crystal_map(ids=None, degrees=None, is_in_data=None):
    y, x = np.indices(SHAPE).reshape(2, -1)
    ids = np.zeros(SHAPE, int) if ids is None else ids
    euler = np.zeros((x.size, 3))
    if degrees is not None:
        euler[:, 0] = np.ravel(degrees)
    phases = [Phase("Al", point_group="m-3m"), Phase("SiO2", point_group="32")]
    return CrystalMap(
        Rotation.from_euler(euler, degrees=True),
        np.ravel(ids),
        x,
        y,
        phase_list=PhaseList(phases),
        prop={"score": np.linspace(0, 1, x.size)},
        is_in_data=is_in_data,
    )


def test_small_pieces_of_a_phase():
    ids = np.zeros(SHAPE, int)
    ids[2, 3] = 1
    ids[4:, 6:] = 1
    xmap = crystal_map(ids)
    cleaned = clean_crystal_map(xmap, min_size=3)
    expected = ids.copy()
    expected[2, 3] = -1
    np.testing.assert_array_equal(cleaned.phase_id.reshape(SHAPE), expected)
    assert cleaned.prop["cleaned"].sum() == 1
    assert "not_indexed" in cleaned.phases.names
    # The map that was given is as it was.
    np.testing.assert_array_equal(xmap.phase_id.reshape(SHAPE), ids)
    assert "cleaned" not in xmap.prop


def test_misindexed_position_of_the_same_phase():
    degrees = np.zeros(SHAPE)
    degrees[3, 3] = 45
    degrees[1, 1] = 90
    cleaned = clean_crystal_map(crystal_map(degrees=degrees), min_size=2)
    np.testing.assert_array_equal(
        np.argwhere(cleaned.phase_id < 0).ravel(), [3 * 9 + 3]
    )


def test_least_values_of_properties():
    xmap = crystal_map()
    cleaned = clean_crystal_map(xmap, score=0.5)
    np.testing.assert_array_equal(cleaned.phase_id < 0, xmap.prop["score"] < 0.5)


def test_points_that_are_left_out():
    kept = np.ones(SHAPE, bool)
    kept[:, 4] = False
    ids = np.zeros(SHAPE, int)
    ids[0, 3] = 1
    xmap = crystal_map(ids, is_in_data=kept.ravel())
    cleaned = clean_crystal_map(xmap, min_size=4)
    assert cleaned.phase_id.size == kept.sum()
    assert (cleaned.phase_id < 0).sum() == 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ValueError, "Nothing was asked for"),
        ({"min_size": 0}, ValueError, "min_size"),
        ({"min_size": 2, "max_angle": -1}, ValueError, "max_angle"),
        ({"corelation": 0.5}, ValueError, "no property 'corelation'"),
        ({"score": "high"}, TypeError, "score"),
    ],
)
def test_wrong_arguments(options, error, message):
    with pytest.raises(error, match=message):
        clean_crystal_map(crystal_map(), **options)


def test_no_crystal_map():
    with pytest.raises(TypeError, match="CrystalMap"):
        clean_crystal_map(np.zeros(SHAPE), min_size=2)
