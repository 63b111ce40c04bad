import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation import (
    build_local_library,
    misorientation,
    refine_orientations,
)
from hyperspy_4dphase.estimators.orientation._quaternions import (
    from_rotation_vectors,
    multiply,
)
from tests.estimators.orientation.orientation_patterns import (
    GEOMETRY,
    SHAPE,
    library_of,
    pattern_of,
    random_quaternions,
    symmetry_of,
)

NAME = "4/m"
START = random_quaternions(3, 21)[0]
TURNS = np.deg2rad(0.8) * np.random.default_rng(4).normal(size=(9, 3))
TRUE = multiply(START, from_rotation_vectors(TURNS))


@pytest.fixture(scope="module")
def local():
    return build_local_library(
        library_of(NAME), START, GEOMETRY, SHAPE, excitation_width=0.0064
    )


@pytest.fixture(scope="module")
def expected():
    return np.stack([pattern_of(NAME, q) for q in TRUE])


def counts_of(expected, dose, seed=0):
    return np.random.default_rng(seed).poisson(dose * expected)


def errors_of(found):
    return misorientation(found.quaternions, TRUE, symmetry_of(NAME))


def test_single_weak_patterns_are_refined(local, expected):
    start = misorientation(START[None], TRUE, symmetry_of(NAME))
    found = refine_orientations(counts_of(expected, 500), local)
    assert np.median(errors_of(found)) < 0.5 * np.median(start)
    assert not found.at_edge.any()


def test_uncertainty_tells_the_error(local, expected):
    weak, strong = (
        refine_orientations(counts_of(expected, dose), local) for dose in (60, 20_000)
    )
    assert weak.uncertainty.mean() > strong.uncertainty.mean()
    allowed = np.linalg.norm(strong.uncertainty, axis=1)
    assert np.mean(errors_of(strong) < 3 * allowed) > 0.95


def test_pattern_without_spots_stays_at_the_start(local, expected):
    found = refine_orientations(np.zeros((2, *SHAPE), np.uint16), local)
    off = misorientation(found.quaternions, START[None], symmetry_of(NAME))
    np.testing.assert_allclose(off, 0, atol=1e-3)
    assert found.uncertainty.min() > 1.5
    assert (found.cosine == 0).all()


def test_what_is_out_of_reach_is_told(expected):
    near = build_local_library(
        library_of(NAME), START, GEOMETRY, SHAPE, reach=0.5, step=0.25
    )
    far = multiply(START, from_rotation_vectors(np.deg2rad([[0, 0, 2.0]])))[0]
    found = refine_orientations(pattern_of(NAME, far, 50_000)[None], near)
    assert found.at_edge.all()


def test_blocks_agree_with_all_at_once(local, expected):
    patterns = counts_of(expected, 300)
    whole = refine_orientations(patterns, local)
    parts = [refine_orientations(patterns[k : k + 4], local) for k in (0, 4, 8)]
    for i, name in enumerate(whole._fields):
        joined = np.concatenate([part[i] for part in parts])
        np.testing.assert_array_equal(joined, whole[i], err_msg=name)


def test_excluded_pixels_are_of_no_consequence(expected):
    excluded = np.zeros(SHAPE, bool)
    excluded[:40, 50:62] = True
    local = build_local_library(
        library_of(NAME), START, GEOMETRY, SHAPE, excluded=excluded
    )
    patterns = counts_of(expected, 2000).astype(float)
    one = refine_orientations(patterns, local)
    patterns[:, excluded] = 1e6
    other = refine_orientations(patterns, local)
    np.testing.assert_array_equal(one.quaternions, other.quaternions)
    assert np.median(errors_of(one)) < 0.6


def test_bad_arguments_are_refused(local):
    with pytest.raises(ValueError, match="patterns must have the shape"):
        refine_orientations(np.zeros((2, 5, 7)), local)
