import numpy as np
import pytest
from orix.quaternion import symmetry

from hyperspy_4dphase.estimators.orientation._directions import sector_directions
from hyperspy_4dphase.estimators.orientation._quaternions import to_matrices

GROUPS = {
    "1": symmetry.C1,
    "2": symmetry.C2,
    "3": symmetry.C3,
    "32": symmetry.D3,
    "4": symmetry.C4,
    "422": symmetry.D4,
    "6": symmetry.C6,
    "23": symmetry.T,
    "432": symmetry.O,
}


@pytest.mark.parametrize("name", GROUPS)
def test_every_direction_has_a_copy_nearby(name):
    step = np.deg2rad(5)
    turns = to_matrices(GROUPS[name].data)
    directions = sector_directions(step, GROUPS[name].data)
    vectors = np.random.default_rng(0).normal(size=(300, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    copies = np.einsum("gij,nj->gni", turns, vectors)
    cosine = (copies @ directions.T).max(axis=(0, 2))
    assert np.arccos(np.minimum(cosine, 1)).max() < 0.85 * step


@pytest.mark.parametrize("name", GROUPS)
def test_sector_is_no_larger_than_it_must_be(name):
    step = np.deg2rad(3)
    n = len(sector_directions(step, GROUPS[name].data))
    whole = len(sector_directions(step, symmetry.C1.data))
    assert n == pytest.approx(whole / len(GROUPS[name].data), rel=0.06)
