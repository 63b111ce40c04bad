"""A plane of shifts over the scan, taken out of every block of patterns."""

from dataclasses import dataclass

import numpy as np

from hyperspy_4dphase.estimators.shifts._alike import makes_alike
from hyperspy_4dphase.estimators.shifts._forms import find_sound_pixels
from hyperspy_4dphase.estimators.shifts._moved_blocks import (
    find_covered_pixels,
    shift_patterns,
)
from hyperspy_4dphase.estimators.shifts._offsets import ShiftPlane
from hyperspy_4dphase.estimators.shifts._sample import fit_sample_plane

# Patterns of the sample that the plane is fitted to. Historical: chosen by trial.
_MAX_PATTERNS = 3000
# A descan that nobody asks for is looked for in so many values at most, since it takes
# memory; and is plain from so many pixels (rms) on. On 22 scans without it, real ones
# among them, at most 0.03 pixels were found; 0.16 split domains.
_MOST_VALUES, _LEAST_SHIFT = 2**24, 0.1
# It is looked for in samples of so many patterns or more, and in whole scans of fewer.
# In these lines that walk through discs by a small part of their width look like it: of
# 1,979 simulated scans of 63 to 240 positions without it, 24 were said to have 0.13 to
# 0.75 pixels, all of such lines. So it is taken out unasked from here on only.
_FEWEST_SAMPLED, _FEWEST, _LEAST_IN_FEW = 250, 64, 1.0


@dataclass
class Descan:
    """Moves the patterns of a block back to where they would be without descan.

    Attributes
    ----------
    plane : ShiftPlane
    positions : numpy.ndarray of int, shape (n_patterns, n_axes)
        Of all patterns.
    signal_shape : tuple of int
        (nky, nkx).
    used_pixels : numpy.ndarray of int, shape (n_used,)
        Where the pixels of the patterns lie in the flat detector.
    covered : numpy.ndarray of bool, shape (n_used,)
        Those that are complete in all patterns afterwards, and are kept.
    is_certain : bool
        Whether it may be taken out unasked.
    """

    plane: ShiftPlane
    positions: np.ndarray
    signal_shape: tuple
    used_pixels: np.ndarray
    covered: np.ndarray
    is_certain: bool = True

    @property
    def can_be_taken_out(self):
        """bool: Whether there is one, and a pixel is left once it is taken out."""
        return self.plane.significant and bool(self.covered.any())

    def __call__(self, patterns, rows):
        """Move a block of patterns.

        Parameters
        ----------
        patterns : numpy.ndarray, shape (n_block, n_used)
        rows : numpy.ndarray of int, shape (n_block,)

        Returns
        -------
        numpy.ndarray of float32, shape (n_block, n_covered)
        """
        shifts = -self.plane.at(self.positions[rows])
        moved = shift_patterns(patterns, self.signal_shape, shifts, self.used_pixels)
        return np.ascontiguousarray(moved[:, self.covered])


def fit_descan(geometry, sampled, faulty_pixels, correction):
    """Find the plane by which patterns are shifted.

    Lines that walk through discs as a crystal bends move as a shift would, but the
    edges of the discs stay. So the steepest pixels must tell the shift as well as all
    others, and parts of the scan must become alike by about as much as they would.

    Parameters
    ----------
    geometry : PatternBlocks
        With the shape of the detector, without what is faulty.
    sampled : sequence of numpy.ndarray
        Rows and patterns of a sample, before anything was left out.
    faulty_pixels : numpy.ndarray of bool, or None
        What was left out of the pixels of the sample.
    correction : Correction
        From values to electrons.

    Returns
    -------
    Descan
    """
    rows, sample = sampled
    if faulty_pixels is not None:
        sample = sample[:, ~faulty_pixels]
    step = max(1, -(-len(rows) // _MAX_PATTERNS))
    rows, sample = rows[::step], correction.electrons(sample[::step])
    sample = np.maximum(sample, 0)
    shape, kept = geometry.signal_shape, geometry.kept_pixels
    used = np.arange(np.prod(shape)) if kept is None else np.flatnonzero(kept)
    positions = geometry.positions
    plane = fit_sample_plane(sample, positions[rows], used, shape)
    if plane.significant:
        other = fit_sample_plane(sample, positions[rows], used, shape, by_edges=True)
        plane = max(plane, other, key=lambda each: each.rms_error)
    if plane.significant and not makes_alike(
        plane, sample, positions[rows], used, shape
    ):
        plane = plane._replace(significant=False)
    mean = sample.mean(axis=0, dtype=np.float64)
    sound = find_sound_pixels(mean, used, shape, len(sample))
    covered = find_covered_pixels(used[sound], shape, -plane.at(positions))[used]
    return Descan(plane, positions, shape, used, covered)


def find_plain_descan(geometry, sampled, faulty_pixels, correction):
    """Find a plane by which patterns are shifted so far that it does harm.

    Parameters
    ----------
    geometry, sampled, faulty_pixels, correction
        As :func:`fit_descan` takes them.

    Returns
    -------
    Descan or None
        None if there is none, or if patterns are no images, or too few. In few
        patterns one that is not large is not certain.
    """
    if len(geometry.signal_shape) != 2 or geometry.positions is None:
        return None
    rows, sample = sampled
    step = max(1, -(-sample.size // _MOST_VALUES))
    rows, sample = rows[::step], sample[::step]
    is_whole = len(rows) == len(geometry.positions)
    if len(rows) < (_FEWEST if is_whole else _FEWEST_SAMPLED):
        return None
    shifts = fit_descan(geometry, (rows, sample), faulty_pixels, correction)
    is_plain = shifts.plane.significant and shifts.plane.rms >= _LEAST_SHIFT
    is_many = len(rows) >= _FEWEST_SAMPLED
    shifts.is_certain = is_many or shifts.plane.rms >= _LEAST_IN_FEW
    return shifts if is_plain else None
