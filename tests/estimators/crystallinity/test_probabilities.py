"""Probabilities of classes, and what they were calibrated on."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.crystallinity._calibration import CALIBRATION
from hyperspy_4dphase.estimators.crystallinity._features import Features
from hyperspy_4dphase.estimators.crystallinity._probabilities import (
    QUESTIONS,
    estimate_probabilities,
    make_columns,
    make_design,
)

PLAIN = Features(1e5, 0.4, 0.5, 0.001, 80.0, 1e4, 60.0, 3.0, 0.05, 2.0)
GLASS = PLAIN._replace(
    spots=0.0, peak=0.0, excess=0.0, outlier=3.5, contrast=0.1, halo=0.5, halo_gain=60.0
)
VACUUM = GLASS._replace(scattered=0.005, halo=0.02, halo_gain=0.5, counts=1e3)


def test_calibration_fits_the_design():
    for known in CALIBRATION.values():
        low, high, _, scale = np.array(known["columns"])
        assert low.shape == (9,)
        assert (low <= high).all()
        assert (scale > 0).all()
        for question, (own, products) in QUESTIONS.items():
            assert len(known[question]) == 1 + len(own) + len(products)


def test_rows_sum_to_one():
    found = estimate_probabilities([PLAIN, GLASS, VACUUM])
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (found >= 0).all()
    np.testing.assert_array_equal(found.argmax(axis=1), [2, 1, 0])


def test_hidden_beam_has_coefficients_of_its_own():
    hidden = [one._replace(scattered=np.nan) for one in (PLAIN, GLASS)]
    found = estimate_probabilities([*hidden, PLAIN])
    np.testing.assert_array_equal(found.argmax(axis=1), [2, 1, 2])
    assert found[0, 2] < found[2, 2]


@pytest.mark.parametrize("field", ["excess", "peak", "outlier", "halo_gain", "counts"])
def test_beyond_what_was_simulated_nothing_changes(field):
    far, farther = (PLAIN._replace(**{field: value}) for value in (1e30, 1e60))
    one, other = estimate_probabilities([far, farther])
    np.testing.assert_array_equal(one, other)


def test_more_spots_are_more_crystalline():
    peaks = [0.0, 1.0, 4.0, 20.0]
    found = estimate_probabilities([GLASS._replace(peak=peak) for peak in peaks])
    assert (np.diff(found[:, 2:].sum(axis=1)) >= 0).all()


def test_design():
    columns = make_columns([PLAIN, GLASS])
    assert columns.shape == (2, 9)
    for question, (own, products) in QUESTIONS.items():
        design = make_design(columns, question)
        assert design.shape == (2, len(own) + len(products))
        i, j = products[-1]
        np.testing.assert_allclose(design[:, -1], columns[:, i] * columns[:, j])
