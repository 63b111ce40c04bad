"""The units in which counting noise is white, and where its spectrum ends."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.compression._packed import pack_patterns

# Largest weight of a pattern times its total, over the median of all patterns.
# Historical: chosen by trial, not calibrated.
_MAX_ROW_WEIGHT = 3.0
# The same over that of all patterns taken together. In 15 simulated scans the limit
# above is 1.8 to 3 times that; only where most patterns are a direct beam in vacuum is
# it 1,000 times and more. With 1 to 100, eight crystals of 30 positions in such a
# vacuum are told apart at 600 and 3,000 electrons; without, its noise hid all of them.
_MAX_OVER_AVERAGE = 5.0
# Counts that tell nothing beyond the others, as a fraction of a pixel's mean: pixels
# that the sample leaves dark keep their weight. Historical.
_PSEUDOCOUNT = 1e-3
# Memory of the sample that weights are found on, in single precision; historical.
_MAX_BALANCED_BYTES = 64 * 2**20
# Memory of packed patterns, all of which they are found on instead: some 16 million
# counts. Of more a sample is taken, for the sake of time.
_MAX_BALANCED_PACKED = 32 * 2**20
# Change of weights from one iteration to the next that ends these.
_SETTLED = 1e-3
# The 99.9 % quantile of the Tracy-Widom distribution of real matrices.
_TRACY_WIDOM_999 = 3.3
# Singular values below this fraction of the largest are rounding: single precision.
_ROUNDING = 1e-5


@dataclass
class Scaling:
    """Weights that make counting noise white (biwhitening).

    Entry (i, j) is multiplied by the square root of ``u_i * column_weight_j``, where
    ``u_i = n_pixels / ((x_i + floor) @ column_weight)``: each row then carries unit
    noise variance on average.

    Attributes
    ----------
    column_weight : numpy.ndarray, shape (n_pixels,)
    reliability : numpy.ndarray, shape (n_pixels,)
        By how much the weight of a pixel is lowered because few counts tell it.
    row_limit : float
        Largest ``u_i * sum(x_i)``. A pattern that is nothing but a direct beam has all
        its noise in a few pixels; without a limit its stray counts would rule the scan.
    poisson : bool
        If False, all rows have the weight one.
    floor : float
        Variance of a value without counts, that of readout noise.
    """

    column_weight: np.ndarray
    reliability: np.ndarray | None = None
    row_limit: float = np.inf
    poisson: bool = True
    floor: float = 0.0

    def row_weights(self, sums, totals):
        """Compute weights u of rows from ``x_i @ column_weight`` and ``sum(x_i)``."""
        if not self.poisson:
            return np.ones_like(sums)
        n_pixels = self.column_weight.size
        if self.floor:
            sums = sums + np.float32(self.floor * self.column_weight.sum())
            totals = totals + np.float32(self.floor * n_pixels)
        weights = n_pixels * inverse(sums)
        if np.isfinite(self.row_limit):
            weights = np.minimum(weights, self.row_limit * inverse(totals))
        return weights.astype(sums.dtype, copy=False)

    def row_noise(self, u, sums):
        """Compute the noise of scaled rows from their ``x_i @ column_weight``.

        Parameters
        ----------
        u : numpy.ndarray, shape (n_rows,)
            Weights of the rows.
        sums : numpy.ndarray, shape (n_rows,)

        Returns
        -------
        numpy.ndarray, shape (n_rows,)
            Variances, summed over the pixels.
        """
        if not self.poisson:
            return np.full(len(sums), float(np.count_nonzero(self.column_weight)))
        if self.floor:
            sums = sums + self.floor * self.column_weight.sum()
        return u * sums

    def column_noise(self, sums, u):
        """Compute the noise of scaled columns from their ``u @ X``.

        Parameters
        ----------
        sums : numpy.ndarray, shape (n_pixels,)
        u : numpy.ndarray, shape (n_patterns,)
            Weights of the rows.

        Returns
        -------
        numpy.ndarray, shape (n_pixels,)
            Variances, summed over the patterns.
        """
        if not self.poisson:
            return (self.column_weight > 0).astype(float)
        return (sums + self.floor * u.sum()) * self.column_weight

    def to_columns(self, V):
        """Make columns whose products with patterns say all that a pass needs.

        Parameters
        ----------
        V : numpy.ndarray, shape (n_pixels, k)
            Directions among scaled pixels.

        Returns
        -------
        numpy.ndarray, shape (n_pixels, k + 2), float32
            The products are those of `V`, but for the scale of the pattern,
            ``x_i @ column_weight`` and ``sum(x_i)``.
        """
        root = np.sqrt(self.column_weight).astype(np.float32)[:, None]
        weight = self.column_weight.astype(np.float32)
        return np.column_stack([root * V, weight, np.ones_like(weight)])


class Balance:
    """Finds the weights that make noise white, on all patterns or on a sample.

    Parameters
    ----------
    sample : numpy.ndarray, shape (n_sampled, n_pixels)
        Drawn at random from all patterns.
    floor : float, optional
        See :class:`Scaling`.
    packed : sequence of PackedPatterns, optional
        All patterns, piece by piece, if they are at hand. If their counts are few, a
        sample has too few to tell the weights of dark pixels.
    """

    def __init__(self, sample, floor=0.0, packed=()):
        self._floor = floor
        is_small = sum(part.nbytes for part in packed) <= _MAX_BALANCED_PACKED
        self._packed = packed if is_small else ()
        if self._packed:
            nothing = np.zeros(sample.shape[1])
            totals = [part.add_up(nothing)[1] for part in self._packed]
            self._totals = np.concatenate(totals)
        else:
            step = max(1, -(-4 * sample.size // _MAX_BALANCED_BYTES))
            sample = sample[::step]
            few = pack_patterns(sample)
            self._packed = () if few is None else (few,)
            if few is None:
                self._sample = sample.astype(np.float32)
            self._totals = sample.sum(axis=1, dtype=np.float64)
        self._totals += floor * sample.shape[1]

    def refine(self, weight, reliability, n_iterations=10):
        """Refine column weights by Sinkhorn iterations.

        Parameters
        ----------
        weight : numpy.ndarray, shape (n_pixels,)
            Column weights after the first iteration, from all patterns. A sample only
            tells by how much the others change them.
        reliability : numpy.ndarray, shape (n_pixels,)
        n_iterations : int, optional

        Returns
        -------
        Scaling
        """
        first = last = self._column_weight(inverse(self._totals))
        for _ in range(n_iterations):
            before = last
            _, u = self._row_weights(last * reliability)
            last = self._column_weight(u)
            # Pixels without counts are counted in rows, but take nothing: weights would
            # fall from one iteration to the next, and those of rows rise.
            last *= first.sum() * inverse(last.sum())
            if np.abs(last - before).max() <= _SETTLED * before.max():
                break
        return self.make_scaling(weight * last * inverse(first), reliability)

    def make_scaling(self, weight, reliability):
        """Make the scaling of column weights, with the row limit of the sample."""
        limit = self._row_weights(weight)[0]
        return Scaling(weight, reliability, limit, floor=self._floor)

    def _column_weight(self, u):
        if self._packed:
            ends = np.cumsum([len(part) for part in self._packed])
            own = np.split(u, ends[:-1])
            sums = sum(
                part.weigh(of_part)
                for part, of_part in zip(self._packed, own, strict=True)
            )
        else:
            sums = (u.astype(np.float32) @ self._sample).astype(np.float64)
        # Readout noise stays where the offset leaves less than nothing.
        sums = np.maximum(sums, 0) + self._floor * u.sum()
        return len(u) * inverse(sums + _PSEUDOCOUNT * sums.mean())

    def _row_weights(self, weight):
        if self._packed:
            sums = np.concatenate([part.add_up(weight)[2] for part in self._packed])
        else:
            sums = (self._sample @ weight.astype(np.float32)).astype(np.float64)
        sums += self._floor * weight.sum()
        u = weight.size * inverse(sums)
        if not self._totals.any():
            return np.inf, u
        limit = _MAX_ROW_WEIGHT * np.median((u * self._totals)[self._totals > 0])
        # Where most patterns are nothing but a direct beam, the median is one of these:
        # its pixels would lose all weight, and its noise would hide what others show.
        average = weight.size * self._totals.sum() / sums.sum()
        limit = min(limit, _MAX_OVER_AVERAGE * average)
        return limit, np.minimum(u, limit * inverse(self._totals))


class NoiseEdge(NamedTuple):
    """Where noise ends in a spectrum.

    Attributes
    ----------
    n_significant : int
        Number of singular values above the edge.
    variance : float
        Of the noise of a scaled value: what is left when all singular values above the
        edge are taken out.
    edge : float
        Largest singular value that noise alone would show.
    """

    n_significant: int
    variance: float
    edge: float


def find_noise_edge(
    singular_values, squared_norm, noise, column_noise, least_variance=0.0
):
    """Find where noise ends, and its variance, which decides where.

    Parameters
    ----------
    singular_values : numpy.ndarray, shape (k,)
        The largest ones, in falling order.
    squared_norm : float
        Of the scaled patterns.
    noise : numpy.ndarray, shape (n_patterns,)
        Expected noise of each scaled pattern, summed over its pixels.
    column_noise : numpy.ndarray, shape (n_pixels,)
        Expected noise of the scaled pixels, in any unit.
    least_variance : float, optional
        Of the noise of a scaled value. Where noise is all in a few pixels, as in those
        of a direct beam, directions that are noise take more of it with them than
        others do, and the next would seem to stand above what is left.

    Returns
    -------
    NoiseEdge
    """
    n, m = noise.sum() / len(column_noise), np.count_nonzero(column_noise)
    end = largest_noise_value(n, column_noise[column_noise > 0])
    n_significant = 0
    while True:
        left = squared_norm - (singular_values[:n_significant] ** 2).sum()
        freedom = (1 - n_significant / noise.size) * (1 - n_significant / m)
        variance = max(left, 0.0) / max(noise.sum() * freedom, 1.0)
        variance = max(variance, least_variance)
        # All of it is in the columns that have any.
        own = variance * len(column_noise) / m
        edge = max(np.sqrt(own) * end, _ROUNDING * singular_values[0])
        n_above = int((singular_values > edge).sum())
        if n_above <= n_significant:
            return NoiseEdge(n_significant, variance, edge)
        n_significant = n_above


def largest_noise_value(n, column_noise):
    """Compute the singular value that noise exceeds once in a thousand times.

    The limit of a large matrix is sqrt(n) + sqrt(m) where all m columns have the same
    noise, else where the spectrum ends by Silverstein's equation. Beyond, the largest
    value fluctuates as the Tracy-Widom distribution says. (Of columns that differ by
    factors, it fluctuates more than is reckoned here.)

    Parameters
    ----------
    n : float
        Number of rows.
    column_noise : numpy.ndarray, shape (m,)
        Variance of the noise in each column, positive, in any unit.

    Returns
    -------
    float
        For noise of mean variance 1.
    """
    m = column_noise.size
    limit = np.sqrt(n) + np.sqrt(m)
    width = (1 / np.sqrt(n) + 1 / np.sqrt(m)) ** (1 / 3)
    fluctuation = np.sqrt(1 + _TRACY_WIDOM_999 * width / limit)
    profile = column_noise / column_noise.mean()
    if np.ptp(profile) < 1e-6:
        return limit * fluctuation

    def place(logit):
        z = -1 / (profile.max() * (1 + np.exp(logit)))
        return -1 / z + m / n * np.mean(profile / (1 + profile * z))

    end = minimize_scalar(place, bounds=(-12, 12), method="bounded").fun
    return np.sqrt(n * end) * fluctuation
