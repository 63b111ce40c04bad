"""Patterns as coordinates in a compressed scan."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.vae._compressed_inputs import CompressedInputs

from ..vae_patterns import N_CLASSES, N_PIXELS, class_patterns, counted, mixed_labels

N = 240


@pytest.fixture(scope="module")
def X():
    return counted(2000 * class_patterns()[mixed_labels(N)])


@pytest.fixture(scope="module")
def compression(X):
    return compress_patterns(X, random_state=0, device="cpu")


@pytest.fixture(scope="module")
def inputs(compression):
    return CompressedInputs.from_compression(compression, 3)


class TestFits:
    def test_its_own(self, compression, inputs):
        assert inputs.n_pixels == N_PIXELS
        assert inputs.fits(compression)

    def test_others(self, X, inputs):
        other = counted(2000 * class_patterns(seed=9)[mixed_labels(N)])
        for patterns in (other, X[:, ::-1], X[:, 1:], X * np.arange(1, 171)):
            compression = compress_patterns(patterns, random_state=0, device="cpu")
            assert not inputs.fits(compression)

    def test_fewer_directions(self, compression, X):
        few = compress_patterns(
            np.ones((N, 1)) * X[:1], random_state=0, rank=1, device="cpu"
        )
        assert few.rank < 3
        assert not CompressedInputs.from_compression(compression, 3).fits(few)


def test_patterns_and_their_compression_have_the_same_points(X, compression, inputs):
    one, other = inputs.project(X), inputs.project(compression)
    scale = np.abs(other.coordinates).max()
    np.testing.assert_allclose(one.coordinates, other.coordinates, atol=1e-3 * scale)
    np.testing.assert_allclose(one.totals, other.totals, rtol=1e-3)
    # Three directions hold what there is, all but noise.
    np.testing.assert_allclose(one.totals, X.sum(axis=1), rtol=0.1)


def test_noise_is_the_unit(X):
    """Patterns of one class differ by 1, but in the first direction: their totals."""
    same = counted(np.tile(2000 * class_patterns()[:1], (N, 1)))
    compression = compress_patterns(X, random_state=0, device="cpu")
    inputs = CompressedInputs.from_compression(compression, 4)
    spread = inputs.project(same).coordinates.std(axis=0)
    np.testing.assert_allclose(spread[1:], 1, rtol=0.35)


def test_other_compressions_are_refused(X, inputs):
    other = compress_patterns(X[:, ::-1], random_state=0, device="cpu")
    with pytest.raises(ValueError, match="not those that the autoencoder was"):
        inputs.project(other)


def test_fractions_of_a_decoded_pattern(X, compression):
    inputs = CompressedInputs.from_compression(compression, N_CLASSES)
    fractions = inputs.to_fractions(inputs.project(X).coordinates)
    assert fractions.shape == X.shape
    assert fractions.min() >= 0
    np.testing.assert_allclose(fractions.sum(axis=1), 1, rtol=1e-5)
    expected = class_patterns()[mixed_labels(N)]
    assert np.corrcoef(fractions.ravel(), expected.ravel())[0, 1] > 0.98
