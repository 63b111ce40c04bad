"""What the first read tells of the detector, and which values are no counts."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.detector._broken_pixels import find_broken_pixels
from hyperspy_4dphase.estimators.detector._detector import Detector, measure_detector
from hyperspy_4dphase.estimators.detector._neighbours import measure_neighbour_noise
from hyperspy_4dphase.estimators.detector._pair_noise import pair_patterns
from hyperspy_4dphase.estimators.detector._pixel_correlation import correlate_noise
from hyperspy_4dphase.estimators.detector._spikes import find_single_events
from hyperspy_4dphase.estimators.detector._unlike_counts import (
    Clipped,
    find_clipped,
    find_repeated,
)

# Patterns that are compared at least, though they may be the same.
_FEWEST_SAMPLED = 32


class Judgement(NamedTuple):
    """What the detector does, and values that are no counts.

    Attributes
    ----------
    detector : Detector
    faulty_pixels, replaced : numpy.ndarray, or None
        Values that are no counts; see :class:`CompressedPatterns`.
    neighbours : float
        Variance among neighbouring patterns over that of independent ones; NaN if it
        was not measured.
    correlation : numpy.ndarray or None
        Of the noise of pixels, if it is not white; see :func:`correlate_noise`.
    repeated : numpy.ndarray of bool, shape (n_patterns,)
        Patterns that are the same as one before.
    clipped : Clipped
        Pixels whose values end.
    """

    detector: Detector
    faulty_pixels: np.ndarray | None
    replaced: np.ndarray | None
    neighbours: float
    correlation: np.ndarray | None
    repeated: np.ndarray
    clipped: Clipped


def judge_counts(found, geometry, used_pixels, noise, keep_faulty):
    """Find out what the detector does, and which values are no counts.

    Parameters
    ----------
    found : FirstPass
        Of all patterns as they are in the data.
    geometry : PatternBlocks
        The same patterns, with the shape of the detector.
    used_pixels : numpy.ndarray of int, shape (n_pixels,)
        Where the pixels that were read lie in it.
    noise : {"measured", "counts"}
        See :func:`compress_patterns`.
    keep_faulty : bool
        Whether values that are no counts stay as they are.

    Returns
    -------
    Judgement
    """
    rows, sample = found.sample()
    spikes, runs = found.spikes, found.runs
    recorded = sample
    repeated = find_repeated(*found.order("rows", "weighted_sums", "totals"))
    once = ~repeated[rows]
    if once.sum() < _FEWEST_SAMPLED:
        once[:] = True

    def pair(sample, apart=True):
        # A pattern and its copy differ by no noise.
        positions = geometry.positions[rows[once]] if apart else None
        shape = geometry.signal_shape
        return pair_patterns(sample[once], shape, used_pixels, positions)

    pairs = pair(sample)
    detector = measure_detector(pairs, scaled=True)
    faulty_pixels = replaced = None
    if not keep_faulty:
        inside, instead = find_single_events(spikes, detector.gain, detector.offset)
        if inside.any():
            sample = _replace_values(rows, sample, spikes, inside, instead)
            pairs = pair(sample)
        pixels = find_broken_pixels(pairs, detector)
        if detector.scales_with_mean and detector.offset:
            # Less an offset, a dead pixel would have a value that means something.
            pixels |= _never_change(found, sample, geometry.shape[0])
        if pixels.any():
            faulty_pixels = pixels
            pairs = pairs.select(~pixels)
            runs = [run.select(~pixels) for run in runs]
            inside &= ~pixels[spikes.pixels]
        if inside.any():
            replaced = np.stack([spikes.rows, spikes.pixels, instead])[:, inside]
    is_sound = faulty_pixels is None and replaced is None
    is_plain = detector.kind == "counts" and not np.isnan(detector.measured_gain)
    if not (is_sound and is_plain):
        detector = measure_detector(pairs, scaled=noise == "counts")
    used = np.ones(recorded.shape[1], bool) if faulty_pixels is None else ~faulty_pixels
    correlation = correlate_noise(pairs)
    if correlation is not None:
        # Where no pattern has one that is alike but beside it, as in small grains,
        # structure is left in the others, and neighbouring pixels share that, too.
        nearest = pair(sample, apart=False).select(used)
        if correlate_noise(nearest) is None:
            correlation = None
    return Judgement(
        detector,
        faulty_pixels,
        replaced,
        measure_neighbour_noise(runs, pairs, detector),
        correlation,
        repeated,
        find_clipped(recorded, used),
    )


def _never_change(found, sample, n):
    """Pixels that have one value in all n patterns, (n_pixels,)."""
    sums = found.sums["counts"]
    return (np.ptp(sample, axis=0) == 0) & (sums == n * sample[0].astype(float))


def _replace_values(rows, sample, spikes, inside, instead):
    """The sample with single events replaced."""
    place = np.minimum(np.searchsorted(rows, spikes.rows), len(rows) - 1)
    inside = inside & (rows[place] == spikes.rows)
    sample = sample.copy()
    sample[place[inside], spikes.pixels[inside]] = instead[inside]
    return sample
