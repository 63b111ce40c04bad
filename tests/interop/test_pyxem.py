"""Orientation maps of pyxem, with a library around the orientation of each domain."""

import numpy as np
import pytest
from orix.crystal_map import Phase
from orix.quaternion import Rotation
from orix.vector import Vector3d
from pyxem.signals import OrientationMap

from hyperspy_4dphase.data import structure
from hyperspy_4dphase.interop.pyxem import to_orientation_map

SHAPE = 3, 5
AXES = [
    {"name": name, "size": size, "scale": 2.0, "offset": 0.0, "units": "nm"}
    for name, size in zip("yx", SHAPE, strict=True)
]
EULER = [(20.0, 45.0, 10.0), (300.0, 30.0, 25.0), (-70.0, 50.0, 15.0)]
OPTICS = {"voltage": 200.0, "max_g": 0.8}


def planted(rotations=None, **changes):
    """Two domains of silicon, and one of aluminium between them by number."""
    silicon, aluminium = structure("Si"), structure("Al")
    labels = np.arange(15).reshape(SHAPE) % 4
    labels[labels == 3] = -1
    turns = Rotation.from_euler(EULER, degrees=True).data
    phases, ids = [aluminium, silicon], np.array([1, 0, 1])
    cosine = np.linspace(0.5, 0.9, 15).reshape(SHAPE)
    options = OPTICS | {"cosine": cosine, "axes": AXES, "rotations": rotations}
    found = to_orientation_map(labels, turns, phases, ids, **options | changes)
    return found, labels, turns, [phases[i] for i in ids], cosine


def degrees_between(first, second):
    cosine = np.abs((first * second).sum(axis=-1))
    return np.rad2deg(2 * np.arccos(np.minimum(cosine, 1)))


def turns_of(found):
    """Orientations as pyxem understands them: one of each position."""
    data = found.to_rotation(flatten=True).data
    return data.reshape(*SHAPE, -1, 4)[:, :, 0]


def tilted(turns, labels, degrees, seed=0):
    """Orientations of positions around those of their domains, turned in the plane."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-1, 1, (*labels.shape, 3)) * degrees
    angle[..., 2] = rng.uniform(-40, 40, labels.shape)
    half = np.deg2rad(angle) / 2
    length = np.linalg.norm(half, axis=-1, keepdims=True)
    small = np.concatenate([np.cos(length), half * np.sinc(length / np.pi)], axis=-1)
    return (Rotation(turns[labels]) * Rotation(small)).data


def test_orientations_of_domains_come_back():
    found, labels, turns, phases, cosine = planted()
    assert isinstance(found, OrientationMap)
    there = labels >= 0
    distance = degrees_between(turns_of(found), turns[labels])
    assert distance[there].max() < 1e-4
    index = found.to_phase_index()[..., 0]
    own = [found.simulation.phases[i] for i in index[there]]
    assert [phase.name for phase in own] == [phases[k].name for k in labels[there]]
    np.testing.assert_allclose(found.data[..., 0, 1], np.where(there, cosine, 0))


def test_library_is_around_each_domain():
    found, _, turns, _, _ = planted(reach=2.0, step=1.0)
    assert [phase.name for phase in found.simulation.phases] == ["Al", "Si"]
    aluminium, silicon = found.simulation.rotations
    # Thirteen points of a square grid are within two steps; one more stands twice.
    assert (aluminium.size, silicon.size) == (13, 27)
    beams = Rotation(turns) * Vector3d.zvector()
    for rotations, domains in ((silicon, [0, 2]), (aluminium, [1])):
        angle = rotations * Vector3d.zvector()
        nearest = np.min([angle.angle_with(beams[d], True) for d in domains], axis=0)
        assert nearest.max() == pytest.approx(2.0, abs=1e-3)
        assert nearest.min() == pytest.approx(0.0, abs=1e-3)


def test_refined_positions_have_the_nearest_template():
    _, labels, turns, _, _ = planted()
    refined = tilted(turns, labels, 1.5)
    found, *_ = planted(refined, reach=3.0, step=0.5)
    there = labels >= 0
    distance = degrees_between(turns_of(found), refined)[there]
    assert distance.max() <= 0.5 / 2**0.5 + 0.02
    coarse, *_ = planted(refined, reach=3.0, step=1.5)
    assert degrees_between(turns_of(coarse), refined)[there].max() > distance.max()


def test_position_that_was_not_refined_has_its_domain():
    _, labels, turns, _, _ = planted()
    refined = tilted(turns, labels, 1.5)
    refined[0, 0] = np.nan
    found, *_ = planted(refined)
    assert degrees_between(turns_of(found)[0, 0], turns[labels[0, 0]]) < 1e-4


def test_positions_out_of_reach_are_told():
    _, labels, turns, _, _ = planted()
    refined = tilted(turns, labels, 6.0)
    with pytest.warns(UserWarning, match="give a reach of more than 1"):
        planted(refined, reach=1.0)


def test_domains_without_orientation_have_no_match():
    _, _, turns, _, _ = planted()
    labels = np.zeros(SHAPE, int)
    labels[1] = 1
    turns = np.stack([turns[0], np.full(4, np.nan)])
    cosine = np.where(labels == 0, 0.7, np.nan)
    options = OPTICS | {"cosine": cosine, "axes": AXES}
    found = to_orientation_map(
        labels, turns, [structure("Si"), Phase("amorphous")], np.arange(2), **options
    )
    np.testing.assert_array_equal(found.data[..., 0, 1], np.where(labels, 0, 0.7))
    with pytest.raises(ValueError, match="No domain of this map"):
        to_orientation_map(
            labels,
            np.full((2, 4), np.nan),
            [structure("Si")],
            np.zeros(2, int),
            **options,
        )
