import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation import (
    Matches,
    misorientation,
    prepare_pattern,
    refine_matches,
)
from hyperspy_4dphase.estimators.orientation import _refinement as module
from hyperspy_4dphase.estimators.orientation._quaternions import (
    from_rotation_vectors,
    multiply,
    to_matrices,
)
from tests.estimators.orientation.orientation_patterns import (
    GEOMETRY,
    SHAPE,
    library_of,
    pattern_of,
    random_quaternions,
    symmetry_of,
)

NAME = "triclinic"
TRUE = random_quaternions(4, 8)[2]


def starts(*turns):
    """Matches that are off by rotations in degrees about the axes of the sample."""
    q = multiply(TRUE, from_rotation_vectors(np.deg2rad(turns)))
    return Matches(q, np.zeros(len(q)), np.full(len(q), 0.005))


@pytest.fixture(scope="module")
def prepared():
    return prepare_pattern(pattern_of(NAME, TRUE, 50_000), GEOMETRY)


@pytest.mark.parametrize(
    "turn", [(1.2, 0, 0), (0, -1.2, 0), (0, 0, 1.5), (0.8, 0.8, 1)]
)
def test_start_that_is_off_comes_back(prepared, turn):
    found = refine_matches(prepared, library_of(NAME), starts(turn))
    off = misorientation(found.quaternions, TRUE[None], symmetry_of(NAME))
    assert off[0] < 0.5
    assert found.cosine[0] > 0.9


def test_quaternions_are_those_of_the_matrices_that_scored(prepared):
    library = library_of(NAME)
    found = refine_matches(prepared, library, starts((1.0, 0.5, -0.5)))
    n = len(library.reflections.g)
    score = module.score(
        to_matrices(found.quaternions[0]),
        module.make_sampler(prepared, library),
        found.excitation_width[0],
        0.0,
        *(np.empty(n) for _ in range(3)),
    )
    assert score == pytest.approx(found.cosine[0], abs=1e-6)


def test_same_orientation_is_given_once(prepared):
    many = starts((0.6, 0, 0), (0, 0.6, 0), (0, 0, 0.6), (-0.6, 0, 0))
    assert len(refine_matches(prepared, library_of(NAME), many).cosine) < 4


def test_no_more_are_given_than_asked_for(prepared):
    many = starts((0, 0, 0), (40, 0, 0), (0, 40, 0))
    assert len(refine_matches(prepared, library_of(NAME), many, 2).cosine) <= 2
    with pytest.raises(ValueError, match="n_best"):
        refine_matches(prepared, library_of(NAME), many, 0)


def test_nothing_is_refined_without_spots():
    empty = prepare_pattern(np.zeros(SHAPE), GEOMETRY)
    start = starts((1.0, 0, 0))
    found = refine_matches(empty, library_of(NAME), start)
    assert found.cosine[0] == 0
    np.testing.assert_allclose(found.quaternions, start.quaternions, atol=1e-9)


def test_bad_orientations_are_refused(prepared):
    bad = starts((0, 0, 0))._replace(quaternions=np.ones((1, 4)))
    with pytest.raises(ValueError, match="matches.quaternions"):
        refine_matches(prepared, library_of(NAME), bad)
