"""Crystal maps of any origin without what is doubtful or too small."""

import numpy as np
import pytest
from orix.crystal_map import CrystalMap, Phase, PhaseList
from orix.io import load, save
from orix.quaternion import Rotation

from hyperspy_4dphase.data import structure
from hyperspy_4dphase.interop import clean_crystal_map
from hyperspy_4dphase.interop.pyxem import to_orientation_map

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


def test_what_was_done_is_recorded(tmp_path):
    ids = np.zeros(SHAPE, int)
    ids[5, 8] = 1
    cleaned = clean_crystal_map(crystal_map(ids), min_size=3, score=0.3)
    properties = cleaned.prop
    n_poor = (properties["score"] < 0.3).sum()
    np.testing.assert_array_equal(
        np.bincount(properties["cleaned"]), [53 - n_poor, n_poor, 1]
    )
    assert set(properties["cleaned_least_score"]) == {0.3}
    assert set(properties["cleaned_min_size"]) == {3}
    assert set(properties["cleaned_max_angle"]) == {5.0}
    again = clean_crystal_map(cleaned, score=0.5)
    np.testing.assert_array_equal(again.prop["cleaned"], properties["cleaned"])
    assert set(again.prop["cleaned_2_least_score"]) == {0.5}
    assert again.prop["cleaned_2"].sum() == (again.phase_id < 0).sum() - n_poor - 1
    save(tmp_path / "map.h5", again)
    loaded = load(tmp_path / "map.h5")
    assert set(loaded.prop["cleaned_min_size"]) == {3}
    np.testing.assert_array_equal(loaded.prop["cleaned_2"], again.prop["cleaned_2"])


def orientation_map(shape):
    """Silicon, and aluminium at one position, with rising correlations."""
    labels = np.zeros(shape, int)
    labels[(2,) * len(shape)] = 1
    return to_orientation_map(
        labels,
        Rotation.from_euler([(20, 45, 0), (70, 30, 0)], degrees=True).data,
        [structure("Si"), structure("Al")],
        np.arange(2),
        cosine=np.linspace(0.2, 0.9, labels.size).reshape(shape),
        axes=[{"size": size, "scale": 1.0, "units": "nm"} for size in shape],
        voltage=200.0,
        max_g=0.8,
        reach=0,
    )


def test_orientation_map_of_pyxem():
    given = orientation_map(SHAPE)
    before = given.data.copy()
    cleaned = clean_crystal_map(given, min_size=2, correlation=0.4)
    expected = np.linspace(0.2, 0.9, 54) < 0.4
    expected[2 * SHAPE[1] + 2] = True
    np.testing.assert_array_equal(cleaned.phase_id < 0, expected)
    assert {p.name for _, p in cleaned.phases} == {"not_indexed", "Si", "Al"}
    np.testing.assert_array_equal(given.data, before)
    with pytest.raises(ValueError, match="xmap has 1 navigation axes"):
        clean_crystal_map(orientation_map((7,)), min_size=2)


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
