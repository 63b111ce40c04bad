"""Which components are left of a decomposition is known, whatever their axis says."""

import numpy as np
import pytest

from .test_pattern_decomposition import decomposed


@pytest.mark.parametrize("slices", [np.s_[:], np.s_[1:], np.s_[::2], np.s_[::-1]])
def test_a_changed_axis_reorders_no_patterns(slices):
    result = decomposed()
    patterns = np.atleast_3d(result.patterns().data)[slices].reshape(-1, 9, 11)
    part = result.isig[slices]
    for scale, offset in ((1, 1), (-1, 2), (0.5, 40)):
        axis = part.axes_manager.signal_axes[0]
        axis.scale, axis.offset = scale, offset
        np.testing.assert_array_equal(part.patterns().data.reshape(-1, 9, 11), patterns)
    out = result.deepcopy()
    result.isig.__getitem__(slice(0, 2), out=out)
    np.testing.assert_array_equal(out.patterns().data, result.patterns().data[:2])


def test_what_the_axis_no_longer_tells_is_refused():
    result = decomposed()
    expected = result.patterns().data[1:]
    result.crop(-1, 1, 3)
    np.testing.assert_array_equal(result.patterns().data, expected)
    result.axes_manager.signal_axes[0].offset = 7
    with pytest.raises(ValueError, match="component axis"):
        result.patterns()
