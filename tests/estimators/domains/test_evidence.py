"""Neighbours confirm gaps, and neither cuts along noise nor cuts of paths."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._evidence import Evidence
from hyperspy_4dphase.estimators.domains._field import Field
from hyperspy_4dphase.estimators.domains._regions import find_regions
from hyperspy_4dphase.estimators.domains._splits import Split
from hyperspy_4dphase.estimators.domains._steps import LEAST_STEP

from ..domain_points import UnitNoise
from ..field_points import SHAPE, flat, interface, ramp


def evidence_of(clean, seed=0, known=None):
    noisy = clean + np.random.default_rng(seed).normal(size=clean.shape)
    shapes = UnitNoise.of(noisy.reshape(-1, clean.shape[-1]))
    n_axes = clean.ndim - 1
    shapes.positions = np.indices(clean.shape[:-1]).reshape(n_axes, -1).T
    if known is not None:
        shapes.known = known.ravel()
    return Evidence(shapes, np.random.RandomState(0))


def judged(evidence, side, rows=None, pooled=False):
    rows = np.arange(side.size) if rows is None else rows
    split = Split(side.ravel()[rows], 1.0)
    state = np.random.RandomState(0)
    return evidence.judge(rows, evidence.points[rows], split, state, pooled=pooled)


@pytest.mark.parametrize("seed", range(3))
def test_a_gap_is_confirmed(seed):
    clean, side = interface(height=10.0, blur=1e-6)
    verdict = judged(evidence_of(clean, seed), side)
    assert verdict.stands
    assert verdict.reason == "split"
    assert verdict.step > LEAST_STEP


@pytest.mark.parametrize("seed", range(5))
def test_a_cut_along_noise_is_not(seed):
    """A gap that single points show, but which kind each is has nothing to do with
    where it is."""
    rng = np.random.default_rng(seed)
    clean, _ = interface(height=10.0)
    evidence = evidence_of(clean, seed)
    side = rng.random(clean[..., 0].size) < 0.5
    noise = np.abs(rng.normal(size=side.size)) + 0.3
    points = np.column_stack([evidence.points, np.where(side, noise, -noise)])
    split = Split(side, 1.0)
    verdict = evidence.judge(
        np.arange(side.size),
        points.astype(np.float32),
        split,
        np.random.RandomState(0),
    )
    assert not verdict.stands
    assert verdict.reason == "no gap"
    assert verdict.step < LEAST_STEP


def test_positions_of_two_kinds_at_random_are_confirmed():
    """They touch everywhere; yet patterns leave a gap, and those alike are averaged."""
    side = np.random.default_rng(0).random(SHAPE) < 0.4
    clean = flat()
    clean[..., 0] = 25.0 * side
    assert judged(evidence_of(clean), side).stands


@pytest.mark.parametrize("seed", range(3))
def test_the_cut_of_a_path_is_refused(seed):
    """A crystal that bends fast in the middle: few positions on the way."""
    clean = flat(SHAPE, 4)
    x = np.indices(SHAPE)[1] / SHAPE[1]
    clean[..., 0] = 40 / (1 + np.exp(-16 * (x - 0.5)))
    clean[..., 1] = 30 * np.cos(np.pi * x)
    clean[..., 2] = 30 * np.sin(np.pi * x)
    verdict = judged(evidence_of(clean, seed), clean[..., 0] > 20)
    assert not verdict.stands
    assert verdict.step < LEAST_STEP


def test_sums_have_been_asked_about_paths_already():
    clean, side = interface(height=10.0)
    assert judged(evidence_of(clean), side, pooled=True).stands


def test_steps_within_some_points():
    clean, side = interface(height=15.0)
    evidence = evidence_of(clean)
    y = np.indices(SHAPE)[0].ravel()
    assert evidence.has_steps(np.arange(y.size))
    # Those of the border to others do not count.
    far = evidence.steps.take(np.flatnonzero(y >= 15))
    inside = far.clear[tuple(far.positions.T)]
    np.testing.assert_array_equal(inside, y[y >= 15] >= 17)
    assert far.of_positions()[inside].max() < far.of_positions()[~inside].max()


@pytest.mark.parametrize("shape", [(300,), (4, 300), (200, 8)])
def test_what_is_a_border_in_narrow_scans(shape):
    """A bent crystal is cut nowhere there, though by chance there are steps."""
    bent = ramp(shape, slope=0.5)
    for seed in range(3):
        evidence = evidence_of(bent, seed)
        assert not evidence.is_border(2.8)
        assert evidence.is_border(30.0)
        field = Field(evidence.points, np.argwhere(np.ones(shape)))
        options = evidence.steps, 10, np.random.RandomState(0), evidence.least_step
        assert find_regions(field, *options).max() == 0
    clean, side = interface(shape, axis=int(np.argmax(shape)), blur=1e-6)
    assert judged(evidence_of(clean), side).stands


def test_noise_alone_has_no_evidence():
    assert not evidence_of(flat()).exists


def test_unknown_points_are_left_out():
    clean, side = interface(height=10.0, blur=1e-6)
    known = np.random.default_rng(0).random(SHAPE) < 0.9
    evidence = evidence_of(clean, known=known)
    rows = np.flatnonzero(known)
    assert evidence.points.shape[0] == side.size
    assert judged(evidence, side, rows).stands
    assert evidence.steps.take(rows).of_positions().shape == rows.shape
