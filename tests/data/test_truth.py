"""What the truth says of a scan, and that it is scaled as the counts are."""

import numpy as np
import pytest

from hyperspy_4dphase.data import simulate_scan


def test_truth_is_scaled_and_labelled(mixture):
    _, truth = simulate_scan(
        *mixture, 50, random_state=0, names="abc", phases=["x", "y", "x"]
    )
    assert truth.dose == 50
    assert truth.n_components == 3
    assert truth.abundance.sum(axis=-1).mean() == pytest.approx(1)
    np.testing.assert_allclose(truth.patterns.sum(axis=(1, 2)), 1)
    np.testing.assert_array_equal(truth.domain, mixture[1].argmax(axis=-1))
    assert truth.component_names == ("a", "b", "c")
    assert truth.phase_names == ("x", "y")
    np.testing.assert_array_equal(truth.phase, np.array([0, 1, 0])[truth.domain])
    assert truth.mixedness[2, 3] == 0
    assert truth.mixedness.min() >= 0
    assert truth.mixedness.max() <= 2 / 3
    assert truth.beam_shift is None


def test_counts_expected_are_those_of_the_mixture(mixture):
    patterns, abundance = mixture
    _, truth = simulate_scan(patterns, abundance, 50, random_state=0)
    patterns = patterns / patterns.sum(axis=(1, 2), keepdims=True)
    weights = abundance / abundance.sum(axis=-1).mean()
    mixed = 50 * np.einsum("yxc,cij->yxij", weights, patterns)
    np.testing.assert_allclose(truth.expected(), mixed)
    np.testing.assert_allclose(truth.expected(slice(2, 5), 3), mixed[2:5, 3])


def test_where_nothing_is_there_is_no_mixture():
    abundance = np.ones((2, 3, 2))
    abundance[1, 1] = 0
    _, truth = simulate_scan(np.ones((2, 4, 5)), abundance, 50, random_state=0)
    assert truth.mixedness[1, 1] == 0
    assert truth.mixedness[0, 0] == pytest.approx(0.5)
