"""Reflections that an orientation shows, and which of them a pattern lacks."""

import numpy as np
import pytest
from orix.quaternion import Rotation

from hyperspy_4dphase.estimators.orientation import find_spots, prepare_pattern
from hyperspy_4dphase.estimators.orientation._expected import (
    Expected,
    expect,
    explain,
    find_cell,
    is_on_cell,
    predict,
)
from hyperspy_4dphase.estimators.orientation._index_lattice import span_indices
from hyperspy_4dphase.estimators.orientation._quaternions import to_matrices

from .orientation_patterns import GEOMETRY, SCALE, library_of, pattern_of, simulate

# Near [110] of silicon: many spots.
TURN = Rotation.from_euler((174.9, 88.9, 44.3), degrees=True).data
LIBRARY, WIDTH = library_of("Si"), 0.01


def predicted(prepared, width=WIDTH):
    return predict(to_matrices(TURN)[0], LIBRARY, width, prepared)


@pytest.fixture(scope="module")
def image():
    return pattern_of("Si", TURN[0], counts=200_000)


@pytest.fixture(scope="module")
def prepared(image):
    return prepare_pattern(image, GEOMETRY)


def test_reflections_are_where_diffsims_has_them(prepared):
    ours = predicted(prepared)
    theirs = simulate("Si", TURN[0], 0.02).coordinates.data[:, :2]
    apart = np.linalg.norm(ours.xy[:, None] - theirs, axis=-1)
    assert len(theirs) > 10
    # Ours are excited from somewhat farther away.
    assert apart.min(axis=0).max() < 1e-6
    assert (ours.intensity > 0).all()
    fewer = predicted(prepared, WIDTH / 5)
    assert {*map(tuple, fewer.hkl)} < {*map(tuple, ours.hkl)}


def test_spots_of_the_pattern_are_explained(prepared):
    spots = find_spots(prepared)
    explained, distance, which = explain(spots, predicted(prepared, 0.03), GEOMETRY)
    assert len(explained) > 15
    assert explained.mean() > 0.9
    assert np.median(distance) < SCALE
    assert which.shape == explained.shape
    nothing = predicted(prepared)._replace(xy=np.empty((0, 2)))
    assert not explain(spots, nothing, GEOMETRY)[0].any()


def test_cell_of_a_zone(prepared):
    spots, known = find_spots(prepared), predicted(prepared, 0.03)
    explained, _, which = explain(spots, known, GEOMETRY)
    basis = span_indices(known.hkl[which[explained]])
    cell = find_cell(explained, known, which, basis)
    steps = np.array([[1, 0], [2, -1], [0, 3], [0.5, 0.5]]) @ cell
    assert is_on_cell(steps, cell, GEOMETRY).tolist() == [True, True, True, False]
    assert find_cell(explained, known, which, basis[:1] + [None, None]) is None


def test_a_spot_that_is_taken_away_is_missing(image, prepared):
    known = predicted(prepared)
    spots = find_spots(prepared)
    explained, _, which = explain(spots, known, GEOMETRY)
    basis = span_indices(known.hkl[which[explained]])
    whole = expect(prepared, known, basis)
    assert whole.n_expected >= 4
    assert whole.missing < 0.02
    # The strongest one, and what is around it left.
    place = known.xy[known.intensity.argmax()] @ GEOMETRY.axes().T + GEOMETRY.center
    rows, columns = np.indices(image.shape)
    disc = np.hypot(rows - place[0], columns - place[1])
    lacking = image.astype(float)
    lacking[disc < 5] = np.median(image[(disc >= 5) & (disc < 7)])
    part = expect(prepare_pattern(lacking, GEOMETRY), known, basis)
    assert part.n_missing == whole.n_missing + 1
    assert whole.missing + 0.02 < part.missing < 1
    assert whole.missing_amplitude < part.missing_amplitude < 1


def test_without_spots_nothing_is_expected(prepared):
    assert expect(prepared, predicted(prepared), [None] * 3) == Expected()
