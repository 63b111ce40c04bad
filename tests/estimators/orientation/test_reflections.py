import numpy as np

from hyperspy_4dphase.estimators.orientation import Reflections
from hyperspy_4dphase.estimators.orientation._reflections import check_reflections

TABLE = Reflections(
    np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [2, 0, 0]]),
    np.array([[0.0, 0, 0], [0.3, 0, 0], [0, 0.3, 0], [0.6, 0, 0]]),
    np.array([50.0, 4.0, 1e-12, 2.0]),
)


def test_direct_beam_and_absent_reflections_are_left_out():
    checked = check_reflections(TABLE)
    assert checked.hkl.tolist() == [[1, 0, 0], [2, 0, 0]]
    np.testing.assert_allclose(checked.intensity, [1.0, 0.5])


def test_table_is_unchanged():
    before = [x.copy() for x in TABLE]
    check_reflections(TABLE)
    for one, other in zip(before, TABLE, strict=True):
        np.testing.assert_array_equal(one, other)
