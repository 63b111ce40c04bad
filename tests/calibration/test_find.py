"""Calibration of signals."""

import numpy as np
import pytest
from diffpy.structure import Atom, Lattice, Structure
from pyxem.signals import ElectronDiffraction2D

from hyperspy_4dphase.calibration import find_center, find_ellipse, find_scale

from ..estimators.calibration.scenes import CENTER, EDGE, SCALE, radii, rings

FACES = (0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)
CELL = Structure(
    [Atom("Cu", xyz) for xyz in FACES], Lattice(*(1 / EDGE,) * 3, 90, 90, 90)
)


def signal(**options):
    data = [rings(5e5, random_state=k, **options) for k in range(2)]
    s = ElectronDiffraction2D(np.array(data))
    for axis in s.axes_manager.signal_axes:
        axis.scale, axis.units = 1.1 * SCALE, "$A^{-1}$"
    return s


def test_all_of_a_calibration():
    ellipse = 0.03 * np.array([np.cos(1.2), np.sin(1.2)])
    s = signal(ellipse=ellipse)
    center = find_center(s)
    np.testing.assert_allclose(center.value, CENTER[::-1], atol=0.1)
    found = find_ellipse(s, center=center.value)
    assert found.ellipticity == pytest.approx(0.03, abs=0.004)
    assert found.angle == pytest.approx(np.rad2deg(0.6), abs=5)
    np.testing.assert_allclose(
        found.correction @ found.distortion, np.eye(2), atol=1e-12
    )
    scale = find_scale(s, CELL, center=center.value, ellipse=found)
    assert scale.resolved, scale.problem
    assert scale.value[0] == pytest.approx(SCALE, rel=0.015)


def test_eager_and_lazy_agree_and_nothing_is_changed():
    s = signal()
    before = s.deepcopy()
    eager, lazy = find_center(s), find_center(s.as_lazy())
    np.testing.assert_array_equal(eager.value, lazy.value)
    np.testing.assert_array_equal(s.data, before.data)
    assert str(s.axes_manager) == str(before.axes_manager)


def test_masks_are_hyperspys():
    s = signal()
    radius, _ = radii()
    stop = radius < 6
    s.data[:, stop] = 1e6
    mask = ElectronDiffraction2D(stop)
    for form in (stop, mask):
        found = find_center(s, signal_mask=form)
        np.testing.assert_allclose(found.value, CENTER[::-1], atol=0.1)
    with pytest.raises(ValueError, match="mask"):
        find_center(s, signal_mask=stop.T)


def test_scale_of_axes_is_where_it_is_sought():
    s = signal()
    for axis in s.axes_manager.signal_axes:
        axis.units = "px"
    found = find_scale(s, CELL, center=CENTER[::-1], scale=1.05 * SCALE, tolerance=0.1)
    assert found.value[0] == pytest.approx(SCALE, rel=0.015)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: find_center(s.data), TypeError, "two signal axes"),
        (lambda s: find_center(s.sum(axis=-1)), TypeError, "two signal axes"),
        (
            lambda s: find_center(ElectronDiffraction2D(np.ones((11, 10, 4, 5)))),
            ValueError,
            "holds 110 patterns; expected 100 at most",
        ),
        (
            lambda s: find_ellipse(s, center=(95, 3)),
            ValueError,
            r"center must be \(x, y\)",
        ),
        (lambda s: find_scale(s, []), ValueError, "at least one structure"),
        (
            lambda s: find_scale(s, {"a": CELL, "b": CELL}),
            ValueError,
            "got 2 structures",
        ),
        (lambda s: find_scale(s, CELL, scale=-1), ValueError, "scale must be"),
        (lambda s: find_scale(s, CELL, tolerance=1), ValueError, "tolerance must be"),
        (lambda s: find_scale(s, CELL, ellipse=(0, 0)), TypeError, "EllipseEstimate"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call(signal())
