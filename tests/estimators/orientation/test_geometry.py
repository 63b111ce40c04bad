import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation import PatternGeometry
from hyperspy_4dphase.estimators.orientation._geometry import check_geometry

GEOMETRY = PatternGeometry((20.0, 31.0), 0.02, 0.05)


def test_y_is_up_unless_the_detector_is_mirrored():
    np.testing.assert_allclose(GEOMETRY.axes() @ [0.1, 0.0], [0, 5])
    np.testing.assert_allclose(GEOMETRY.axes() @ [0.0, 0.1], [-5, 0])
    flipped = GEOMETRY._replace(flip=True)
    np.testing.assert_allclose(flipped.axes() @ [0.0, 0.1], [5, 0])


def test_scan_rotation_turns_from_right_to_up():
    turned = GEOMETRY._replace(scan_rotation=90.0).axes()
    np.testing.assert_allclose(turned @ [0.1, 0.0], [-5, 0], atol=1e-9)
    np.testing.assert_allclose(turned @ [0.0, 0.1], [0, -5], atol=1e-9)


@pytest.mark.parametrize("flip", [False, True])
def test_lengths_are_kept(flip):
    axes = GEOMETRY._replace(flip=flip, scan_rotation=17.0).axes() * GEOMETRY.scale
    np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(-1 if flip else 1)


def test_reach_is_to_the_farthest_corner_or_the_outer_radius():
    expected = 0.02 * np.hypot(29, 39)
    assert GEOMETRY.reach((50, 71)) == pytest.approx(expected)
    assert GEOMETRY._replace(outer_radius=0.4).reach((50, 71)) == 0.4


def test_inner_radius_leaves_out_the_direct_beam():
    assert GEOMETRY.inner == pytest.approx(0.125)
    assert GEOMETRY._replace(inner_radius=0.3).inner == 0.3


def test_checked_geometry_is_of_plain_numbers():
    checked = check_geometry(GEOMETRY._replace(center=np.array([3, 4])), (50, 71))
    assert checked.center == (3.0, 4.0)
    assert all(type(x) is float for x in checked.center)
