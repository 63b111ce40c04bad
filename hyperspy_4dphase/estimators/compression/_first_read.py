"""The first read of all patterns: a sample, what the detector does, and the scaling."""

import copy
from dataclasses import dataclass, field

import numpy as np

from hyperspy_4dphase._correction import Correction
from hyperspy_4dphase._patterns import gather_rows
from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.compression._coarse import CoarsePixels
from hyperspy_4dphase.estimators.compression._passes import FirstPass
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
    faults : Faults
    neighbours : float
        Variance among neighbouring patterns over that of independent ones; NaN if it
        was not measured.
    correlation : numpy.ndarray or None
        Of the noise of pixels, if it is not white; see :func:`correlate_noise`.
    descan : Descan or None
        What was taken out.
    beside : numpy.random.RandomState
        For what is drawn beside the rest.
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
    faults: Faults = field(default_factory=Faults)
    neighbours: float = np.nan
    correlation: np.ndarray | None = None
    descan: Descan | None = None
    beside: object = None


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
    # Copies: what is drawn for the squares, or again, does not change the rest.
    start, beside = copy.deepcopy(random_state), copy.deepcopy(random_state)
    look = _Look(blocks, geometry, noise, squares)
    measured = noise in _MEASURED
    detector = noise
    if not isinstance(noise, Detector):
        detector = Detector("uniform" if noise == "uniform" else "counts")
    floor = 0.0 if measured else detector.dark_variance
    linear = _correction_of(detector)
    if not (measured or linear.is_trivial):
        geometry, blocks = (each.correct(linear) for each in (geometry, blocks))
        look = _Look(blocks, geometry, noise, squares)
    statistics = look.read(random_state, beside, floor, measured)
    if not measured:
        return look.result(statistics, detector, Faults(), beside)
    frames = look.find_broken_frames(statistics) if not keep_faulty else None
    if frames is not None:
        # They would hide all else.
        geometry, blocks = (
            each.correct(Correction(), kept_patterns=~frames)
            for each in (geometry, blocks)
        )
        look = _Look(blocks, geometry, noise, squares)
        beside, again = copy.deepcopy(start), copy.deepcopy(start)
        statistics = look.read(again, beside, 0.0, True)
    detector, faults, neighbours, correlation = look.judged(statistics, keep_faulty)
    told = {"neighbours": neighbours, "correlation": correlation}
    linear = _correction_of(detector)
    faults.patterns = frames
    correction = linear
    if faults.rows is not None:
        correction = correction.replace_values(
            faults.rows, faults.columns, faults.values
        )
    if faults.rows is not None and frames is not None:
        faults.rows = np.flatnonzero(~frames)[faults.rows]
    kept = None if faults.pixels is None else ~faults.pixels
    geometry = geometry.correct(correction, kept_pixels=kept)
    found, moves = None, False
    if descan is not None:
        found = fit_descan(geometry, statistics[3], faults, linear)
        moves = found.plane.significant
    if not (faults or moves or detector.dark_variance) and linear.is_trivial:
        return look.result(statistics, detector, faults, beside, descan=found, **told)
    blocks = blocks.correct(correction, kept_pixels=kept)
    if moves:
        geometry = geometry.shift(found, found.covered)
        blocks = blocks.shift(found, found.covered)
    look = _Look(blocks, geometry, noise, squares)
    beside = copy.deepcopy(start)
    statistics = look.read(start, beside, detector.dark_variance, False)
    random_state.set_state(start.get_state())
    return look.result(statistics, detector, faults, beside, descan=found, **told)


def _correction_of(detector):
    if not detector.scales_with_mean:
        return Correction()
    return Correction(
        offset=detector.offset, gain=detector.gain, whole=detector.kind == "counts"
    )


@dataclass
class Looks:
    """Several looks at one block."""

    spikes: SpikeFinder
    runs: RunFinder

    def __call__(self, patterns, rows):
        return self.spikes(patterns, rows), self.runs(patterns, rows)


class _Look:
    """One read of all patterns, and what is made of it."""

    def __init__(self, blocks, geometry, noise, squares):
        self.blocks, self.geometry, self.noise = blocks, geometry, noise
        self.shape = geometry.signal_shape
        kept = geometry.kept_pixels
        n_pixels = int(np.prod(self.shape))
        self.used = np.arange(n_pixels) if kept is None else np.flatnonzero(kept)
        self.coarse = CoarsePixels(self.shape if squares else (), kept)

    def read(self, random_state, beside, floor, measured):
        n, m = self.blocks.shape
        most = max(n // 10, 1024)
        n_sampled = int(np.clip(_SAMPLE_VALUES // m, 1, most))
        picked = _picked(n, n_sampled, random_state)
        coarse = self.coarse
        held = _picked(n, coarse.n_held, beside) if coarse.exist else None
        look = None
        if measured:
            look = Looks(
                SpikeFinder(self.shape, self.used),
                RunFinder(self.geometry.positions, self.blocks.n_blocks),
            )
        return self.blocks.reduce(
            FirstPass(picked, held, coarse, floor, look),
            FirstPass.merge,
            stage="Reading patterns (0)",
        )

    def judged(self, statistics, keep_faulty):
        """What the detector does, which values are no counts, how neighbours agree."""
        _, _, _, pieces, _, looked = statistics
        rows, sample = _in_order(pieces)
        spikes, runs = zip(*looked, strict=True)
        spikes = Spikes.concatenate(spikes)
        pairs = self._pairs(rows, sample)
        rough = measure_detector(pairs, scaled=True)
        inside, instead = find_single_events(spikes, rough.gain, rough.offset)
        faults = Faults()
        if not keep_faulty:
            if inside.any():
                sample = _replaced(rows, sample, spikes, inside, instead)
                pairs = self._pairs(rows, sample)
            pixels = find_broken_pixels(pairs, rough, self.shape, self.used)
            inside &= ~pixels[spikes.pixels]
            faults = Faults(
                pixels=pixels if pixels.any() else None,
                rows=spikes.rows[inside] if inside.any() else None,
                columns=spikes.pixels[inside] if inside.any() else None,
                values=instead[inside] if inside.any() else None,
            )
            if pixels.any():
                pairs = pairs.select(~pixels)
            runs = [[run.select(~pixels) for run in of_axes] for of_axes in runs]
        detector = rough
        if faults or rough.kind != "counts" or np.isnan(rough.measured_gain):
            detector = measure_detector(pairs, scaled=self.noise == "counts")
        used = self.used
        if faults.pixels is not None:
            used = used[~faults.pixels]
        correlation = correlate_noise(pairs, self.shape, used)
        return (
            detector,
            faults,
            measure_neighbour_noise(runs, pairs, detector),
            correlation,
        )

    def find_broken_frames(self, statistics):
        """Patterns far brighter than all others, or None."""
        _, _, totals, _, _, looked = statistics
        (totals,) = gather_rows(totals)
        spikes = Spikes.concatenate([spikes for spikes, _ in looked])
        broken = find_broken_frames(totals, spikes)
        return broken if broken.any() else None

    def _pairs(self, rows, sample):
        positions = self.geometry.positions[rows]
        return pair_patterns(sample, self.shape, self.used, positions)

    def result(self, statistics, detector, faults, beside, **told):
        counts, shares, totals, pieces, squares, _ = statistics
        (totals,) = gather_rows(totals)
        _, sample = _in_order(pieces)
        if not (counts.any() or sample.any()):
            raise ValueError(
                "The patterns are empty: there is no count in any of them."
            )
        balance, n = None, len(totals)
        floor = detector.dark_variance
        if detector.scales_with_mean:
            counts = counts + n * floor
            totals = totals + floor * counts.size
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
            held=_in_order(squares) if squares else None,
            coarse=self.coarse,
            balance=balance,
            scaling=scaling,
            detector=detector,
            faults=faults,
            beside=beside,
            **told,
        )


def _picked(n, n_picked, random_state):
    picked = np.zeros(n, dtype=bool)
    picked[random_state.choice(n, min(n, n_picked), replace=False)] = True
    return picked


def _in_order(pieces):
    """Rows in rising order, and their values in one array."""
    rows = np.sort(np.concatenate([rows for rows, _ in pieces]))
    kind = np.result_type(*(values for _, values in pieces))
    ordered = np.empty((len(rows), pieces[0][1].shape[1]), kind)
    for own, values in pieces:
        ordered[np.searchsorted(rows, own)] = values
    return rows, ordered


def _replaced(rows, sample, spikes, inside, instead):
    """The sample with single events replaced."""
    place = np.minimum(np.searchsorted(rows, spikes.rows), len(rows) - 1)
    inside = inside & (rows[place] == spikes.rows)
    sample = sample.copy()
    sample[place[inside], spikes.pixels[inside]] = instead[inside]
    return sample
