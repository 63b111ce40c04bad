"""Vacuum, amorphous, crystalline and mixed mean patterns."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.crystallinity import (
    CLASSES,
    classify_patterns,
    fit_noise,
)

from ..mean_patterns import CENTER, SHAPE, draw, mean_pattern


def classify(counts=3e5, kinds=CLASSES, gain=1.0, seed=0, **options):
    names = "excluded", "center", "threshold"
    own = {key: options.pop(key) for key in names if key in options}
    patterns = np.stack([draw(kind, counts, seed, **options) for kind in kinds])
    return classify_patterns(gain * patterns, gain**2 * patterns, **own)


@pytest.mark.parametrize("counts", [2e4, 3e5, 1e7])
def test_classes(counts):
    assert classify(counts).names == CLASSES


@pytest.mark.parametrize("gain", [0.01, 12.0])
def test_unit_does_not_matter(gain):
    one, other = classify(), classify(gain=gain)
    # Rounding may change what chance draws.
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=0.03)
    np.testing.assert_allclose(one.spot_fractions, other.spot_fractions, atol=1e-3)


@pytest.mark.parametrize("ellipse", [0.02, 0.05])
def test_distorted(ellipse):
    assert classify(ellipse=ellipse).names == CLASSES


def test_off_center():
    shift = (CENTER[0] - 7, CENTER[1] + 9)
    patterns = np.stack([draw(kind, 3e5, center=shift) for kind in CLASSES])
    assert classify_patterns(patterns, patterns).names == CLASSES


def test_cross_and_dead_pixels():
    excluded = np.zeros(SHAPE, bool)
    excluded[28:30], excluded[:, 44:46] = True, True
    excluded |= np.random.default_rng(0).random(SHAPE) < 0.01
    assert classify(excluded=excluded).names == CLASSES


def test_hidden_beam():
    rows, columns = np.indices(SHAPE)
    excluded = np.hypot(rows - CENTER[0], columns - CENTER[1]) < 6
    excluded |= (np.abs(columns - CENTER[1]) < 2) & (rows > CENTER[0])
    found = classify(excluded=excluded, center=CENTER)
    assert found.names[1:3] == ("amorphous", "crystalline")
    assert np.isnan([one.scattered for one in found.features]).all()


def test_nothing_is_known_of_few_counts():
    """Probabilities come closer the fewer counts there are."""
    many, few = classify(1e6, ["mixed"]), classify(150, ["mixed"])
    assert few.probabilities.max() < many.probabilities.max()
    assert classify(150, ["mixed"], threshold=0.9).names == ("unknown",)


def test_speckle_is_amorphous():
    """Medium-range order of single positions, averaged over some."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(3)
    field = gaussian_filter(rng.standard_normal(SHAPE), 1.6)
    expected = 3e6 * mean_pattern("amorphous")
    for contrast in (0.02, 0.05):
        speckle = 1 + contrast * field / field.std()
        pattern = rng.poisson(expected * speckle).astype(float)[np.newaxis]
        assert classify_patterns(pattern, pattern).names == ("amorphous",)


def test_texture_is_crystalline():
    """Arcs instead of spots, as of many grains about one axis."""
    from tests.estimators.mean_patterns import diffuse, polar

    r, phi = polar()
    arc = np.exp(-0.5 * ((r - 15) / 1.2) ** 2) * np.exp(4 * np.cos(2 * phi))
    image = 0.5 * arc / arc.sum() + 0.5 * diffuse()
    pattern = 0.6 * mean_pattern("vacuum") + 0.4 * image
    pattern = np.random.default_rng(0).poisson(1e6 * pattern).astype(float)[np.newaxis]
    assert classify_patterns(pattern, pattern).names[0] in ("crystalline", "mixed")


def test_where_spots_are():
    found = classify()
    is_spot = draw("crystalline", 3e5) > 5 * 3e5 * mean_pattern("amorphous")
    inside = found.outside[2]
    assert found.spots[2][is_spot & inside].mean() > 0.9
    assert not found.spots[1].any()
    assert found.spots.dtype == found.outside.dtype == bool


def test_noise_is_a_line():
    values = np.random.default_rng(0).gamma(1, 40, 3000)
    gain, readout = fit_noise(values, 2.5 * values + 7)
    assert (gain, readout) == pytest.approx((2.5, 7.0))
    # Where patterns differ, their variance is larger.
    spread = np.where(values > 80, 400.0, 0.0)
    assert fit_noise(values, 2.5 * values + spread)[0] == pytest.approx(2.5, rel=0.2)
    assert fit_noise(values, 0 * values)[0] > 0
    assert fit_noise(np.zeros(5), np.zeros(5)) == (1.0, 0.0)


def test_dark_pattern_is_no_failure():
    found = classify_patterns(np.zeros((1, *SHAPE)), np.zeros((1, *SHAPE)))
    assert np.isfinite(found.probabilities).all()
    assert np.isnan(found.spot_errors[0])


def test_input_is_unchanged():
    patterns = np.stack([draw("mixed", 1e5)])
    patterns[0, 3, 4] = np.nan
    before = patterns.copy()
    classify_patterns(patterns, patterns)
    np.testing.assert_array_equal(patterns, before)


@pytest.mark.parametrize("threshold", [-0.1, 1.0, np.nan])
def test_threshold_is_checked(threshold):
    with pytest.raises(ValueError, match="threshold must be"):
        classify(threshold=threshold)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="one shape"):
        classify_patterns(np.ones(SHAPE), np.ones(SHAPE))
    with pytest.raises(ValueError, match="excluded must be bool"):
        classify(excluded=np.zeros((3, 4)))
