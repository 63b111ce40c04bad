import numpy as np
import pytest
from orix.quaternion import Rotation

from hyperspy_4dphase.estimators.orientation import (
    Spots,
    describe_match,
    find_spots,
    prepare_pattern,
)
from tests.estimators.orientation.orientation_patterns import (
    CENTER,
    GEOMETRY,
    SCALE,
    SHAPE,
    library_of,
    pattern_of,
    random_quaternions,
    simulate,
)

NAME = "4/m"
QUATERNION = random_quaternions(3, 21)[1]
# diffsims' Lorentzian has its half height at the largest excitation error over pi.
WIDTH = 0.02 / np.pi


def spot(x, y, counts):
    """A spot of counts at (x, y) in 1/Å, as wide as those of the patterns."""
    rows, columns = np.indices(SHAPE)
    square = (rows - CENTER[0] + y / SCALE) ** 2 + (
        columns - CENTER[1] - x / SCALE
    ) ** 2
    image = np.exp(-square / (2 * 1.4**2))
    return np.random.default_rng(7).poisson(counts * image / image.sum())


def report_of(pattern, quaternion=QUATERNION, **options):
    prepared = prepare_pattern(pattern, GEOMETRY, **options)
    return describe_match(prepared, library_of(NAME), quaternion, WIDTH)


def test_spots_are_found_where_they_are():
    spots = find_spots(prepare_pattern(pattern_of(NAME, QUATERNION, 1e6), GEOMETRY))
    simulation = simulate(NAME, QUATERNION).coordinates
    true, intensity = np.asarray(simulation.data)[:, :2], simulation.intensity
    inside = np.hypot(*true.T) > GEOMETRY.inner + 0.03
    for place in true[inside & (intensity > 0.03 * intensity.max())]:
        distance = np.hypot(*(spots.xy - place).T)
        assert distance.min() < 0.4 * SCALE
    assert (np.diff(spots.counts) <= 0).all()


@pytest.mark.parametrize("level", [0.0, 0.03, 0.5, 20.0])
def test_noise_has_no_spots(level):
    rows, columns = np.indices(SHAPE)
    distance = np.hypot(rows - CENTER[0], columns - CENTER[1])
    rng = np.random.default_rng(0)
    n = [
        len(find_spots(prepare_pattern(x, GEOMETRY)).counts)
        for x in rng.poisson(level * np.exp(-distance / 60), (12, *SHAPE))
    ]
    assert np.sum(n) <= 1


def test_true_orientation_explains_everything():
    report = report_of(pattern_of(NAME, QUATERNION, 1e5))
    assert report.n_spots >= 8
    assert report.n_explained == report.n_spots
    assert report.unexplained == report.unexplained_amplitude == 0
    assert report.n_missing == 0
    assert report.n_expected >= 5
    assert report.distance < 0.3
    assert report.log_ratio < 0.4


def test_foreign_spot_is_unexplained():
    pattern = pattern_of(NAME, QUATERNION, 20_000)
    before = report_of(pattern)
    after = report_of(pattern + spot(0.511, 0.377, 3000))
    assert after.n_spots == before.n_spots + 1
    assert after.n_explained == before.n_explained
    assert after.n_unexplained == before.n_unexplained + 1
    share = after.unexplained
    total = find_spots(prepare_pattern(pattern, GEOMETRY)).counts.sum()
    assert share == pytest.approx(3000 / (3000 + total), rel=0.35)


def test_faint_foreign_spot_counts_by_its_amplitude():
    pattern = pattern_of(NAME, QUATERNION, 1e6)
    before = report_of(pattern)
    brightest = find_spots(prepare_pattern(pattern, GEOMETRY)).counts[0]
    after = report_of(pattern + spot(0.511, 0.377, 0.01 * brightest))
    assert after.n_spots == before.n_spots + 1
    assert after.n_unexplained == 1
    assert 0 < after.unexplained_amplitude < 0.05
    assert after.unexplained < 0.005


def test_spots_of_electrons_that_are_scattered_twice_are_explained():
    # 100 of rutile is absent, but 110 and 0-10, say, add up to it along [001].
    q = np.array([1.0, 0, 0, 0])
    pattern = pattern_of("TiO2", q, 1e6)
    prepared = prepare_pattern(pattern, GEOMETRY)
    before = describe_match(prepared, library_of("TiO2"), q, WIDTH)
    assert before.n_twice == before.n_unexplained == 0
    absent = 3 / 4.594
    double = prepare_pattern(pattern + spot(absent, 0, 5000), GEOMETRY)
    after = describe_match(double, library_of("TiO2"), q, WIDTH)
    assert after.n_twice == 1
    assert after.n_unexplained == 0
    beside = prepare_pattern(pattern + spot(absent, 0.06, 5000), GEOMETRY)
    other = describe_match(beside, library_of("TiO2"), q, WIDTH)
    assert other.n_unexplained == 1


def test_spot_that_is_gone_is_missing():
    pattern = pattern_of(NAME, QUATERNION, 1e5).astype(float)
    spots = find_spots(prepare_pattern(pattern, GEOMETRY))
    x, y = spots.xy[0]
    rows, columns = np.indices(SHAPE)
    distance = np.hypot(rows - CENTER[0] + y / SCALE, columns - CENTER[1] - x / SCALE)
    level = np.median(pattern[(distance > 5) & (distance < 7)])
    gone = np.where(distance < 5, np.round(level), pattern)
    report = report_of(gone)
    assert report.n_missing >= 1
    assert report.missing > 0.1
    # Behind a beam stop it is not.
    hidden = report_of(gone, excluded=distance < 7)
    assert hidden.n_missing == 0


def test_missing_reflections_of_a_larger_cell_are_told():
    # Of 4/m along [001], spots with odd h + k are taken away: their cell is smaller.
    q = np.array([1.0, 0, 0, 0])
    whole = prepare_pattern(pattern_of(NAME, q, 1e6), GEOMETRY)
    every = describe_match(whole, library_of(NAME), q, WIDTH)
    assert every.n_off == 0
    assert every.dimension == 2
    np.testing.assert_allclose(np.abs(every.zone), (0, 0, 1), atol=1e-9)
    spots = find_spots(whole)
    even = np.rint(spots.xy * 6.1).sum(axis=1) % 2 == 0
    assert 0 < even.sum() < len(even)
    kept = Spots(*(values[even] for values in spots))
    few = describe_match(whole, library_of(NAME), q, WIDTH, kept)
    assert few.n_off >= 4
    assert few.dimension == 2


def test_reflections_of_two_zones_have_no_axis():
    q = random_quaternions(3, 22)[0]
    report = report_of(pattern_of(NAME, q, 1e6), q)
    assert report.dimension == 3
    assert np.isnan(report.zone).all()


def test_attainable_cosine_is_that_of_spots_alone():
    reports = [report_of(pattern_of(NAME, QUATERNION, dose)) for dose in (1e3, 1e6)]
    assert 0 < reports[0].attainable < reports[1].attainable <= 1
    assert reports[1].attainable > 0.9
    empty = report_of(np.zeros(SHAPE))
    assert empty.attainable == 0
    assert np.isnan(empty.zone).all()


def test_wrong_orientation_explains_less():
    pattern = pattern_of(NAME, QUATERNION, 1e5)
    wrong = report_of(pattern, random_quaternions(3, 22)[2])
    assert wrong.unexplained_amplitude > 0.3
    assert wrong.n_explained < 0.5 * wrong.n_spots


def test_in_plane_angle_is_bunge_s_first():
    pattern = pattern_of(NAME, QUATERNION, 1000)
    for q in [*random_quaternions(4, 2), np.array([np.cos(0.2), 0, 0, np.sin(0.2)])]:
        angle = np.rad2deg(Rotation(q).to_euler()[0, 0])
        found = report_of(pattern, q).in_plane
        assert (found - angle + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


def test_pattern_without_spots_says_nothing():
    report = report_of(np.zeros(SHAPE))
    assert report.n_spots == report.n_explained == report.n_missing == 0
    assert np.isfinite(report._replace(zone=0)).all()
