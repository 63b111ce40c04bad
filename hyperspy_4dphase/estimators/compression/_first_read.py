"""The first read of all patterns: a sample, what the detector does, and the scaling."""

import copy
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from hyperspy_4dphase._correction import Correction
from hyperspy_4dphase._patterns import gather_rows
from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.compression._coarse import CoarsePixels
from hyperspy_4dphase.estimators.compression._passes import FirstPass, Statistics
from hyperspy_4dphase.estimators.compression._scaling import Balance, Scaling
from hyperspy_4dphase.estimators.detector._broken_pixels import find_broken_pixels
from hyperspy_4dphase.estimators.detector._detector import Detector, measure_detector
from hyperspy_4dphase.estimators.detector._neighbours import (
    RunFinder,
    measure_neighbour_noise,
)
from hyperspy_4dphase.estimators.detector._pair_noise import pair_patterns
from hyperspy_4dphase.estimators.detector._pixel_correlation import correlate_noise
from hyperspy_4dphase.estimators.detector._spikes import (
    SpikeFinder,
    Spikes,
    find_broken_frames,
    find_single_events,
)
from hyperspy_4dphase.estimators.shifts._descan import Descan, fit_descan

# In values, not in bytes: the same counts in a wider type give the same sample.
_SAMPLE_VALUES = 64 * 2**20
_MEASURED = ("measured", "counts")
NOISES = ("poisson", "uniform", *_MEASURED)


@dataclass
class Faults:
    """Values that are no counts.

    Attributes
    ----------
    patterns : numpy.ndarray of bool, shape (n_patterns,), or None
        Broken frames.
    pixels : numpy.ndarray of bool, shape (n_pixels,), or None
    rows, columns, values : numpy.ndarray, shape (n_values,), or None
        Single values: the numbers of their patterns and pixels, and what is taken
        instead, in units of the data.
    """

    patterns: np.ndarray | None = None
    pixels: np.ndarray | None = None
    rows: np.ndarray | None = None
    columns: np.ndarray | None = None
    values: np.ndarray | None = None

    def __bool__(self):
        parts = self.patterns, self.pixels, self.rows
        return any(part is not None and len(part) for part in parts)


@dataclass
class FirstRead:
    """What the first read gives.

    Attributes
    ----------
    blocks : PatternBlocks
        The patterns as they are to be read from now on.
    signal_shape : tuple of int
        Of the detector.
    used_pixels : numpy.ndarray of int, shape (n_pixels,)
        Where the pixels that are read lie in it.
    sample : numpy.ndarray, shape (n_sampled, n_pixels)
    held : tuple or None
        Rows, and their counts of squares.
    coarse : CoarsePixels
    balance : Balance or None
    scaling : Scaling
    detector : Detector
    beside : numpy.random.RandomState
        For what is drawn beside the rest.
    faults : Faults
    neighbours : float
        Variance among neighbouring patterns over that of independent ones; NaN if it
        was not measured.
    correlation : numpy.ndarray or None
        Of the noise of pixels, if it is not white; see :func:`correlate_noise`.
    descan : Descan or None
        What was taken out.
    """

    blocks: object
    signal_shape: tuple
    used_pixels: np.ndarray
    sample: np.ndarray
    held: tuple | None
    coarse: CoarsePixels
    balance: Balance | None
    scaling: Scaling
    detector: Detector
    beside: np.random.RandomState
    faults: Faults = field(default_factory=Faults)
    neighbours: float = np.nan
    correlation: np.ndarray | None = None
    descan: Descan | None = None


def first_read(
    blocks, geometry, noise, keep_faulty, squares, random_state, descan=None
):
    """Read all patterns once, and once more where the detector has to be corrected.

    Parameters
    ----------
    blocks : PatternBlocks
    geometry : PatternBlocks
        The same with the shape of the detector.
    noise : {"poisson", "uniform", "measured", "counts"} or Detector
        See :func:`compress_patterns`.
    keep_faulty : bool
        Whether values that are no counts stay as they are.
    squares : bool
        Whether counts of squares of pixels are wanted.
    random_state : numpy.random.RandomState
    descan : {None, "fit"}
        Whether a plane of shifts is taken out, if there is one.

    Returns
    -------
    FirstRead
    """
    look = _Look(blocks, geometry, squares, random_state, random_state.get_state())
    if noise not in _MEASURED:
        detector = noise
        if not isinstance(noise, Detector):
            detector = Detector("uniform" if noise == "uniform" else "counts")
        look = look.correct(_correction_of(detector))
        look.read(detector.dark_variance)
        return look.result(detector)
    look.read(measured=True)
    frames = None if keep_faulty else look.find_broken_frames()
    if frames is not None:
        # They would hide all else.
        look = look.correct(Correction(), kept_patterns=~frames)
        look.read(measured=True)
    found = look.judge(noise, keep_faulty)
    detector, faults = found["detector"], found["faults"]
    correction = linear = _correction_of(detector)
    if faults.rows is not None:
        correction = linear.replace_values(faults.rows, faults.columns, faults.values)
        if frames is not None:
            faults.rows = np.flatnonzero(~frames)[faults.rows]
    faults.patterns = frames
    kept = None if faults.pixels is None else ~faults.pixels
    corrected = look.correct(correction, kept_pixels=kept)
    if descan is not None:
        sampled = look.statistics.sampled
        shifts = fit_descan(corrected.geometry, sampled, faults, linear)
        found["descan"] = shifts
        if shifts.plane.significant:
            corrected = corrected.change("shift", shifts, shifts.covered)
    if corrected is not look or detector.dark_variance:
        look = corrected
        look.read(detector.dark_variance)
    return look.result(**found)


def _correction_of(detector):
    if not detector.scales_with_mean:
        return Correction()
    return Correction(
        offset=detector.offset, gain=detector.gain, whole=detector.kind == "counts"
    )


def _look_at(find_spikes, find_runs, patterns, rows):
    return find_spikes(patterns, rows), find_runs(patterns, rows)


@dataclass
class _Look:
    """One read of all patterns, and what is made of it.

    Attributes
    ----------
    blocks, geometry, squares, random_state
        See :func:`first_read`.
    start : tuple
        State of the random numbers before the first read: each read draws the same.
    beside : numpy.random.RandomState
        What is drawn for the squares does not change the rest.
    statistics : Statistics
        What the read found.
    """

    blocks: object
    geometry: object
    squares: bool
    random_state: np.random.RandomState
    start: tuple
    beside: np.random.RandomState = field(init=False)
    statistics: Statistics = field(init=False)

    def __post_init__(self):
        self.shape = self.geometry.signal_shape
        kept = self.geometry.kept_pixels
        n_pixels = int(np.prod(self.shape))
        self.used = np.arange(n_pixels) if kept is None else np.flatnonzero(kept)
        self.coarse = CoarsePixels(self.shape if self.squares else (), kept)

    def change(self, how, *args, **kept):
        """The same of corrected or shifted patterns, which are to be read yet."""
        blocks, geometry = (
            getattr(each, how)(*args, **kept) for each in (self.blocks, self.geometry)
        )
        return replace(self, blocks=blocks, geometry=geometry)

    def correct(self, correction, **kept):
        """The same of corrected patterns; itself where nothing changes."""
        if correction.is_trivial and all(part is None for part in kept.values()):
            return self
        return self.change("correct", correction, **kept)

    def read(self, floor=0.0, measured=False):
        """Read all patterns; `measured` to measure the detector afterwards."""
        self.random_state.set_state(self.start)
        self.beside = copy.deepcopy(self.random_state)
        n, m = self.blocks.shape
        most = max(n // 10, 1024)
        n_sampled = int(np.clip(_SAMPLE_VALUES // m, 1, most))
        picked = _pick(n, n_sampled, self.random_state)
        coarse = self.coarse
        held = _pick(n, coarse.n_held, self.beside) if coarse.exist else None
        look = None
        if measured:
            find_spikes = SpikeFinder(self.shape, self.used)
            find_runs = RunFinder(self.geometry.positions, self.blocks.n_blocks)
            look = partial(_look_at, find_spikes, find_runs)
        self.statistics = self.blocks.reduce(
            FirstPass(picked, held, coarse, floor, look),
            FirstPass.merge,
            stage="Reading patterns (0)",
        )

    def judge(self, noise, keep_faulty):
        """Find out what the detector does, and which values are no counts.

        Returns
        -------
        dict
            The attributes `detector`, `faults`, `neighbours` and `correlation` of
            :class:`FirstRead`.
        """
        rows, sample = _sort_rows(self.statistics.sampled)
        spikes, runs = zip(*self.statistics.looks, strict=True)
        pairs = self._pairs(rows, sample)
        detector = measure_detector(pairs, scaled=True)
        faults = Faults()
        if not keep_faulty:
            spikes = Spikes.concatenate(spikes)
            inside, instead = find_single_events(spikes, detector.gain, detector.offset)
            if inside.any():
                sample = _replace_values(rows, sample, spikes, inside, instead)
                pairs = self._pairs(rows, sample)
            pixels = find_broken_pixels(pairs, detector)
            if detector.scales_with_mean and detector.offset:
                # Less an offset, a dead pixel would have a value that means something.
                pixels |= self._never_change(sample)
            if pixels.any():
                faults.pixels = pixels
                pairs = pairs.select(~pixels)
                runs = [[run.select(~pixels) for run in of_axes] for of_axes in runs]
                inside &= ~pixels[spikes.pixels]
            if inside.any():
                faults.rows, faults.columns = spikes.rows[inside], spikes.pixels[inside]
                faults.values = instead[inside]
        if faults or detector.kind != "counts" or np.isnan(detector.measured_gain):
            detector = measure_detector(pairs, scaled=noise == "counts")
        return {
            "detector": detector,
            "faults": faults,
            "neighbours": measure_neighbour_noise(runs, pairs, detector),
            "correlation": correlate_noise(pairs),
        }

    def _never_change(self, sample):
        """Pixels that have one value in all patterns, (n_pixels,)."""
        sums, n = self.statistics.counts, self.blocks.shape[0]
        return (np.ptp(sample, axis=0) == 0) & (sums == n * sample[0].astype(float))

    def find_broken_frames(self):
        """Patterns far brighter than all others, or None."""
        (totals,) = gather_rows(self.statistics.totals)
        spikes = Spikes.concatenate([spikes for spikes, _ in self.statistics.looks])
        broken = find_broken_frames(totals, spikes)
        return broken if broken.any() else None

    def _pairs(self, rows, sample):
        positions = self.geometry.positions[rows]
        return pair_patterns(sample, self.shape, self.used, positions)

    def result(self, detector, **found):
        """What was read, and the scaling that makes its noise white."""
        counts, shares, totals, sampled, squares, _ = self.statistics
        (totals,) = gather_rows(totals)
        _, sample = _sort_rows(sampled)
        if not (counts.any() or sample.any()):
            raise ValueError(
                "The patterns are empty: there is no count in any of them."
            )
        balance, n = None, len(totals)
        floor = detector.dark_variance
        if detector.scales_with_mean:
            counts = np.maximum(counts, 0) + n * floor
            totals = totals + floor * counts.size
            shares = np.maximum(shares, floor * inverse(totals).sum())
            reliability = 1 / (1 + 3 * np.sqrt(inverse(counts)))
            weight = n / totals.mean() * inverse(shares) * reliability
            balance = Balance(sample, floor)
            scaling = balance.refine(weight, reliability)
        else:
            weight = np.ones(counts.size)
            if detector.kind == "pixels":
                weight = inverse(detector.pixel_variance)
            scaling = Scaling(weight, poisson=False)
        return FirstRead(
            blocks=self.blocks,
            signal_shape=self.shape,
            used_pixels=self.used,
            sample=sample,
            held=_sort_rows(squares) if squares else None,
            coarse=self.coarse,
            balance=balance,
            scaling=scaling,
            detector=detector,
            beside=self.beside,
            **found,
        )


def _pick(n, n_picked, random_state):
    picked = np.zeros(n, dtype=bool)
    picked[random_state.choice(n, min(n, n_picked), replace=False)] = True
    return picked


def _sort_rows(pieces):
    """Rows in rising order, and their values in one array."""
    rows = np.sort(np.concatenate([rows for rows, _ in pieces]))
    kind = np.result_type(*(values for _, values in pieces))
    ordered = np.empty((len(rows), pieces[0][1].shape[1]), kind)
    for own, values in pieces:
        ordered[np.searchsorted(rows, own)] = values
    return rows, ordered


def _replace_values(rows, sample, spikes, inside, instead):
    """The sample with single events replaced."""
    place = np.minimum(np.searchsorted(rows, spikes.rows), len(rows) - 1)
    inside = inside & (rows[place] == spikes.rows)
    sample = sample.copy()
    sample[place[inside], spikes.pixels[inside]] = instead[inside]
    return sample
