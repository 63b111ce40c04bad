"""A plane of shifts, taken out of every block."""

from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_4dphase._correction import Correction
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.shifts._descan import (
    find_plain_descan,
    fit_descan,
)

from .scenes import NAVIGATION, POSITIONS, SIGNAL, SLOPES, USED, plane, scene


def descanned(shifts, masked=False):
    counts = np.random.default_rng(0).poisson(3000 * scene(shifts)).astype(np.uint16)
    kept = USED % SIGNAL[1] != 5 if masked else None
    geometry = PatternBlocks(counts.reshape(*NAVIGATION, *SIGNAL), 2, kept_pixels=kept)
    counts = counts if kept is None else counts[:, kept]
    sampled = np.arange(396), counts
    return counts, fit_descan(geometry, sampled, None, Correction())


@pytest.mark.parametrize("masked", [False, True])
def test_moved_patterns_stand_still(masked):
    counts, descan = descanned(plane(SLOPES), masked)
    assert descan.plane.significant
    assert 0 < descan.covered.sum() < len(descan.covered) == counts.shape[1]
    rows = np.arange(396)
    moved = descan(counts, rows)
    assert moved.shape == (396, descan.covered.sum())
    left = fit_descan(
        SimpleNamespace(
            signal_shape=SIGNAL,
            kept_pixels=np.isin(USED, descan.used_pixels[descan.covered]),
            positions=descan.positions,
        ),
        (rows, moved),
        None,
        Correction(),
    )
    assert left.plane.rms < 0.1 * descan.plane.rms


def test_any_block_is_moved_alike():
    counts, descan = descanned(plane(SLOPES))
    rows = np.random.default_rng(1).permutation(396)[:40]
    whole = descan(counts, np.arange(396))
    np.testing.assert_array_equal(descan(counts[rows], rows), whole[rows])


def walking_lines(reach, width, radius, shape=(64, 64)):
    """A bent crystal in convergent beam: the edges of its discs stay where they are."""
    rows, columns = np.indices(shape)
    tilt = reach * (2 * POSITIONS / np.subtract(NAVIGATION, 1) - 1)
    y, x = tilt.T[..., None, None]
    patterns = np.zeros((len(POSITIONS), *shape))
    for down, right in np.argwhere(np.ones((3, 3))) * 20 - 20:
        dy, dx = rows - shape[0] // 2 - down, columns - shape[1] // 2 - right
        length = np.hypot(down, right)
        along = ((dy + y) * down + (dx + x) * right) / max(length, 1)
        disc = 1 / (1 + np.exp(8 * (np.hypot(dy, dx) - radius)))
        patterns += disc * (np.exp(-((along / width) ** 2)) if length else 2)
    patterns *= 3000 / patterns.sum(axis=(1, 2), keepdims=True)
    return np.random.default_rng(0).poisson(patterns).astype(np.uint16)


@pytest.mark.parametrize("reach", [1, 2, 4])
def test_lines_that_walk_through_discs_are_no_descan(reach):
    counts = walking_lines(reach, 2, 9)
    geometry = PatternBlocks(counts.reshape(*NAVIGATION, *counts.shape[1:]), 2)
    sampled = np.arange(len(counts)), counts.reshape(len(counts), -1)
    assert not fit_descan(geometry, sampled, None, Correction()).plane.significant
    assert find_plain_descan(geometry, sampled, None, Correction()) is None


def test_what_stands_still_has_no_descan():
    _, descan = descanned(None)
    assert not descan.plane.significant


@pytest.mark.parametrize("part", [1.0, 0.08])
def test_only_what_does_harm_is_plain(part):
    """A twelfth of these slopes is less than 0.1 pixels (rms)."""
    shifts = plane(part * SLOPES)
    counts = np.random.default_rng(0).poisson(3000 * scene(shifts)).astype(np.uint16)
    geometry = PatternBlocks(counts.reshape(*NAVIGATION, *SIGNAL), 2)
    options = geometry, (np.arange(396), counts), None, Correction()
    asked, plain = fit_descan(*options), find_plain_descan(*options)
    assert (plain is None) == (asked.plane.rms < 0.1) == (part < 1)
    few = np.arange(0, 396, 2)
    assert find_plain_descan(geometry, (few, counts[few]), None, Correction()) is None


def find_in_part(counts, size, shape=SIGNAL):
    """In the first positions of a scan, as a scan of its own."""
    part = counts.reshape(*NAVIGATION, -1)[: size[0], : size[1]].reshape(*size, *shape)
    geometry = PatternBlocks(part, 2)
    sampled = np.arange(size[0] * size[1]), part.reshape(size[0] * size[1], -1)
    return find_plain_descan(geometry, sampled, None, Correction())


@pytest.mark.parametrize("size", [(9, 10), (10, 12), (11, 20)])
def test_small_scans(size):
    """What is found in few patterns is certain if it is large."""
    slopes = np.array([[0.3, 0.0], [0.06, -0.3]])
    rng = np.random.default_rng(0)
    still, moving, little = (
        rng.poisson(3000 * scene(shifts)).astype(np.uint16)
        for shifts in (None, plane(slopes), plane(slopes / 5))
    )
    found = find_in_part(moving, size)
    np.testing.assert_allclose(found.plane.slopes, slopes, atol=0.04)
    assert found.is_certain
    assert found.can_be_taken_out
    assert not find_in_part(little, size).is_certain
    assert find_in_part(still, size) is None
    assert find_in_part(moving, (7, 9)) is None


def test_lines_that_walk_in_small_scans():
    found = []
    for reach in (0.5, 1, 2, 4):
        counts = walking_lines(reach, 2, 9)
        sizes = (8, 9), (9, 12), (10, 12), (11, 20)
        found += [find_in_part(counts, size, (64, 64)) for size in sizes]
    found = [descan for descan in found if descan is not None]
    assert found
    assert not any(descan.is_certain for descan in found)
