"""Reliability where the truth is known: bins, intervals and the error."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot import calibration_error, plot_reliability


def positions(n=400, power=1.0, seed=0):
    random = np.random.default_rng(seed)
    confidence = random.beta(4, 1, n)
    return confidence, random.random(n) < confidence**power


def literal(confidence, right, n_bins):
    """Bin by bin: number of positions, mean confidence and share right."""
    found = []
    for low in np.arange(n_bins):
        inside = (confidence * n_bins >= low) & (confidence * n_bins < low + 1)
        if low == n_bins - 1:
            inside |= confidence == 1
        if inside.any():
            found.append(
                (inside.sum(), confidence[inside].mean(), right[inside].mean())
            )
    return np.array(found).T


@pytest.mark.parametrize("n_bins", [1, 3, 10, 64])
def test_error_bin_by_bin(n_bins):
    confidence, right = positions()
    confidence[:5] = 0, 1, 1, 0.5, 0.5
    size, mean, share = literal(confidence, right, n_bins)
    expected = (size * abs(share - mean)).sum() / len(right)
    found = calibration_error(confidence, right, n_bins)
    assert type(found) is float
    np.testing.assert_allclose(found, expected)
    stack = calibration_error(
        confidence.reshape(4, 5, 20), right.reshape(4, 5, 20), n_bins
    )
    np.testing.assert_allclose(stack, expected)


def test_error_of_what_is_known():
    ones = np.ones(10)
    assert calibration_error(ones, ones > 0) == 0
    assert calibration_error(ones, ones < 0) == 1
    assert calibration_error(0 * ones, ones > 0) == 1
    half = np.arange(10) < 5
    np.testing.assert_allclose(calibration_error(0.9 * ones, half), 0.4)


def test_one_belongs_to_the_last_bin():
    found = calibration_error(np.array([0.95, 1.0]), np.array([True, False]))
    np.testing.assert_allclose(found, 0.975 - 0.5)


def test_calibrated_is_less_than_too_sure():
    calibrated = calibration_error(*positions(20000))
    too_sure = calibration_error(*positions(20000, power=2))
    assert calibrated < 0.02
    assert too_sure > 0.1


def test_masked_are_left_out():
    confidence, right = positions()
    expected = calibration_error(confidence[50:], right[50:])
    confidence[:50] = np.nan
    assert calibration_error(confidence, right) == expected
    below = plot_reliability(confidence, right).figure.axes[1]
    assert sum(bar.get_height() for bar in below.patches) == 350


def test_diagram():
    confidence, right = positions(power=2)
    ax = plot_reliability(confidence, right, n_bins=8)
    size, mean, share = literal(confidence, right, 8)
    diagonal, dots = ax.lines[0], ax.containers[0].lines[0]
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    np.testing.assert_allclose(dots.get_xdata(), mean)
    np.testing.assert_allclose(dots.get_ydata(), share)
    error = calibration_error(confidence, right, 8)
    assert f"error {error:.3f}" in ax.texts[0].get_text()
    below = ax.figure.axes[1]
    assert below.get_yscale() == "log"
    assert below.get_xlabel() == "confidence"
    assert below.get_ylabel() == "positions"
    heights = np.array([bar.get_height() for bar in below.patches])
    np.testing.assert_array_equal(heights[heights > 0], size)
    left = [bar.get_x() for bar in below.patches]
    np.testing.assert_allclose(left, np.arange(8) / 8)


def test_wilson_intervals():
    # 5 of 10, none of 4 and all of 3, from the literature's formula.
    confidence = np.repeat([0.55, 0.15, 0.95], [10, 4, 3])
    right = np.r_[np.arange(10) < 5, np.zeros(4, bool), np.ones(3, bool)]
    ax = plot_reliability(confidence, right)
    segments = ax.containers[0].lines[2][0].get_segments()
    ends = [segment[:, 1] for segment in segments]
    expected = [[0, 0.4899], [0.2366, 0.7634], [0.4385, 1]]
    np.testing.assert_allclose(ends, expected, atol=1e-4)


def test_panels_share_the_abscissa_and_do_not_overlap():
    ax = plot_reliability(*positions())
    ax.figure.canvas.draw()
    below = ax.figure.axes[1]
    assert ax.get_xlim() == below.get_xlim() == (0, 1)
    above = ax.get_window_extent()
    assert below.get_window_extent().y1 < above.y0
    np.testing.assert_allclose(below.get_window_extent().intervalx, above.intervalx)


@pytest.mark.parametrize("placed", [False, True])
def test_given_axes_are_used(placed):
    figure = plt.Figure()
    place = figure.subplots(1, 2)[0] if not placed else figure.add_axes([0, 0, 0.4, 1])
    bounds = place.get_position()
    assert plot_reliability(*positions(), ax=place) is place
    below = figure.axes[-1].get_position()
    assert below.y0 >= bounds.y0 - 1e-9
    assert below.y1 < place.get_position().y0
    np.testing.assert_allclose(below.intervalx, bounds.intervalx)
    assert plt.get_fignums() == []


CONFIDENCE, RIGHT = positions(12)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"confidence": CONFIDENCE + 1}, "confidence must be from 0 to 1.*12 of 12"),
        ({"confidence": CONFIDENCE[:0], "right": RIGHT[:0]}, r"positions.*\(0,\)"),
        ({"confidence": CONFIDENCE * np.nan}, "NaN at every position"),
        ({"right": RIGHT[:5]}, r"\(12,\).*\(5,\)"),
        ({"right": RIGHT.astype(int)}, "booleans.*int64"),
        ({"n_bins": 0}, "n_bins must be.*not 0"),
        ({"n_bins": 2.5}, "n_bins must be.*not 2.5"),
    ],
)
def test_refused(change, match):
    given = {"confidence": CONFIDENCE, "right": RIGHT, **change}
    for function in (plot_reliability, calibration_error):
        with pytest.raises((TypeError, ValueError), match=match):
            function(**given)
    assert plt.get_fignums() == []
