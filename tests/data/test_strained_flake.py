import numpy as np
import pytest

from hyperspy_4dphase.data import Camera, strained_flake
from hyperspy_4dphase.data.strained_flake import flake_patterns

SMALL = {"navigation_shape": (52, 60), "signal_shape": (40, 44), "dose": 200}


def test_domains_and_phases():
    _, truth = strained_flake(**SMALL, random_state=0)
    assert truth.n_components == 6
    assert truth.phase_names == ("vacuum", "WS2", "WSe2")
    assert truth.component_phase.tolist() == [0, 1, 1, 2, 2, 2]
    areas = np.bincount(truth.domain.ravel())
    assert len(areas) == 6
    assert areas.min() > 30
    assert truth.domain[0, 0] == 0
    assert truth.domain[26, 30] == 1


def spot_radius(pattern, camera, low, high):
    """Mean radius of the spots in a ring, above their background."""
    q = camera.radius()
    ring = (q > low) & (q < high)
    weight = np.maximum(pattern[ring] - np.median(pattern[ring]) * 1.5, 0)
    return np.average(q[ring], weights=weight)


def test_strain_moves_the_spots():
    camera = Camera(signal_shape=(256, 250), convergence=0.6)
    core, rim, *sides = flake_patterns(camera, 0.02, np.zeros(1))[:, 0]
    radii = [spot_radius(p, camera, 0.58, 0.69) for p in (core, rim)]
    assert radii[0] == pytest.approx(2 / 3.153, rel=2e-3)
    assert radii[0] / radii[1] == pytest.approx(1.02, abs=2e-3)
    # Compressed by 2 % along and widened by 0.4 % across: 0.8 % on average.
    for side in sides:
        radius = spot_radius(side, camera, 0.55, 0.67)
        assert radius == pytest.approx(2 / 3.282 * 1.008, rel=3e-3)


def test_sides_are_strained_in_different_directions():
    camera = Camera(signal_shape=(128, 120))
    sides = flake_patterns(camera, 0.02, np.zeros(1))[2:, 0]
    unstrained = flake_patterns(camera, 0.0, np.zeros(1))[2:, 0]
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        np.testing.assert_allclose(unstrained[i], unstrained[j])
        assert np.abs(sides[i] - sides[j]).sum() > 0.02


def test_bend_is_in_the_truth_and_in_the_counts():
    bent, truth = strained_flake(**SMALL, random_state=0, bend=150, ripple=0)
    assert truth.maps["tilt"].shape == (52, 60, 2)
    slope = np.linalg.norm(truth.maps["tilt"], axis=-1)
    assert slope.max() == pytest.approx(150)
    flat, flat_truth = strained_flake(**SMALL, random_state=0, bend=0, ripple=0)
    assert "tilt" not in flat_truth.maps
    np.testing.assert_allclose(truth.patterns, flat_truth.patterns)
    side = (truth.domain == 3) & (truth.mixedness < 0.01)
    assert np.any(bent.data[side] != flat.data[side])


def test_ripple_adds_to_the_bend():
    _, truth = strained_flake(**SMALL, random_state=0, bend=40, ripple=10)
    slope = np.linalg.norm(truth.maps["tilt"], axis=-1)
    assert 40 <= slope.max() <= 50
    _, rippled = strained_flake(**SMALL, random_state=0, bend=0, ripple=10)
    assert np.linalg.norm(rippled.maps["tilt"], axis=-1).max() <= 10.001


def test_tilt_changes_relative_intensities_smoothly():
    camera = Camera(signal_shape=(96, 90))
    slopes = np.linspace(-130, 130, 13)
    patterns = flake_patterns(camera, 0.02, slopes)[0]
    steps = np.abs(np.diff(patterns, axis=0)).sum(axis=(1, 2))
    whole = np.abs(patterns[0] - patterns[-1]).sum()
    assert whole > 0.005
    assert np.abs(patterns[0] - patterns[6]).sum() > 0.02
    assert steps.max() < 0.02


@pytest.mark.parametrize(
    ("argument", "value"), [("strain", 0.5), ("bend", -1), ("ripple", np.inf)]
)
def test_bad_arguments_are_named(argument, value):
    with pytest.raises(ValueError, match=f"{argument} must be"):
        strained_flake(**SMALL, **{argument: value})
