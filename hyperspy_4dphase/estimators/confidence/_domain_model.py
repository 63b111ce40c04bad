"""How probable each domain is for a pattern, given its noise and what may be mixed."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import eigh, solve_triangular
from scipy.special import log_ndtr, logsumexp

from hyperspy_4dphase.estimators.domains._tubes import squared_tube_radius
from hyperspy_4dphase.estimators.domains._mixtures import find_center

_N_SAMPLED = 4000
_N_EACH = 200
_N_STEPS = 8
_PRUNED_AFTER = 1
_CORE = 0.75
_MIXED = 0.2
_N_BLOCK = 65_536
# Log likelihood ratio beyond which there is no doubt.
_CLEAR = 15.0
_LEAST = 1e-300
_LEAST_PRECISION = 1e-12
_ROUNDING = 1e-12


class DomainModel:
    """Domains and the boundaries between them, as a mixture of distributions.

    A pattern is of one domain, with its counting noise and what the patterns of that
    domain differ by beyond it (a normal distribution); or it is a mixture of two, any
    share of which is as likely as another, with the same noise. How frequent each of
    these is, and how much patterns of a domain differ, is fitted by expectation
    maximisation (doi:10.1111/j.2517-6161.1977.tb01600.x), from a map.

    Parameters
    ----------
    shapes : CompressedShapes
        Of all patterns.
    labels : numpy.ndarray of int, shape (n,)
        A map to begin with, 0 ... n_domains - 1; -1 where it says nothing.
    random_state : numpy.random.RandomState
        For the sample it is fitted to.

    Attributes
    ----------
    n_domains : int
    pairs : list of tuple of int
        Domains that there are mixtures of.
    frequencies : numpy.ndarray, shape (n_domains,)
        Of unmixed patterns of each domain.
    pair_frequencies : numpy.ndarray, shape (n_pairs,)
    """

    def __init__(self, shapes, labels, random_state):
        if not shapes.spread.any():
            # Without any noise there is still that of rounding.
            least = _ROUNDING * np.square(shapes.points).mean()
            least = max(least, np.finfo(float).tiny)
            shapes = replace(shapes, spread=np.full(len(shapes.spread), least))
        self._shapes = shapes
        self.n_domains = n = int(labels.max()) + 1
        self.pairs = [(i, j) for i in range(n) for j in range(i)]
        self.frequencies = np.full(n, (1 - _MIXED) / n)
        n_pairs = max(len(self.pairs), 1)
        self.pair_frequencies = np.full(len(self.pairs), _MIXED / n_pairs)
        sample = _Sample.of(shapes, labels, random_state)
        self._domains = [_start(shapes, labels, sample, i) for i in range(n)]
        if n > 1:
            self._fit(sample)

    def posterior(self, rows=None):
        """Probability of each domain to be the largest part of each pattern.

        Parameters
        ----------
        rows : numpy.ndarray of int, optional
            Which patterns; by default all.

        Returns
        -------
        probabilities : numpy.ndarray, shape (n_rows, n_domains), float32
            For patterns without a shape how frequent each domain is.
        boundary : numpy.ndarray, shape (n_rows,), float32
            Probability that another domain is the largest part of a mixture.
        """
        rows = np.arange(len(self._shapes.points)) if rows is None else rows
        probabilities = np.empty((len(rows), self.n_domains), np.float32)
        probabilities[:] = self._overall()
        boundary = np.zeros(len(rows), np.float32)
        known = np.flatnonzero(self._shapes.known[rows])
        for start in range(0, len(known), _N_BLOCK):
            block = known[start : start + _N_BLOCK]
            points, spread = self._values(rows[block])
            parts = self._parts(points, spread)
            probabilities[block], boundary[block] = self._summed(parts)
        return probabilities, boundary

    def _overall(self):
        """How frequent each domain is, with its half of mixtures."""
        found = self.frequencies.copy()
        for frequency, pair in zip(self.pair_frequencies, self.pairs, strict=True):
            found[list(pair)] += frequency / 2
        return found / found.sum()

    def _values(self, rows):
        return self._shapes.points[rows], self._shapes.spread[rows]

    def _summed(self, parts):
        pure, halves = parts
        total = pure.copy()
        for k, pair in enumerate(self.pairs):
            for side, domain in enumerate(pair):
                total[:, domain] += halves[side][:, k]
        best = total.argmax(axis=1)
        mixed = sum(half.sum(axis=1) for half in halves)
        for k, pair in enumerate(self.pairs):
            for side, domain in enumerate(pair):
                mixed -= np.where(best == domain, halves[side][:, k], 0)
        return total, np.clip(mixed, 0, 1)

    def _parts(self, points, spread):
        """Probabilities of domains, and of both halves of the mixtures of each pair."""
        n, n_pairs = len(points), len(self.pairs)
        log_pure, distance = self._log_pure(points, spread)
        halves = np.full((2, n, n_pairs), -np.inf)
        chosen = np.flatnonzero(~self._clear(log_pure, distance))
        some, some_spread = points[chosen], spread[chosen]
        for k, (i, j) in enumerate(self.pairs):
            one, other = self._domains[i], self._domains[j]
            both = _log_mixed(one, other, some, some_spread)
            halves[:, chosen, k] = both + np.log(self.pair_frequencies[k] + _LEAST)
        whole = np.concatenate([log_pure, *halves], axis=1)
        whole = np.exp(whole - logsumexp(whole, axis=1, keepdims=True))
        k = self.n_domains
        return whole[:, :k], (whole[:, k : k + n_pairs], whole[:, k + n_pairs :])

    def _log_pure(self, points, spread):
        found = [domain.log_density(points, spread) for domain in self._domains]
        density, distance = np.stack(found, axis=2)
        return density + np.log(self.frequencies + _LEAST), distance

    def _clear(self, log_pure, distance):
        """Which points are near one middle and nowhere near another."""
        if self.n_domains == 1:
            return np.ones(len(log_pure), bool)
        best = log_pure.argmax(axis=1)[:, np.newaxis]
        others = log_pure.copy()
        np.put_along_axis(others, best, -np.inf, axis=1)
        lead = np.take_along_axis(log_pure, best, axis=1)[:, 0] - others.max(axis=1)
        radius = squared_tube_radius(self._shapes.points.shape[1] + 1)
        near = np.take_along_axis(distance, best, axis=1)[:, 0] < radius
        return near & (lead > _CLEAR)

    def _fit(self, sample):
        values, weights = self._values(sample.rows), sample.weights[:, np.newaxis]
        for step in range(_N_STEPS):
            pure, halves = (np.asarray(p) * weights for p in self._parts(*values))
            counts = np.concatenate([pure.sum(axis=0), halves.sum(axis=(0, 1))])
            shares = (counts + 1e-3) / (counts + 1e-3).sum()
            self.frequencies = shares[: self.n_domains]
            self.pair_frequencies = shares[self.n_domains :]
            for i, domain in enumerate(self._domains):
                domain.update(*values, pure[:, i])
            if step >= _PRUNED_AFTER:
                self._prune(counts[self.n_domains :])

    def _prune(self, counts):
        """Leave out pairs of which there are no mixtures."""
        kept = np.flatnonzero(counts > 1)
        self.pairs = [self.pairs[k] for k in kept]
        self.pair_frequencies = self.pair_frequencies[kept]


@dataclass
class _Sample:
    """Rows that stand for all, with the number that each stands for."""

    rows: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, shapes, labels, random_state):
        rows = np.flatnonzero((labels >= 0) & shapes.known)
        sizes = np.maximum(np.bincount(labels[rows]), 1)
        chance = np.clip(np.maximum(_N_SAMPLED / len(rows), _N_EACH / sizes), 0, 1)
        chance = chance[labels[rows]]
        drawn = random_state.random_sample(len(rows)) < chance
        return cls(rows[drawn], 1 / chance[drawn])


@dataclass
class _Domain:
    """A normal distribution: the noise of each point, and the scatter of a domain.

    Attributes
    ----------
    mean : numpy.ndarray, shape (n_features,)
    noise : numpy.ndarray, shape (n_features, n_features)
        Covariance of a point of spread 1.
    scatter : numpy.ndarray, shape (n_features, n_features)
        Covariance beyond noise.
    """

    mean: np.ndarray
    noise: np.ndarray
    scatter: np.ndarray

    def __post_init__(self):
        self.axes = _axes(self.noise, self.scatter)

    def log_density(self, points, spread):
        """Log density of points, and their squared distance in units of noise."""
        vectors, values, log_scale = self.axes
        along = np.square((points - self.mean) @ vectors)
        variance = spread[:, np.newaxis] + values
        density = (along / variance + np.log(variance)).sum(axis=1)
        return log_scale - 0.5 * density, along.sum(axis=1) / spread

    def update(self, points, spread, weights):
        """Mean and scatter of weighted points."""
        n = weights.sum()
        if n < 2:
            return
        self.mean = weights @ points / n
        steps = points - self.mean
        covariance = (steps * weights[:, np.newaxis]).T @ steps / n
        typical = weights @ spread / n
        values, vectors = eigh(covariance, typical * self.noise)
        edge = (1 + np.sqrt(len(values) / n)) ** 2
        beyond = np.where(values > edge, values - 1, 0)
        loads = typical * self.noise @ vectors
        self.scatter = (loads * beyond) @ loads.T
        self.axes = _axes(self.noise, self.scatter)


def _start(shapes, labels, sample, label):
    """A domain as the core of its members."""
    rows = np.flatnonzero((labels == label) & shapes.known)
    typical = shapes.spread[rows].mean()
    noise = shapes.noise(rows) / typical
    # Rounding must not make it singular.
    noise += 1e-10 * np.trace(noise) / len(noise) * np.eye(len(noise))
    members = sample.rows[labels[sample.rows] == label]
    members = members if members.size else rows
    root = np.linalg.cholesky(noise * typical)
    white = solve_triangular(root, shapes.points[members].T, lower=True).T
    center = find_center(white)
    distances = np.square(white - center).sum(axis=1)
    core = distances <= np.quantile(distances, _CORE)
    domain = _Domain(root @ center, noise, np.zeros_like(noise))
    domain.update(shapes.points[members], shapes.spread[members], core.astype(float))
    return domain


def _axes(noise, scatter):
    """Axes in which noise is white, variances of scatter there, log of the scale."""
    values, vectors = eigh(scatter, noise)
    log_scale = np.linalg.slogdet(vectors)[1]
    return vectors, np.maximum(values, 0), log_scale


def _log_mixed(one, other, points, spread):
    """Log densities of mixtures with more of one, and with more of the other."""
    noise = (one.noise + other.noise) / 2
    vectors, values, log_scale = _axes(noise, (one.scatter + other.scatter) / 2)
    from_one = (points - one.mean) @ vectors
    line = (other.mean - one.mean) @ vectors
    inverse = 1 / (spread[:, np.newaxis] + values)
    weighted = from_one * inverse
    # Where both are in one place, shares make no difference.
    precision = np.maximum(inverse @ line**2, _LEAST_PRECISION)
    share = weighted @ line / precision
    distance = np.einsum("ij,ij->i", weighted, from_one) - share**2 * precision
    constant = log_scale + 0.5 * np.log(2 * np.pi / precision)
    constant = constant - 0.5 * distance + 0.5 * np.log(inverse).sum(axis=1)
    width = np.sqrt(precision)
    less = _log_between(-share * width, (0.5 - share) * width)
    more = _log_between((0.5 - share) * width, (1 - share) * width)
    return np.stack([less, more]) + constant


def _log_between(low, high):
    """Log of the normal probability between two values, also far out."""
    flip = low > 0
    low, high = np.where(flip, -high, low), np.where(flip, -low, high)
    upper, lower = log_ndtr(high), log_ndtr(low)
    return upper + np.log1p(-np.exp(np.minimum(lower - upper, -1e-12)))
