"""The slope that most of the information agrees on, with errors that hold."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.detector._variance_line import (
    VarianceLine,
    fit_median_line,
)

GAIN, READOUT = 12.0, 9.0


def bins(seed=0):
    """Nearly all pixels are dark: few bins, of few values, are far from these."""
    dark, bright = np.linspace(0.05, 0.5, 40), np.geomspace(2, 2500, 12)
    mean = np.append(dark, bright)
    n_values = np.append(np.full(40, 15000), np.full(12, 2500)).astype(float)
    noise = np.random.default_rng(seed).normal(0, np.sqrt(2.5 / n_values))
    return mean, (READOUT + GAIN * mean) * (1 + noise), n_values


def test_few_bright_bins_tell_the_slope():
    lines = [VarianceLine(*bins(seed), READOUT) for seed in range(20)]
    gains = np.array([line.gain for line in lines])
    errors = np.array([line.gain_error for line in lines])
    assert gains.mean() == pytest.approx(GAIN, rel=0.01)
    assert np.sqrt(np.mean(((gains - GAIN) / errors) ** 2)) < 1.5
    assert errors.max() < 0.02 * GAIN


def test_bins_that_are_too_low_do_not_rule():
    """As if their errors were small since they are low."""
    mean, variance, n_values = bins()
    variance[42:45] = READOUT
    line = VarianceLine(mean, variance, n_values, READOUT)
    assert line.gain == pytest.approx(GAIN, rel=0.04)
    # What least squares with the errors of the measured variances find.
    weight = np.sqrt(n_values) / variance
    assert np.polyfit(mean, variance, 1, w=weight)[0] < 0.9 * GAIN


def test_median_line_holds_if_less_than_half_is_wrong():
    mean, variance, n_values = bins()
    variance[-4:] *= 5
    slope, fitted = fit_median_line(mean, variance, n_values)
    assert slope == pytest.approx(GAIN, rel=0.1)
    np.testing.assert_allclose(fitted[:40], READOUT + GAIN * mean[:40], rtol=0.05)


def test_all_of_one_mean_have_no_slope():
    slope, fitted = fit_median_line(np.full(8, 3.0), np.full(8, 2.0))
    assert slope == 0
    np.testing.assert_array_equal(fitted, 2)
