"""What is kept of a scan is known by masks, of the whole or of what was kept before."""

import numpy as np
import pytest

from hyperspy_4dphase._kept import KeptPart, as_mask

SHAPES = (4, 5), (3, 7)


def test_everything_by_default():
    kept = KeptPart.from_masks(*SHAPES)
    assert kept.shape == (20, 21)
    np.testing.assert_array_equal(kept.places, np.arange(20))


def test_masks_of_the_part_are_masks_of_the_whole():
    rng = np.random.default_rng(0)
    patterns, pixels = rng.random(20) < 0.7, rng.random(21) < 0.8
    kept = KeptPart.from_masks(*SHAPES, patterns.reshape(4, 5), pixels)
    assert kept.shape == (patterns.sum(), pixels.sum())
    fewer, smaller = rng.random(patterns.sum()) < 0.5, rng.random(pixels.sum()) < 0.5
    part = kept.restrict(fewer, smaller)
    np.testing.assert_array_equal(part.places, kept.places[fewer])
    places = np.flatnonzero(pixels)[smaller]
    np.testing.assert_array_equal(np.flatnonzero(part.pixels), places)
    assert part.shape == (fewer.sum(), smaller.sum())
    # What it was made of stays as it was.
    assert kept.shape == (patterns.sum(), pixels.sum())


def test_restricted_by_nothing_it_is_the_same():
    kept = KeptPart.from_masks(*SHAPES, np.arange(20) % 3 > 0)
    part = kept.restrict(pixels=np.arange(21) > 4)
    np.testing.assert_array_equal(part.patterns, kept.patterns)
    assert part.shape == (kept.shape[0], 16)


def test_masks_of_another_size_are_refused():
    with pytest.raises(ValueError, match="19 elements was given, 20 expected"):
        KeptPart.from_masks(*SHAPES, np.ones(19, bool))
    kept = KeptPart.from_masks(*SHAPES, np.arange(20) % 2)
    with pytest.raises(ValueError, match="20 elements was given, 10 expected"):
        kept.restrict(np.ones(20, bool))
    np.testing.assert_array_equal(as_mask([1, 0, 2], 3), [True, False, True])
