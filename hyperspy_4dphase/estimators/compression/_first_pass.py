"""The first read of all patterns: column sums, a sample, and a look at each block."""

import numpy as np

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.compression._accumulator import Accumulator
from hyperspy_4dphase.estimators.compression._passes import tiles
from hyperspy_4dphase.estimators.compression._pattern_sums import sum_weights
from hyperspy_4dphase.estimators.detector._neighbours import RunSums
from hyperspy_4dphase.estimators.detector._spikes import Spikes


class FirstPass(Accumulator):
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
    """

    def __init__(
        self,
        picked,
        held=None,
        coarse=None,
        floor=0.0,
        find_spikes=None,
        find_runs=None,
    ):
        super().__init__()
        self.picked, self.held, self.coarse = picked, held, coarse
        self.floor = floor
        self.find_spikes, self.find_runs = find_spikes, find_runs

    def update(self, patterns, rows):
        """Add a block of patterns; see :class:`Accumulator`."""
        self._sum(patterns, rows)
        inside = np.flatnonzero(self.picked[rows])
        self.append(sampled_rows=rows[inside], sampled=patterns[inside])
        if self.held is not None:
            inside = np.flatnonzero(self.held[rows])
            squares = self.coarse.counts(patterns[inside])
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
        counts, fractions = np.zeros((2, patterns.shape[1]))
        totals, sums = np.empty((2, len(patterns)))
        # Exact for counts up to 16 million in a pattern.
        ones = np.ones(patterns.shape[1], np.float32)
        weights = sum_weights(patterns.shape[1]).astype(np.float32)
        for part in tiles(patterns):
            tile = patterns[part].astype(np.float32)
            totals[part], sums[part] = tile @ ones, tile @ weights
            noise = totals[part] + self.floor * tile.shape[1]
            per_count = inverse(noise).astype(np.float32)
            fractions += per_count @ tile
            fractions += self.floor * per_count.sum(dtype=np.float64)
            counts += tile.sum(axis=0)
        self.add("counts", counts)
        self.add("fractions", fractions)
        self.append(rows=rows, totals=totals, weighted_sums=sums)

    @property
    def spikes(self):
        """Spikes: Of all blocks."""
        names = Spikes.__dataclass_fields__
        return Spikes(*(self.joined(f"spikes_{name}") for name in names))

    @property
    def runs(self):
        """list of RunSums: Of all blocks, one for each axis of the scan."""
        parts = (self.sums[f"runs_{name}"] for name in ("squares", "sums", "n"))
        return [RunSums(*part[:2], int(part[2])) for part in zip(*parts, strict=True)]
