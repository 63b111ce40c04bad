"""The first read of all patterns: a sample, what the detector does, and the scaling."""

import copy
from dataclasses import dataclass, replace

import numpy as np

from hyperspy_4dphase._correction import Correction
from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.compression._coarse import CoarsePixels
from hyperspy_4dphase.estimators.compression._first_pass import FirstPass
from hyperspy_4dphase.estimators.compression._judgement import judge_counts
from hyperspy_4dphase.estimators.compression._means import label_means
from hyperspy_4dphase.estimators.compression._scaling import Balance, Scaling
from hyperspy_4dphase.estimators.detector._detector import Detector
from hyperspy_4dphase.estimators.detector._neighbours import RunFinder
from hyperspy_4dphase.estimators.detector._spikes import SpikeFinder, find_broken_frames
from hyperspy_4dphase.estimators.detector._unlike_counts import Clipped, find_repeated
from hyperspy_4dphase.estimators.shifts._descan import (
    Descan,
    find_plain_descan,
    fit_descan,
)

# In values, not in bytes: the same counts in a wider type give the same sample.
_SAMPLE_VALUES = 64 * 2**20
_MEASURED = ("measured", "counts")
NOISES = ("poisson", "uniform", *_MEASURED)


def first_read(
    blocks,
    geometry,
    noise,
    keep_faulty,
    squares,
    random_state,
    descan=None,
    most_kept=0,
    goes_on_packed=True,
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
    descan : {None, "auto", "fit"}
        Whether a plane of shifts is taken out: never, if it is plain, or if there is
        one. A plain one is told in any case.
    most_kept : int, optional
        Memory in which patterns are kept, packed, in bytes.
    goes_on_packed : bool, optional
        Whether these are for further reads, and not for finding the scaling only.

    Returns
    -------
    FirstRead
    """
    start = random_state.get_state()
    look = FirstRead(
        blocks, geometry, squares, random_state, start, most_kept, goes_on_packed
    )
    if noise not in _MEASURED:
        look.detector = noise
        if not isinstance(noise, Detector):
            look.detector = Detector("uniform" if noise == "uniform" else "counts")
            look.has_unit = False
        look = look.correct(_correction_of(look.detector))
        look.read(look.detector.dark_variance)
        look.find_scaling()
        return look
    look.read(measured=True)
    frames = None if keep_faulty else look.find_broken_frames()
    if frames is not None:
        # They would hide all else.
        look = look.correct(Correction(), kept_patterns=~frames)
        look.read(measured=True)
    look.judge(noise, keep_faulty)
    correction = linear = _correction_of(look.detector)
    if look.replaced is not None:
        correction = linear.replace_values(look.replaced)
        if frames is not None:
            rows = look.replaced[0].astype(int)
            look.replaced[0] = np.flatnonzero(~frames)[rows]
    look.faulty_patterns, pixels = frames, look.faulty_pixels
    kept = None if pixels is None else ~pixels
    corrected = look.correct(correction, kept_pixels=kept)
    find = fit_descan if descan == "fit" else find_plain_descan
    shifts = find(corrected.geometry, look.statistics.sample(), pixels, linear)
    corrected.descan = shifts
    sums = None
    is_wanted = descan is not None and shifts is not None
    if is_wanted and shifts.can_be_taken_out and shifts.is_certain:
        sums, n_reads = _sum_unmoved(corrected.blocks, shifts.covered)
        corrected = corrected.change("shift", shifts, shifts.covered)
        corrected.blocks.n_reads = n_reads
    if corrected is not look or look.detector.dark_variance:
        look = corrected
        look.read(look.detector.dark_variance)
    look.find_scaling()
    if sums is not None:
        look.sums = sums
    return look


def _sum_unmoved(blocks, covered):
    """Sums by which patterns are known again, which are not moved then."""
    blocks = blocks.correct(blocks.correction, kept_pixels=covered)
    sums = label_means(blocks, np.zeros(blocks.shape[0], int), 1).sums
    return sums, blocks.n_reads


def _correction_of(detector):
    if not detector.scales_with_mean:
        return Correction()
    return Correction(
        offset=detector.offset, gain=detector.gain, whole=detector.kind == "counts"
    )


@dataclass
class FirstRead:
    """One read of all patterns, and what is made of it.

    Attributes
    ----------
    blocks : PatternBlocks
        The patterns as they are to be read from now on.
    geometry, squares, random_state
        See :func:`first_read`.
    start : tuple
        State of the random numbers before the first read: each read draws the same.
    detector : Detector or None
        None until it is known.
    faulty_pixels, replaced, neighbours, correlation, repeated, clipped
        See :class:`Judgement`; the defaults where nothing is judged.
    faulty_patterns : numpy.ndarray, or None
        See :class:`CompressedPatterns`.
    most_kept : int
        Memory for packed patterns, in bytes.
    goes_on_packed : bool
        Whether these are for further reads.
    changes : tuple
        Names of the methods of `blocks` that corrected them, and their arguments.
    descan : Descan or None
        What was found.
    has_unit : bool
        Whether it is known what one electron adds to a value.
    beside : numpy.random.RandomState
        What is drawn for the squares does not change the rest.
    sums : numpy.ndarray, shape (n_patterns,)
        Weighted sums of the patterns; see :func:`sum_weights`.
    statistics : FirstPass
        What the read found, until the scaling is made of it.
    sample : numpy.ndarray, shape (n_sampled, n_pixels)
    held : tuple or None
        Rows, and their counts of squares.
    balance : Balance or None
    scaling : Scaling
    signal_shape : tuple of int
        Of the detector.
    used_pixels : numpy.ndarray of int, shape (n_pixels,)
        Where the pixels that are read lie in it.
    coarse : CoarsePixels
    """

    blocks: object
    geometry: object
    squares: bool
    random_state: np.random.RandomState
    start: tuple
    most_kept: int = 0
    goes_on_packed: bool = True
    changes: tuple = ()
    detector: Detector | None = None
    faulty_patterns: np.ndarray | None = None
    faulty_pixels: np.ndarray | None = None
    replaced: np.ndarray | None = None
    neighbours: float = np.nan
    correlation: np.ndarray | None = None
    descan: Descan | None = None
    repeated: np.ndarray | None = None
    clipped: Clipped = Clipped()
    has_unit: bool = True

    def __post_init__(self):
        self.signal_shape = shape = self.geometry.signal_shape
        kept = self.geometry.kept_pixels
        n_pixels = int(np.prod(shape))
        self.used_pixels = np.arange(n_pixels) if kept is None else np.flatnonzero(kept)
        self.coarse = CoarsePixels(shape if self.squares else (), kept)

    def change(self, how, *args, **kept):
        """Make a read of changed patterns, which are to be read yet.

        Parameters
        ----------
        how : str
            Method of :class:`PatternBlocks` that changes them.
        *args, **kept
            Its arguments.

        Returns
        -------
        FirstRead
        """
        blocks, geometry = (
            getattr(each, how)(*args, **kept) for each in (self.blocks, self.geometry)
        )
        changes = (*self.changes, (how, args, kept))
        return replace(self, blocks=blocks, geometry=geometry, changes=changes)

    def correct(self, correction, **kept):
        """Make a read of corrected patterns, which are to be read yet.

        Returns
        -------
        FirstRead
            Itself where nothing changes.
        """
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
        finders = None, None
        if measured:
            find_runs = RunFinder(self.geometry.positions, self.blocks.n_blocks)
            finders = SpikeFinder(self.signal_shape, self.used_pixels), find_runs
        most = self.most_kept / n if self.blocks.reads_here else 0
        self.statistics = None
        self.statistics = self.blocks.accumulate(
            FirstPass(picked, held, coarse, floor, *finders, most_kept=most),
            stage="Reading patterns (0)",
        )

    def judge(self, noise, keep_faulty):
        """Find out what the detector does, and which values are no counts."""
        read = self.statistics, self.geometry, self.used_pixels
        vars(self).update(judge_counts(*read, noise, keep_faulty)._asdict())

    def find_broken_frames(self):
        """Patterns far brighter than all others, or None."""
        (totals,) = self.statistics.order("rows", "totals")
        broken = find_broken_frames(totals, self.statistics.spikes)
        return broken if broken.any() else None

    def find_scaling(self):
        """Find the scaling that makes the noise of what was read white."""
        found = self.statistics
        counts, shares = found.sums["counts"], found.sums["fractions"]
        totals, self.sums = found.order("rows", "totals", "weighted_sums")
        if self.repeated is not None:
            # Of electrons now, and without broken pixels.
            self.repeated = find_repeated(self.sums, totals)
        _, sample = found.sample()
        if not (counts.any() or sample.any()):
            raise ValueError(
                "The patterns are empty: there is no count in any of them."
            )
        self.sample, self.held = sample, None
        if found.held is not None:
            names = "held_rows", "squares"
            self.held = tuple(found.order("held_rows", *names))
        self.balance, n = None, len(totals)
        floor = self.detector.dark_variance
        if self.detector.scales_with_mean:
            counts = np.maximum(counts, 0) + n * floor
            totals = totals + floor * counts.size
            shares = np.maximum(shares, floor * inverse(totals).sum())
            reliability = 1 / (1 + 3 * np.sqrt(inverse(counts)))
            weight = n / totals.mean() * inverse(shares) * reliability
            pieces = sorted(found.packed, key=lambda piece: piece[0][0])
            if sum(len(rows) for rows, _ in pieces) < n:
                pieces = ()
            self.balance = Balance(sample, floor, [packed for _, packed in pieces])
            self.scaling = self.balance.refine(weight, reliability)
        else:
            weight = np.ones(counts.size)
            if self.detector.kind == "pixels":
                weight = inverse(self.detector.pixel_variance)
            self.scaling = Scaling(weight, poisson=False)
        if self.goes_on_packed:
            self.blocks = self.blocks.keep(found.packed)
        # It holds the sample in pieces, too.
        del self.statistics


def _pick(n, n_picked, random_state):
    picked = np.zeros(n, dtype=bool)
    picked[random_state.choice(n, min(n, n_picked), replace=False)] = True
    return picked
