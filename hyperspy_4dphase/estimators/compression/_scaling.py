"""The units in which counting noise is white, and where its spectrum ends."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from hyperspy_4dphase.estimators._reciprocals import inverse

_ROW_LIMIT = 3.0
_BALANCED_BYTES = 64 * 2**20
# The 99.9 % quantile of the Tracy-Widom distribution.
_TRACY_WIDOM = 3.3


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
        """Weights u of rows from ``x_i @ column_weight`` and ``sum(x_i)``."""
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
        """Noise variance that scaled rows carry, from ``x_i @ column_weight``."""
        if not self.poisson:
            return np.full(len(sums), float(np.count_nonzero(self.column_weight)))
        if self.floor:
            sums = sums + self.floor * self.column_weight.sum()
        return u * sums

    def column_noise(self, sums, u):
        """The same of the scaled columns, from ``u @ X``."""
        if not self.poisson:
            return (self.column_weight > 0).astype(float)
        return (sums + self.floor * u.sum()) * self.column_weight

    def columns(self):
        """Right-hand columns that give a block's sums and totals, single precision."""
        weight = self.column_weight.astype(np.float32)
        return np.column_stack([weight, np.ones_like(weight)])


class Balance:
    """Finds the weights that make noise white on a sample of patterns.

    Parameters
    ----------
    sample : numpy.ndarray, shape (n_sampled, n_pixels)
        Drawn at random from all patterns.
    floor : float, optional
        See :class:`Scaling`.
    """

    def __init__(self, sample, floor=0.0):
        self._floor = floor
        step = max(1, -(-4 * sample.size // _BALANCED_BYTES))
        self._sample = sample[::step].astype(np.float32)
        self._totals = self._sample.sum(axis=1, dtype=np.float64)
        self._totals += floor * sample.shape[1]

    def refined(self, weight, reliability, n_iterations=10):
        """Scaling after many Sinkhorn iterations.

        Parameters
        ----------
        weight : numpy.ndarray, shape (n_pixels,)
            Column weights after the first iteration, from all patterns. The sample only
            tells by how much the others change them.
        reliability : numpy.ndarray, shape (n_pixels,)
        """
        first = last = self._column_weight(inverse(self._totals))
        for _ in range(n_iterations):
            _, u = self._row_weights(last * reliability)
            last = self._column_weight(u)
        return self.scaling(weight * last * inverse(first), reliability)

    def scaling(self, weight, reliability):
        """The scaling with these column weights."""
        limit = self._row_weights(weight)[0]
        return Scaling(weight, reliability, limit, floor=self._floor)

    def _column_weight(self, u):
        sums = (u.astype(np.float32) @ self._sample).astype(np.float64)
        sums += self._floor * u.sum()
        # A pseudocount keeps pixels that the sample leaves dark at the same weight.
        return len(u) * inverse(sums + 1e-3 * sums.mean())

    def _row_weights(self, weight):
        sums = (self._sample @ weight.astype(np.float32)).astype(np.float64)
        sums += self._floor * weight.sum()
        u = weight.size * inverse(sums)
        if not self._totals.any():
            return np.inf, u
        limit = _ROW_LIMIT * np.median((u * self._totals)[self._totals > 0])
        return limit, np.minimum(u, limit * inverse(self._totals))


def noise_edge(singular_values, squared_norm, noise, column_noise):
    """Where noise ends: (number of singular values above, variance, edge).

    Noise of variance s^2 ends at s (sqrt(n) + sqrt(m)); where it differs between
    columns, at the end of the spectrum that Silverstein's equation gives. Beyond that
    the largest value fluctuates (:func:`fluctuation_factor`). The variance is that of
    what is left when all values above the edge are taken out.
    """
    n, m = noise.sum() / len(column_noise), np.count_nonzero(column_noise)
    end = _spectrum_end(column_noise[column_noise > 0], n)
    end *= fluctuation_factor(n, m)
    n_significant = 0
    while True:
        left = squared_norm - (singular_values[:n_significant] ** 2).sum()
        freedom = (1 - n_significant / noise.size) * (1 - n_significant / m)
        variance = max(left, 0.0) / max(noise.sum() * freedom, 1.0)
        # All of it is in the columns that have any.
        own = variance * len(column_noise) / m
        edge = max(np.sqrt(own) * end, 1e-5 * singular_values[0])
        n_above = int((singular_values > edge).sum())
        if n_above <= n_significant:
            return n_significant, variance, edge
        n_significant = n_above


def fluctuation_factor(n, m):
    """By how much the largest singular value of n x m noise may exceed its limit.

    The limit is sqrt(n) + sqrt(m) for noise of variance 1. Values above the limit times
    this factor are noise once in a thousand times.
    """
    width = (1 / np.sqrt(n) + 1 / np.sqrt(m)) ** (1 / 3)
    return np.sqrt(1 + _TRACY_WIDOM * width / (np.sqrt(n) + np.sqrt(m)))


def _spectrum_end(column_noise, n):
    """Largest singular value of noise whose variance differs between columns."""
    profile = column_noise / column_noise.mean()
    ratio = profile.size / n
    if np.ptp(profile) < 1e-6:
        return np.sqrt(n) + np.sqrt(profile.size)

    def place(logit):
        z = -1 / (profile.max() * (1 + np.exp(logit)))
        return -1 / z + ratio * np.mean(profile / (1 + profile * z))

    return np.sqrt(n * minimize_scalar(place, bounds=(-12, 12), method="bounded").fun)
