"""Bins of labels and of probabilities; what all results have is in test_everyday.py."""

import numpy as np
import pytest

from .confidences import confident
from .domains import mapped


@pytest.mark.parametrize("scale", [(1.5, 1), (3, 2.5), (0.5, 1)])
def test_bins_that_cut_positions(scale):
    domains = mapped()[0]
    made = domains.rebin(scale=scale)
    inside = domains == 1
    inside.change_dtype("float64")
    expected = inside.rebin(scale=scale)
    assert made.axes_manager.shape == expected.axes_manager.shape
    area = scale[0] * scale[1]
    # Of what is more than half of a bin, it has the label; of what is none, not.
    assert (made.data[expected.data > 0.51 * area] == 1).all()
    assert (made.data[expected.data < 1e-6] != 1).all()
    # Labels are those of the map.
    assert np.isin(made.data, domains.data).all()


def test_part_of_a_bin_at_the_edge_counts_or_not():
    domains = mapped()[0]
    kept, cropped = (domains.rebin(scale=(4, 5), crop=c) for c in (False, True))
    ny, nx = cropped.data.shape
    np.testing.assert_array_equal(kept.data[:ny, :nx], cropped.data)
    assert kept.data.shape >= cropped.data.shape


def test_bins_without_any_known_value_are_nan():
    confidence = confident()[0]
    confidence.data[:2, :2] = np.nan
    made = confidence.rebin(scale=(2, 2))
    assert np.isnan(made.data[0, 0])
    assert np.isfinite(made.data[1:, 1:-1]).all()
    assert (made.data[np.isfinite(made.data)] <= 1).all()


def test_types():
    domains = mapped()[0]
    assert domains.rebin(scale=(2, 2), dtype="same").data.dtype == np.int32
    assert domains.rebin(scale=(2, 2), dtype="int8").data.dtype == np.int8


def test_volumes_and_lines():
    solid = mapped("3-D navigation")[0]
    made = solid.rebin(scale=(1, 2, 2))
    assert made.axes_manager.navigation_shape == solid.axes_manager.navigation_shape
    line = mapped("1-D navigation")[0]
    made = line.rebin(scale=(4, 1))
    assert made.labels.shape == (15,)
