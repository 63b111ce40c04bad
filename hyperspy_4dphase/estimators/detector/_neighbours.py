"""Whether neighbouring patterns have noise of their own, as counting gives it."""

from dataclasses import dataclass

import numpy as np

# Patterns of a run; runs of a scan, and of a block at least. Historical: by trial.
_LENGTH = 4
_N_RUNS = 128
_FEWEST_RUNS = 8
# Of many blocks each has fewer, but not all blocks have neighbours along each axis.
_MOST_RUNS = 512
# Third differences: what changes smoothly along a line leaves little in them, and noise
# of its own in each pattern 1 + 9 + 9 + 1 times its variance.
_COEFFICIENTS = np.array([-1.0, 3.0, -3.0, 1.0])
# Bins of pixels of like variance, of which the median tells. Historical: by trial.
_N_BINS = 8
# Electrons of a bin at least, where these can be counted: the median of bins in which
# most squares are 0 is 0.
_FEWEST_ELECTRONS = 800
# What squares of third differences of counts scatter by: of a Gaussian, and beyond it.
_SQUARE = np.square(_COEFFICIENTS).sum()
_FOURTH = (_COEFFICIENTS**4).sum()
# A pixel whose squares are above what noise gives by so many standard deviations, and
# by more than a single event of so many electrons adds, tells nothing of noise.
_OUTLYING = 8.0
_EVENT = 8.0
# Structure changes some pixels; if it changes most, there is nothing to leave out.
_MOST_OUTLYING = 0.75


@dataclass
class RunSums:
    """Sums over runs of four patterns that follow one another in a line of the scan.

    Attributes
    ----------
    squares : numpy.ndarray, shape (n_pixels,)
        Of the third differences.
    sums : numpy.ndarray, shape (n_pixels,)
        Of the values.
    n : int
        Number of runs.
    """

    squares: np.ndarray
    sums: np.ndarray
    n: int

    def select(self, pixels):
        """Only some of the pixels.

        Parameters
        ----------
        pixels : numpy.ndarray of bool, shape (n_pixels,)
        """
        return RunSums(self.squares[pixels], self.sums[pixels], self.n)


class RunFinder:
    """Takes runs of neighbouring patterns out of a block, along each axis of the scan.

    Parameters
    ----------
    positions : numpy.ndarray of int, shape (n_patterns, n_axes)
        On the navigation axes.
    n_blocks : int
        How many blocks there are.
    """

    def __init__(self, positions, n_blocks):
        self.positions = positions
        wanted, most = (-(-n // max(n_blocks, 1)) for n in (_N_RUNS, _MOST_RUNS))
        self.n_runs = max(min(_FEWEST_RUNS, most), wanted)

    def __call__(self, patterns, rows):
        """Look at a block.

        Parameters
        ----------
        patterns : numpy.ndarray, shape (n_block, n_pixels)
        rows : numpy.ndarray of int, shape (n_block,)

        Returns
        -------
        list of RunSums
            One for each axis.
        """
        found = []
        for axis in range(self.positions.shape[1]):
            runs = self._runs(rows, axis)
            total = RunSums(*np.zeros((2, patterns.shape[1])), 0)
            step = max(1, -(-len(runs) // self.n_runs))
            for places in runs[::step]:
                run = patterns[places].astype(np.float64)
                total.squares += np.square(_COEFFICIENTS @ run)
                total.sums += run.mean(axis=0)
                total.n += 1
            found.append(total)
        return found

    def _runs(self, rows, axis):
        """Places in the block of runs along an axis, (n_runs, 4)."""
        if len(rows) < _LENGTH:
            return np.empty((0, _LENGTH), int)
        positions = self.positions[rows]
        # Runs do not overlap.
        starts = np.flatnonzero(positions[:, axis] % _LENGTH == 0)
        low = positions.min(axis=0)
        shape = tuple(positions.max(axis=0) - low + 1)
        place = np.full(shape, -1)
        place[tuple((positions - low).T)] = np.arange(len(rows))
        steps = np.arange(_LENGTH)[:, None] * np.eye(len(low), dtype=int)[axis]
        aims = (positions[starts] - low)[:, None] + steps
        inside = (aims < shape).all(axis=2).all(axis=1)
        found = place[tuple(aims[inside].transpose(2, 0, 1))]
        return found[(found >= 0).all(axis=1)]


def measure_neighbour_noise(runs, pairs, detector):
    """Variance among neighbouring patterns over what independent noise would give.

    Parameters
    ----------
    runs : list of RunSums
        One for each axis of the scan, summed over blocks.
    pairs : PairNoise
        Of the same pixels.
    detector : Detector

    Returns
    -------
    float
        About 1 for independent patterns, more where they change from one to the next,
        less where neighbours were averaged, repeated or interpolated: along the axis
        where it is least. NaN where there are too few to tell.
    """
    ratios = [_compare(of_axis, pairs, detector) for of_axis in runs]
    ratios = [ratio for ratio in ratios if np.isfinite(ratio)]
    return min(ratios, default=np.nan)


def _compare(runs, pairs, detector):
    n = runs.n
    if n < _FEWEST_RUNS:
        return np.nan
    squares, mean = runs.squares / (n * _SQUARE), runs.sums / n
    variance = expected = pairs.variance
    if detector.kind == "counts":
        expected = detector.gain * np.maximum(mean - detector.offset, 0)
    sound = ~_find_struck(squares, expected, n, detector)
    squares, expected, variance = squares[sound], expected[sound], variance[sound]
    if variance.sum() < 0.5 * expected.sum():
        # Patterns far from each other do not differ by counting noise either.
        return np.nan
    order = np.argsort(expected, kind="stable")
    order = order[expected[order] > 0]
    if order.size < 8:
        return np.nan
    parts = np.array_split(order, min(_N_BINS, order.size))[1:]
    if detector.kind == "counts":
        electrons = n * _LENGTH / detector.gain**2 * expected
        parts = [part for part in parts if electrons[part].sum() > _FEWEST_ELECTRONS]
    if not parts:
        return np.nan
    # Structure adds to some pixels, shared noise takes from all.
    ratios = [squares[part].sum() / expected[part].sum() for part in parts]
    return float(np.median(ratios))


def _find_struck(squares, expected, n, detector):
    """Pixels in whose runs there are single events, as X-rays leave them.

    They are few, but of their size: one may add more to the squares than the noise of
    all runs. Without them, pixels are what they were.
    """
    gain = detector.gain if detector.scales_with_mean else 0.0
    scatter = 2 * expected**2 + _FOURTH / _SQUARE**2 * expected * gain**2
    event = (_EVENT * gain) ** 2 / (_SQUARE * n)
    struck = squares - expected > _OUTLYING * np.sqrt(scatter / n) + event
    if struck.sum() > _MOST_OUTLYING * np.count_nonzero(expected > 0):
        return np.zeros_like(struck)
    return struck
