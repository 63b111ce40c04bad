import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation import (
    Identification,
    Matches,
    MatchReport,
    StructureMatch,
    find_spots,
    identify,
    list_alternatives,
    match_structures,
    misorientation,
    place_library,
    prepare_pattern,
)
from hyperspy_4dphase.estimators.orientation._evidence import (
    weigh_choice,
    weigh_none,
)
from hyperspy_4dphase.estimators.orientation._quaternions import (
    from_beam_directions,
    from_rotation_vectors,
    multiply,
)
from tests.estimators.orientation.orientation_patterns import (
    GEOMETRY,
    SHAPE,
    library_of,
    pattern_of,
    phase_of,
    random_quaternions,
    symmetry_of,
)

TURNS = symmetry_of("TiO2")
NAMES = ["NMC622", "4/m", "TiO2", "triclinic"]


def match(cosine, n_spots=12, n_explained=12, distance=0.2, **changes):
    unexplained = 1 - n_explained / max(n_spots, 1)
    report = MatchReport(
        n_spots=n_spots,
        n_explained=n_explained,
        n_unexplained=n_spots - n_explained,
        unexplained=unexplained,
        unexplained_amplitude=unexplained,
        n_expected=8,
        n_missing=0,
        missing=0.0,
        distance=distance,
        log_ratio=0.3,
        in_plane=0.0,
        misfit=1.0,
        missing_amplitude=0.0,
        n_off=0,
        dimension=3,
        attainable=0.96,
        zone=(np.nan,) * 3,
        deviation=5 * distance,
        n_twice=0,
    )._replace(**changes)
    found = Matches(np.eye(4)[:1], np.array([cosine]), np.array([0.005]))
    choice, none = weigh_choice(cosine, 0.005, report), weigh_none(cosine, report)
    return StructureMatch(found, report, np.zeros(1), choice, none)


def test_probabilities_sum_to_one():
    result = identify([[match(0.95), match(0.7), match(0.6)]])
    assert result.probability.sum() + result.none_probability == pytest.approx(1)
    assert (result.probability >= 0).all()
    assert result.best == 0


def test_better_match_is_likelier():
    result = identify([[match(0.9), match(0.95), match(0.5)]])
    assert list(np.argsort(-result.probability)) == [1, 0, 2]
    assert result.margin == pytest.approx(0.05 / 0.95)


def test_equal_structures_make_a_set():
    result = identify([[match(0.9), match(0.9), match(0.4, 12, 5)]])
    assert result.in_set.tolist() == [True, True, False]
    assert result.probability[0] == pytest.approx(result.probability[1])


def test_spots_not_explained_count_against_a_structure():
    result = identify([[match(0.9, 12, 12), match(0.9, 12, 7)]])
    assert result.probability[0] > 20 * result.probability[1]


def test_spots_beside_their_reflections_count_against_a_structure():
    result = identify([[match(0.9, distance=0.1), match(0.9, distance=0.5)]])
    assert result.probability[0] > 5 * result.probability[1]


def test_structures_that_explain_little_are_none():
    result = identify([[match(0.6, 20, 8, 0.4), match(0.55, 20, 7, 0.45)]])
    assert result.none_probability > 0.9
    assert result.best is None


def test_reflections_of_a_larger_cell_that_are_missing_count_against_it():
    whole, lacking = match(0.85), match(0.85, missing_amplitude=0.3, n_off=6)
    assert identify([[lacking]]).none_probability > 0.5
    assert identify([[whole]]).none_probability < 0.2
    result = identify([[whole, lacking]])
    assert result.probability[0] > 5 * result.probability[1]


def test_spots_of_one_zone_leave_more_structures_open():
    result = identify([[match(0.9, dimension=2)]])
    assert result.one_zone
    solid = identify([[match(0.9)]])
    assert not solid.one_zone
    assert result.none_probability > solid.none_probability
    # Two zones together are more than one.
    assert not identify([[match(0.9, dimension=2)]] * 2).one_zone


def test_cosine_counts_by_what_it_may_reach():
    weak = identify([[match(0.85, attainable=0.87)]])
    strong = identify([[match(0.85, attainable=0.97)]])
    assert weak.none_probability < strong.none_probability


def test_few_spots_are_said_to_be_few():
    unclear = Identification(np.array([0.4, 0.0]), 0.6, np.ones(2, bool), 0.1, 4)
    assert unclear.best is None
    assert unclear.too_few_spots
    assert not unclear._replace(n_spots=12).too_few_spots
    assert not unclear._replace(none_probability=0.95).too_few_spots
    assert not unclear._replace(none_probability=0.3).too_few_spots


def test_alternatives_are_listed_until_they_are_probable_together():
    one = match(0.9)
    several = one._replace(scores=np.array([2.0, 1.9, 0.0, -9.0]))
    index, share = list_alternatives(several)
    assert index.tolist() == [0, 1, 2]
    assert share[0] > share[1] > share[2]
    assert share.sum() > 0.97
    assert list_alternatives(one)[0].tolist() == [0]


def test_half_turn_about_the_axis_of_a_zone_is_among_the_alternatives(placed):
    # Beam along [112] of rutile, which is no axis of symmetry.
    base = phase_of("TiO2").structure.lattice.base
    zone = np.array([1, 1, 2]) @ base
    q = from_beam_directions((zone / np.linalg.norm(zone))[None])[0]
    half = multiply(
        from_rotation_vectors(np.pi * zone[None] / np.linalg.norm(zone)), q[None]
    )
    prepared = prepare_pattern(pattern_of("TiO2", q, 1e5), GEOMETRY)
    (found,) = match_structures(prepared, [placed[NAMES.index("TiO2")]])
    listed = found.matches.quaternions[list_alternatives(found)[0]]
    for true in (q[None], half):
        away = misorientation(listed, np.repeat(true, len(listed), 0), TURNS)
        assert away.min() < 1.0


def test_patterns_of_one_phase_tell_more_together():
    unsure = [match(0.9, 6, 6), match(0.88, 6, 6)]
    one, three = identify([unsure]), identify([unsure] * 3)
    assert three.probability[0] > one.probability[0]
    assert three.n_spots == 18


def test_patterns_without_spots_say_nothing():
    nothing = [match(0.0, 0, 0), match(0.0, 0, 0)]
    result = identify([nothing])
    assert result.probability.tolist() == [0.5, 0.5]
    assert result.in_set.all()
    assert np.isnan(result.none_probability)
    assert result.best is None
    some = [match(0.95), match(0.7)]
    np.testing.assert_array_equal(
        identify([nothing, some]).probability, identify([some]).probability
    )


def test_bad_patterns_are_refused():
    for bad in ([], [[]], [[match(0.9)], [match(0.9), match(0.8)]]):
        with pytest.raises(ValueError, match="same number of structures"):
            identify(bad)


@pytest.fixture(scope="module")
def placed():
    prepared = prepare_pattern(np.zeros(SHAPE), GEOMETRY)
    return [place_library(library_of(name), prepared) for name in NAMES]


@pytest.mark.parametrize("name", NAMES[1:])
def test_structure_is_found_among_others_and_missed_without(placed, name):
    i = NAMES.index(name)
    n_right = n_missed = n = 0
    for q in random_quaternions(40, 31):
        counts = np.random.default_rng(0).poisson(30_000 * pattern_of(name, q))
        prepared = prepare_pattern(counts, GEOMETRY)
        if len(find_spots(prepared).counts) < 8:
            continue
        matches = match_structures(prepared, placed)
        n_right += identify([matches]).best == i
        n_missed += identify([matches[:i] + matches[i + 1 :]]).best is None
        n += 1
        if n == 5:
            break
    assert n == 5
    assert n_right >= 4
    assert n_missed >= 3


def test_orientation_comes_first_that_explains_most(placed):
    errors = []
    for q in random_quaternions(6, 32):
        prepared = prepare_pattern(pattern_of("4/m", q, 30_000), GEOMETRY)
        found = match_structures(prepared, placed[1:2])[0].matches
        near = misorientation(found.quaternions, q[None], symmetry_of("4/m"))
        errors.append(near[0])
    # A half turn about the zone axis of a plane of reflections is not told.
    assert np.sum(np.array(errors) < 1) >= 4


@pytest.mark.parametrize("n_explained", [0, 6])
@pytest.mark.parametrize("attainable", [0.3, 0.5, 0.7, 0.9])
def test_grain_of_an_amorphous_ring_is_no_structure(n_explained, attainable):
    """It explains little of its own pattern, too, which is no excuse for structures."""
    weak = match(0.52, 22, n_explained, attainable=attainable)
    assert identify([[weak]]).none_probability > 0.9


def test_two_fifths_of_many_reflections_are_not_missing_by_chance():
    """However well spots lie, and whatever dynamical scattering may do."""
    good = {"n_spots": 21, "n_explained": 21, "distance": 0.1, "attainable": 0.95}
    good["n_expected"] = 40
    whole, part = (match(0.85, missing_amplitude=m, **good) for m in (0.05, 0.4))
    assert identify([[whole]]).none_probability < 0.5
    assert identify([[part]]).none_probability > 0.9


def test_few_reflections_may_be_extinct_by_chance():
    """At a low dose one or two that are missing are a third of what is expected."""
    few, many = (match(0.85, missing_amplitude=0.4, n_expected=n) for n in (3, 40))
    whole = identify([[match(0.85)]]).none_probability
    assert identify([[few]]).none_probability < whole + 0.05
    assert identify([[many]]).none_probability > 0.9


def test_structures_are_listed_unless_it_is_none_of_them():
    both = np.ones(2, bool)
    named = Identification(np.array([0.6, 0.3]), 0.1, both, 0.1, 12)
    assert named.listed.tolist() == [True, True]
    assert named._replace(none_probability=0.6, n_spots=4).listed.all()
    assert not named._replace(none_probability=0.6).listed.any()
    assert not named._replace(n_spots=0).listed.any()
