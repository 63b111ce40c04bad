"""Scans that go to other packages: all four dimensions differ, and are calibrated."""

import numpy as np
import pytest

SCAN, DETECTOR = (3, 4), (6, 5)


@pytest.fixture
def make_scan():
    """A function that makes a scan of a type, with given units."""
    pyxem = pytest.importorskip("pyxem")

    def make(dtype="uint16", lazy=False, units=("nm", "1/nm"), scan=SCAN):
        rng = np.random.default_rng(0)
        data = rng.poisson(40, (*scan, *DETECTOR)).astype(dtype)
        s = pyxem.signals.ElectronDiffraction2D(data)
        navigation = s.axes_manager.navigation_axes
        for axis, offset in zip(navigation, (7.0, -2.5), strict=False):
            axis.scale, axis.offset, axis.units = 0.75, offset, units[0]
        for axis, offset in zip(s.axes_manager.signal_axes, (-0.4, -0.7), strict=True):
            axis.scale, axis.offset, axis.units = 0.25, offset, units[1]
        s.metadata.General.title = "oxide/flake"
        s.set_experimental_parameters(beam_energy=200.0)
        return s.as_lazy() if lazy else s

    return make


@pytest.fixture
def same_axes():
    """A function that tells whether two signals have the same axes."""

    def compare(one, other):
        pairs = zip(one.axes_manager._axes, other.axes_manager._axes, strict=True)
        return all(a.get_axis_dictionary() == b.get_axis_dictionary() for a, b in pairs)

    return compare
