"""The first read of all patterns: column sums, a sample, and a look at each block."""

import numpy as np

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.compression._packed import PackedPatterns
from hyperspy_4dphase.estimators.compression._packing_pass import PackingPass
from hyperspy_4dphase.estimators.compression._pattern_sums import sum_weights
from hyperspy_4dphase.estimators.compression._tiles import cut_tiles
from hyperspy_4dphase.estimators.detector._neighbours import RunSums
from hyperspy_4dphase.estimators.detector._spikes import Spikes


class FirstPass(PackingPass):
    """Column sums, and the patterns that are sampled.

    Its sums are, for each pixel, the `counts` of all patterns and the `fractions`, sums
    of what is left of patterns that are divided by their totals; and those of
    :class:`RunSums`, for each axis of the scan. Its pieces are the `totals` of patterns
    and their weighted `weighted_sums` (see :func:`sum_weights`) by `rows`, the patterns
    `sampled` by `sampled_rows`, the counts of `squares` by `held_rows`, and the arrays
    of :class:`Spikes`.

    Parameters
    ----------
    picked : numpy.ndarray of bool, shape (n_patterns,)
        Those that are sampled.
    held : numpy.ndarray of bool, shape (n_patterns,), optional
        Those whose counts of squares of pixels are kept.
    coarse : CoarsePixels, optional
        Counts them.
    floor : float, optional
        See :class:`Scaling`.
    find_spikes, find_runs : callable, optional
        :class:`SpikeFinder` and :class:`RunFinder`.
    most_kept : float, optional
        See :class:`PackingPass`. By default no block is kept.
    """

    def __init__(
        self,
        picked,
        held=None,
        coarse=None,
        floor=0.0,
        find_spikes=None,
        find_runs=None,
        most_kept=0.0,
    ):
        super().__init__(most_kept)
        self.picked, self.held, self.coarse = picked, held, coarse
        self.floor = floor
        self.find_spikes, self.find_runs = find_spikes, find_runs

    def update(self, patterns, rows):
        """Add a block of patterns; see :class:`Accumulator`."""
        packed = super().update(patterns, rows)
        self._sum(patterns if packed is None else packed, rows)
        inside = np.flatnonzero(self.picked[rows])
        self.append(sampled_rows=rows[inside], sampled=patterns[inside])
        if self.held is not None:
            inside = np.flatnonzero(self.held[rows])
            if packed is None:
                squares = self.coarse.counts(patterns[inside])
            else:
                squares = self.coarse.counts_of_packed(packed, inside)
            self.append(held_rows=rows[inside], squares=squares)
        if self.find_spikes is not None:
            spikes = self.find_spikes(patterns, rows)
            self.append(**{f"spikes_{k}": v for k, v in vars(spikes).items()})
        if self.find_runs is not None:
            runs = self.find_runs(patterns, rows)
            self.add("runs_squares", np.stack([run.squares for run in runs]))
            self.add("runs_sums", np.stack([run.sums for run in runs]))
            self.add("runs_n", np.array([float(run.n) for run in runs]))

    def _sum(self, patterns, rows):
        weights = sum_weights(patterns.shape[1])
        if isinstance(patterns, PackedPatterns):
            counts, totals, weighted = patterns.add_up(weights)
        else:
            counts, totals, weighted = _add_up(patterns, weights)
        per_count = inverse(totals + self.floor * patterns.shape[1])
        if isinstance(patterns, PackedPatterns):
            fractions = patterns.weigh(per_count)
        else:
            fractions = _weigh(patterns, per_count)
        self.add("counts", counts)
        self.add("fractions", fractions + self.floor * per_count.sum())
        self.append(rows=rows, totals=totals, weighted_sums=weighted)

    def sample(self):
        """Give the sample in the order of the scan.

        Returns
        -------
        rows : numpy.ndarray of int, shape (n_sampled,)
        patterns : numpy.ndarray, shape (n_sampled, n_pixels)
        """
        if len(self.pieces["sampled"]) > 1:
            names = "sampled_rows", "sampled"
            rows, patterns = self.order("sampled_rows", *names)
            # There is memory for one copy only.
            self.pieces |= {"sampled_rows": [rows], "sampled": [patterns]}
        return self.pieces["sampled_rows"][0], self.pieces["sampled"][0]

    @property
    def spikes(self):
        """Spikes: Of all blocks."""
        names = Spikes.__dataclass_fields__
        return Spikes(*(self.join(f"spikes_{name}") for name in names))

    @property
    def runs(self):
        """list of RunSums: Of all blocks, one for each axis of the scan."""
        parts = (self.sums[f"runs_{name}"] for name in ("squares", "sums", "n"))
        return [RunSums(*part[:2], int(part[2])) for part in zip(*parts, strict=True)]


def _add_up(patterns, weights):
    """Add up a block.

    Returns
    -------
    counts : numpy.ndarray, shape (n_pixels,)
        Sums over patterns.
    totals, weighted : numpy.ndarray, shape (n_block,)
        Sums over pixels, plain and with weights.
    """
    n, n_pixels = patterns.shape
    counts, totals, weighted = np.zeros(n_pixels), np.zeros(n), np.zeros(n)
    # Exact for counts up to 16 million in a tile.
    ones, weights = np.ones(n_pixels, np.float32), weights.astype(np.float32)
    for part, slabs in cut_tiles(patterns.shape):
        for slab in slabs:
            tile = patterns[part, slab].astype(np.float32)
            totals[part] += tile @ ones[slab]
            weighted[part] += tile @ weights[slab]
            counts[slab] += tile.sum(axis=0)
    return counts, totals, weighted


def _weigh(patterns, u):
    """Sums over patterns, weighted."""
    sums, u = np.zeros(patterns.shape[1]), u.astype(np.float32)
    for part, slabs in cut_tiles(patterns.shape):
        for slab in slabs:
            sums[slab] += u[part] @ patterns[part, slab].astype(np.float32)
    return sums
