"""Steps: about 1 in noise and along ramps, large where there is an interface."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._steps import LEAST_STEP, measure_steps

from ..field_points import SHAPE, field_of, flat, interface, ramp

SHAPES = [(400,), SHAPE, (8, 14, 12)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("clean", [flat, ramp])
def test_ratio_is_about_one(shape, clean):
    """The 35th percentile around is 1, and few are far above."""
    steps = measure_steps(field_of(clean(shape)))
    ratios = np.concatenate([ratio.ravel() for ratio in steps.ratios])
    assert np.isfinite(ratios).all()
    assert 0.9 < np.median(ratios) < 1.5
    assert steps.summarize(ratios) < 1.5 < LEAST_STEP


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("base", [flat, ramp])
def test_a_blurred_interface_is_a_step(shape, base):
    clean, side = interface(shape)
    steps = measure_steps(field_of(clean + base(shape)))
    assert steps.measure_border(side.ravel()) > 1.3 * LEAST_STEP
    # It is highest at the interface, and a few positions off it there is none.
    distance = np.abs(np.indices(shape)[0] - shape[0] / 2 + 0.5)
    own = steps.of_positions().reshape(shape)
    assert np.median(own[distance < 1]) > 2 * np.median(own[distance > 3])
    # Nowhere else is a border of that step.
    wrong = np.indices(shape)[0] >= shape[0] // 2 + 3
    assert steps.measure_border(wrong.ravel()) < LEAST_STEP


def test_what_changes_around_counts():
    """The same step weighs less on a steep ramp."""
    clean, side = interface()
    gentle, steep = (
        measure_steps(field_of(clean + turned)).measure_border(side.ravel())
        for turned in (np.moveaxis(ramp(SHAPE[::-1], slope=s), 1, 0) for s in (0.5, 4))
    )
    assert gentle > 2 * steep
    # Along the interface a ramp has no weight.
    beside = measure_steps(field_of(clean + ramp(slope=4.0)))
    assert beside.measure_border(side.ravel()) > gentle


@pytest.mark.parametrize("axis", [0, 1])
def test_direction_does_not_matter(axis):
    clean, side = interface((36, 40), axis=axis)
    step = measure_steps(field_of(clean)).measure_border(side.ravel())
    assert step > 2 * LEAST_STEP


def test_units_are_those_of_noise():
    """Far above noise the ridge is the height; without a step it is noise itself."""
    clean, _ = interface(height=100.0, blur=1e-6)
    ridge = measure_steps(field_of(clean)).ridge
    assert ridge[14:16].mean() == pytest.approx(100, rel=0.05)
    assert ridge[:8].mean() < 3


def test_masked_positions_have_no_steps():
    kept = np.ones(SHAPE, bool)
    kept[:, 20:23] = False
    kept[3, 3] = False
    clean, side = interface()
    steps = measure_steps(field_of(clean, kept=kept))
    rows, columns = steps.ratios
    assert np.isnan(columns[:, 19:23]).all()
    assert np.isnan(rows[2:4, 3]).all()
    assert np.isnan(rows).sum() == 2 + 3 * (SHAPE[0] - 1)
    assert steps.measure_border(side[kept]) > LEAST_STEP
    # Two parts that touch nowhere are apart.
    left = np.broadcast_to(np.arange(SHAPE[1]) < 21, SHAPE)
    assert steps.measure_border(left[kept]) == np.inf
    own = steps.of_positions()
    assert own.shape == (kept.sum(),)
    assert own.dtype == np.float32


def test_steps_of_some_points_are_those_of_all():
    clean, side = interface()
    steps = measure_steps(field_of(clean))
    inside = np.zeros(SHAPE, bool)
    inside[5:27, 8:31] = True
    part = steps.take(np.flatnonzero(inside))
    whole = steps.of_positions().reshape(SHAPE)[inside]
    assert part.ridge.shape == (22, 23)
    assert (part.of_positions() <= whole + 1e-6).all()
    deep = np.zeros_like(inside)
    deep[6:26, 9:30] = True
    equal = deep[inside]
    np.testing.assert_allclose(part.of_positions()[equal], whole[equal])
    assert part.measure_border(side[inside]) > LEAST_STEP


def test_borders_name_both_sides():
    steps = measure_steps(field_of(flat((6, 8))))
    labels = np.repeat([2, 0, -1, 1], 12)
    pairs, ratios = steps.borders(labels)
    # Rows of 8: those of 1 touch those of -1 and nothing else.
    assert np.unique(pairs, axis=0).tolist() == [[0, 2]]
    assert len(ratios) == len(pairs) == 9
    assert steps.summarize(ratios[:2]) == np.inf


def test_the_step_of_a_short_border_counts_for_less():
    steps = measure_steps(field_of(flat((30, 30))))
    ratios = np.full(100, 2.5)
    short, long = (steps.summarize(ratios[:n]) for n in (10, 100))
    assert short < 0.97 * long
    assert long == pytest.approx(2.5)
    # A scan of two positions across has none longer than two.
    narrow = measure_steps(field_of(flat((2, 60))))
    assert narrow.summarize(ratios[:2]) == pytest.approx(2.5)


@pytest.mark.parametrize("n", [20, 21, 57])
def test_the_step_of_a_border_is_a_percentile(n):
    steps = measure_steps(field_of(flat()))
    ratios = np.random.default_rng(n).random(n)
    kept = ratios.copy()
    assert steps.summarize(ratios) == pytest.approx(np.percentile(ratios, 40))
    np.testing.assert_array_equal(ratios, kept)


def test_borders_of_narrow_scans_have_as_many_edges_as_there_can_be():
    """A line scan has one edge between two sides."""
    for shape, width in [((60,), 1), ((2, 60), 2), ((60, 3), 3), ((5, 4, 6), 20)]:
        steps = measure_steps(field_of(flat(shape)))
        assert steps.width == width
        axis = int(np.argmax(shape))
        side = np.indices(shape)[axis] > shape[axis] // 2
        assert np.isfinite(steps.measure_border(side.ravel()))
