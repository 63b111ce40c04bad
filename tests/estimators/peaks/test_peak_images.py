"""Peaks drawn on a grid."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.peaks import draw_peaks

SHAPE = (7, 5)


def random_peaks(n=200, n_patterns=6, seed=0):
    rng = np.random.default_rng(seed)
    rows, columns = rng.uniform(0, SHAPE[0] - 1, n), rng.uniform(0, SHAPE[1] - 1, n)
    return rng.integers(0, n_patterns, n), rows, columns, rng.gamma(2, 3, n)


def test_sum_and_centre_of_each_image_are_those_of_its_peaks():
    pattern, rows, columns, weights = random_peaks()
    images = draw_peaks(pattern, rows, columns, weights, 6, SHAPE)
    assert images.dtype == np.float32
    assert images.shape == (6, *SHAPE)
    down, right = np.indices(SHAPE)
    for i, image in enumerate(images):
        mine = pattern == i
        total = weights[mine].sum()
        assert image.sum() == pytest.approx(total, rel=1e-5)
        for values, index in ((rows, down), (columns, right)):
            centre = (weights * values)[mine].sum() / total
            found = (image * index).sum() / image.sum()
            assert found == pytest.approx(centre, abs=1e-4)


def test_a_peak_on_a_pixel_is_in_that_pixel_only():
    image = draw_peaks([0], [6.0], [2.0], [4.0], 1, SHAPE)[0]
    assert image[6, 2] == 4
    assert image.sum() == 4


def test_images_change_continuously():
    at = np.linspace(1, 3, 41)
    images = [draw_peaks([0], [row], [2.3], [1.0], 1, SHAPE)[0] for row in at]
    steps = np.abs(np.diff(images, axis=0)).sum(axis=(1, 2))
    assert steps.max() <= 2 * (at[1] - at[0]) + 1e-6


def test_what_lies_outside_is_left_out():
    rows = [-0.5, -3.0, 6.25, 7.0, np.nan, np.inf, 2.0]
    columns = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 99.0]
    image = draw_peaks([0] * 7, rows, columns, np.ones(7), 1, SHAPE)[0]
    assert image[0, 1] == 0.5
    assert image[6, 1] == 0.75
    assert image.sum() == 1.25


def test_no_peaks_are_empty_images():
    images = draw_peaks([], [], [], [], 3, SHAPE)
    assert images.shape == (3, *SHAPE)
    assert not images.any()


def test_patterns_do_not_mix():
    pattern, rows, columns, weights = random_peaks()
    together = draw_peaks(pattern, rows, columns, weights, 6, SHAPE)
    for i in range(6):
        mine = pattern == i
        alone = draw_peaks(
            np.zeros(mine.sum()), rows[mine], columns[mine], weights[mine], 1, SHAPE
        )
        np.testing.assert_allclose(together[i], alone[0], rtol=1e-6)
