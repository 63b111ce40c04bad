"""Means of domains as a compressed scan tells them, against the data."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.compression._expected_means import (
    expected_means,
    sum_groups,
)

from ..detector_scans import as_camera, counted, stripes

LABELS = stripes().ravel()


@pytest.mark.parametrize("noise", ["measured", "uniform"])
@pytest.mark.parametrize("dose", [50, 2000])
@pytest.mark.parametrize("is_camera", [False, True])
def test_of_the_same_scan_and_of_another(dose, noise, is_camera):
    counts = [counted("spotty", dose, seed) for seed in (0, 1)]
    X, other = (as_camera(c, 12, 50, 0.5) if is_camera else c for c in counts)
    X, other = X.reshape(len(LABELS), -1), other.reshape(len(LABELS), -1)
    compressed = compress_patterns(X, noise=noise, random_state=0, keep_faulty=True)
    means, variances = expected_means(compressed, LABELS, 3)
    sizes = np.bincount(LABELS)[:, None]
    for data, low, high in ((X, 0, 0.8), (other, 2.2, np.inf)):
        found = np.stack([data[LABELS == i].mean(axis=0) for i in range(3)])
        z = (sum_groups(found) - means) / np.sqrt(variances / sizes)
        of_each = np.sqrt(np.square(z).mean(axis=1))
        assert (of_each >= low).all()
        assert (of_each < high).all()


def test_domains_without_patterns():
    X = counted().reshape(len(LABELS), -1)
    compressed = compress_patterns(X, random_state=0, squares=False)
    labels = np.where(LABELS == 1, -1, LABELS)
    found = expected_means(compressed, labels, 4)
    assert found.dtype == np.float32
    assert np.isnan(found[:, [1, 3]]).all()
    assert np.isfinite(found[:, [0, 2]]).all()


@pytest.mark.parametrize("n_pixels", [1, 7, 256, 1000])
def test_groups_leave_nothing_out(n_pixels):
    values = np.arange(3 * n_pixels).reshape(3, n_pixels)
    groups = sum_groups(values)
    assert groups.shape == (3, min(n_pixels, 256))
    np.testing.assert_array_equal(groups.sum(axis=1), values.sum(axis=1))
