import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation import prepare_pattern
from hyperspy_4dphase.estimators.orientation._prepared import spot_images
from tests.estimators.orientation.orientation_patterns import (
    CENTER,
    GEOMETRY,
    SCALE,
    SHAPE,
    pattern_of,
    random_quaternions,
)

QUATERNION = random_quaternions(1, 3)[0]


def disc_at(x, y, height=50.0, radius=GEOMETRY.spot_radius / SCALE):
    """A disc at (x, y) in 1/Å, y up."""
    rows, columns = np.indices(SHAPE)
    distance = np.hypot(rows - CENTER[0] + y / SCALE, columns - CENTER[1] - x / SCALE)
    return height * np.clip(radius + 0.5 - distance, 0, 1)


@pytest.mark.parametrize(
    ("changes", "azimuth"),
    [
        ({}, 30),
        ({"flip": True}, -30),
        ({"scan_rotation": 25.0}, 5),
        ({"flip": True, "scan_rotation": 25.0}, -55),
    ],
)
def test_a_spot_is_at_its_place_in_the_sample(changes, azimuth):
    angle = np.deg2rad(30)
    pattern = disc_at(0.5 * np.cos(angle), 0.5 * np.sin(angle))
    prepared = prepare_pattern(pattern, GEOMETRY._replace(**changes))
    row, column = np.unravel_index(prepared.polar.argmax(), prepared.polar.shape)
    assert (row + 0.5) * prepared.radial_step == pytest.approx(0.5, abs=0.012)
    found = 360 / prepared.polar.shape[1] * column
    assert (found - azimuth + 180) % 360 - 180 == pytest.approx(0, abs=1.5)


def test_a_lone_spot_is_all_of_the_pattern():
    prepared = prepare_pattern(disc_at(0.5, 0.2, 1e6), GEOMETRY)
    assert prepared.image.max() == pytest.approx(prepared.norm, rel=0.01)


def test_spot_images_are_normed():
    disc, spot = spot_images(2.3)
    assert disc.sum() == pytest.approx(1)
    assert (spot**2).sum() == pytest.approx(1)


def test_no_spots_are_found_in_background():
    rows, columns = np.indices(SHAPE)
    distance = np.hypot(rows - CENTER[0], columns - CENTER[1])
    counts = np.random.default_rng(0).poisson(30 * np.exp(-distance / 25))
    prepared = prepare_pattern(counts, GEOMETRY)
    significance = (prepared.net / prepared.noise)[np.isfinite(prepared.net)]
    assert np.mean(significance) == pytest.approx(0, abs=0.15)
    # Pixels are smoothed, so that not all are independent.
    assert np.std(significance) == pytest.approx(1, abs=0.15)


def test_brightness_of_the_pattern_is_of_no_consequence():
    pattern = pattern_of("Si", QUATERNION, 30_000)
    one = prepare_pattern(pattern, GEOMETRY)
    other = prepare_pattern(pattern / 7.0, GEOMETRY, variance=pattern / 49.0)
    np.testing.assert_allclose(
        other.polar / other.norm, one.polar / one.norm, atol=1e-5
    )


def test_excluded_pixels_are_of_no_consequence():
    pattern = pattern_of("Si", QUATERNION, 30_000).astype(float)
    excluded = np.zeros(SHAPE, bool)
    excluded[:50, 50:60] = True
    one = prepare_pattern(pattern, GEOMETRY, excluded=excluded)
    pattern[excluded] = 1e7
    other = prepare_pattern(pattern, GEOMETRY, excluded=excluded)
    np.testing.assert_array_equal(one.image, other.image)
    pattern[excluded] = np.nan
    np.testing.assert_array_equal(prepare_pattern(pattern, GEOMETRY).image, one.image)
    assert one.seen[20, 55] == pytest.approx(0, abs=1e-6)
    # A beam stop does not move the background of the pixels beside it.
    whole = prepare_pattern(pattern_of("Si", QUATERNION, 30_000), GEOMETRY)
    both = np.isfinite(one.net) & np.isfinite(whole.net) & (one.seen > 0.99)
    assert np.median(np.abs(one.net - whole.net)[both]) < 0.1 * np.nanstd(whole.net)


def test_inputs_are_unchanged():
    pattern = pattern_of("Si", QUATERNION, 1000)
    before = pattern.copy()
    prepare_pattern(pattern, GEOMETRY)
    np.testing.assert_array_equal(pattern, before)


PATTERN = np.ones(SHAPE)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((PATTERN[0], GEOMETRY), ValueError, "pattern must have the shape"),
        ((PATTERN, CENTER), TypeError, "PatternGeometry"),
        ((PATTERN, GEOMETRY._replace(center=(1, 500))), ValueError, "center"),
        ((PATTERN, GEOMETRY._replace(scale=0)), ValueError, "scale"),
        ((PATTERN, GEOMETRY._replace(spot_radius=-1)), ValueError, "spot_radius"),
        ((PATTERN, GEOMETRY._replace(flip="no")), TypeError, "flip"),
        ((PATTERN, GEOMETRY._replace(scan_rotation=400)), ValueError, "scan_rotation"),
        ((PATTERN, GEOMETRY._replace(outer_radius=0.1)), ValueError, "nothing"),
        ((np.full(SHAPE, np.nan), GEOMETRY), ValueError, "no pixel is left"),
        ((np.full(SHAPE, np.inf), GEOMETRY), ValueError, "infinite"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        prepare_pattern(*arguments)


def test_bad_masks_are_refused():
    with pytest.raises(ValueError, match="excluded must be bool"):
        prepare_pattern(PATTERN, GEOMETRY, excluded=PATTERN)
    with pytest.raises(ValueError, match="variance must have the shape"):
        prepare_pattern(PATTERN, GEOMETRY, variance=PATTERN[:4])
