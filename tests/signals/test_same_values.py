"""Patterns are known again, and no others; where nothing is known, nothing is said."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from hyperspy_4dphase.estimators.compression._pattern_sums import sum_weights
from hyperspy_4dphase.signals._same_values import (
    check_same_values,
    look_at_values,
    warn_of_other_values,
)

NAVIGATION, SIGNAL = (10, 12), (9, 11)
ROWS = np.arange(120)


@pytest.fixture
def counts():
    return np.random.default_rng(0).poisson(3, (*NAVIGATION, *SIGNAL)).astype("u2")


def known(counts, excluded=None):
    """What a result of these counts keeps."""
    values = counts.reshape(120, -1) @ sum_weights(99)
    if excluded is not None:
        values = values[~excluded]
    return SimpleNamespace(
        pattern_sums=np.stack([values, np.full(values.size, 0.3)]),
        excluded_patterns=excluded,
        excluded_pixels=None,
        replaced=None,
        navigation_shape=NAVIGATION,
        signal_shape=SIGNAL,
    )


@pytest.mark.parametrize("is_given", [False, True])
def test_the_same_values(counts, is_given):
    stored = known(counts)
    assert check_same_values(stored.pattern_sums[0] + 0.2, ROWS, stored, is_given)


def test_others_are_refused(counts):
    stored = known(counts)
    found = stored.pattern_sums[0].copy()
    found[5:8] += 0.5
    with pytest.raises(ValueError, match=r"3 of 120 patterns .* position \(0, 5\)"):
        check_same_values(found, ROWS, stored, False)
    with pytest.warns(UserWarning, match="another scan of the same shape"):
        assert not check_same_values(found, ROWS, stored, True)


def test_a_single_pattern_of_many_may_be_another(counts):
    stored = known(counts)
    found = stored.pattern_sums[0].copy()
    found[7] = 0
    assert check_same_values(found, ROWS, stored, False)


def test_positions_are_counted_without_masked_ones(counts):
    excluded = np.zeros(120, bool)
    excluded[[0, 3, 50]] = True
    stored = known(counts, excluded)
    rows = np.flatnonzero(~excluded)[10:60]
    found = counts.reshape(120, -1)[rows] @ sum_weights(99)
    assert check_same_values(found, rows, stored, False)
    with pytest.raises(ValueError, match=r"50 of 50 .* position \(1, 0\)"):
        check_same_values(found + 1, rows, stored, False)


def test_nothing_known_is_nothing_refused(counts):
    stored = known(counts)
    stored.pattern_sums = None
    assert check_same_values(np.ones(120), ROWS, stored, False)
    assert look_at_values(Diffraction2D(counts + 1), stored) is None


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_a_look_at_a_few_patterns(counts, lazy, masked):
    excluded = np.zeros(120, bool)
    excluded[4:70] = True
    stored = known(counts, excluded if masked else None)
    changes = {
        "none": counts,
        "mirrored": counts[..., ::-1],
        "rolled": np.roll(counts, 2, axis=2),
        "turned": counts[::-1, ::-1],
        "brighter": counts + 1,
    }
    for change, data in changes.items():
        signal = Diffraction2D(data.copy())
        if lazy:
            signal = signal.as_lazy(chunks=(3, 5, 9, 11))
        found = look_at_values(signal, stored)
        assert (found is None) == (change == "none")
        if found is not None:
            assert "position (" in found


def test_a_look_reads_one_chunk(counts):
    n_read = []

    def count(block):
        n_read.append(block.shape)
        return block

    signal = Diffraction2D(counts).as_lazy(chunks=(3, 5, 9, 11))
    signal.data = signal.data.map_blocks(count, meta=np.empty((0,) * 4, "u2"))
    assert look_at_values(signal, known(counts)) is None
    assert n_read == [(3, 5, 9, 11)]


def test_patterns_of_another_shape_cannot_be_compared(counts):
    stored = known(counts)
    assert look_at_values(Diffraction2D(counts[..., :-1]), stored) is None


def test_a_warning_names_what_is_given(counts):
    with pytest.warns(UserWarning, match="^source was made of other patterns"):
        warn_of_other_values(Diffraction2D(counts * 2), known(counts), "source")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_other_values(Diffraction2D(counts), known(counts), "source")
