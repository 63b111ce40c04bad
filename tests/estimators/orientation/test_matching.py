import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation import (
    match_library,
    misorientation,
    place_library,
    prepare_pattern,
    refine_matches,
)
from tests.estimators.orientation.orientation_patterns import (
    GEOMETRY,
    SHAPE,
    library_of,
    pattern_of,
    random_quaternions,
    symmetry_of,
)

N_PATTERNS = 8


def index(name, pattern, geometry=GEOMETRY, **options):
    """Return matches and refined matches of one pattern."""
    prepared = prepare_pattern(pattern, geometry, **options)
    library = library_of(name)
    coarse = match_library(prepared, place_library(library, prepared), 12)
    return coarse, refine_matches(prepared, library, coarse)


def errors_of(name, matches, quaternion):
    return misorientation(matches.quaternions, quaternion[None], symmetry_of(name))


def nearest_of_equals(name, matches, quaternion):
    """Error of the best of the orientations that fit as well as the first.

    A plane of reflections looks the same after half a turn about its zone axis.
    """
    equal = matches.cosine > matches.cosine[0] - 0.01
    return errors_of(name, matches, quaternion)[equal].min()


# Neither has a mirror that could hide a wrong sense of rotation, or a mirrored frame.
@pytest.mark.parametrize("name", ["triclinic", "4/m"])
def test_rotation_of_the_simulation_comes_back(name):
    coarse, fine = [], []
    for q in random_quaternions(N_PATTERNS, 5):
        first, refined = index(name, pattern_of(name, q, 50_000))
        coarse.append(errors_of(name, first, q)[0])
        fine.append(errors_of(name, refined, q)[0])
    assert np.median(coarse) < 2
    assert np.median(fine) < 0.6
    assert np.sum(np.array(fine) < 2) >= N_PATTERNS - 1


def test_mirrored_detector_needs_flip():
    q = random_quaternions(4, 8)[2]
    pattern = pattern_of("triclinic", q, 50_000)
    mirrored = np.flipud(pattern)
    center = (SHAPE[0] - 1 - GEOMETRY.center[0], GEOMETRY.center[1])
    right = GEOMETRY._replace(center=center, flip=True)
    wrong = GEOMETRY._replace(center=center)
    straight = index("triclinic", pattern)[1]
    flipped, unflipped = (index("triclinic", mirrored, g)[1] for g in (right, wrong))
    assert errors_of("triclinic", flipped, q)[0] < 1
    assert flipped.cosine[0] == pytest.approx(straight.cosine[0], abs=0.01)
    # The back of a plane of reflections is its mirror image, and fits as well.
    assert errors_of("triclinic", unflipped, q)[0] > 5


def test_turned_scan_turns_the_crystal():
    q = random_quaternions(4, 8)[2]
    pattern = pattern_of("triclinic", q, 50_000)
    turned = index("triclinic", pattern, GEOMETRY._replace(scan_rotation=33.0))[1]
    straight = index("triclinic", pattern)[1]
    angle = misorientation(
        turned.quaternions[:1], straight.quaternions[:1], symmetry_of("triclinic")
    )
    assert angle[0] == pytest.approx(33, abs=0.5)


def test_spots_behind_a_beam_stop_count_neither_for_nor_against():
    q = random_quaternions(4, 11)[2]
    pattern = pattern_of("4/m", q, 50_000).astype(float)
    excluded = np.zeros(SHAPE, bool)
    excluded[:48, 48:62] = True
    excluded[40:50] = True
    whole = index("4/m", pattern)[1]
    masked = index("4/m", pattern, excluded=excluded)[1]
    assert nearest_of_equals("4/m", masked, q) < 1.5
    assert masked.cosine[0] == pytest.approx(whole.cosine[0], abs=0.04)
    # As zeros of a detector they would.
    pattern[excluded] = 0
    assert index("4/m", pattern)[1].cosine[0] < masked.cosine[0] - 0.03


def test_matches_are_ranked_and_distinct():
    q = random_quaternions(4, 8)[3]
    for matches in index("Si", pattern_of("Si", q, 20_000)):
        assert (np.diff(matches.cosine) <= 0).all()
        assert 0 < matches.cosine[0] <= 1.02
        first = matches.quaternions[:1]
        others = matches.quaternions[1:]
        assert misorientation(others, first, symmetry_of("Si")).min() > 0.4


def test_an_empty_pattern_has_no_cosine():
    coarse, refined = index("Si", np.zeros(SHAPE))
    assert coarse.cosine.max() == 0
    assert refined.cosine.max() == 0


def test_templates_that_are_placed_for_others_are_refused():
    pattern = pattern_of("Si", random_quaternions(1)[0])
    prepared = prepare_pattern(pattern, GEOMETRY)
    placed = place_library(library_of("Si"), prepared)
    with pytest.raises(ValueError, match="placed is for polar images"):
        match_library(prepared, placed._replace(shape=(3, 4)))
    with pytest.raises(ValueError, match="n_best"):
        match_library(prepared, placed, 0)
    far = prepare_pattern(pattern, GEOMETRY._replace(outer_radius=1.2))
    with pytest.raises(ValueError, match="library only to 1.05"):
        place_library(library_of("Si"), far)


def test_cosine_is_at_most_one_where_spots_overlap():
    large = GEOMETRY._replace(spot_radius=0.09)
    for q in random_quaternions(4, 3):
        coarse, refined = index("triclinic", pattern_of("4/m", q, 1e5), large)
        assert coarse.cosine.max() <= 1.02
        assert refined.cosine.max() <= 1.02
