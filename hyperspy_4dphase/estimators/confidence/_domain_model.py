"""How probable each domain is for a pattern, given its noise and what may be mixed."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh, solve_triangular
from scipy.special import log_ndtr, logsumexp
from sklearn.utils import gen_batches

from hyperspy_4dphase.estimators.confidence._numbering import find_chances
from hyperspy_4dphase.estimators.domains._mixtures import find_center
from hyperspy_4dphase.estimators.domains._tubes import squared_tube_radius

# The next constants are historical: chosen by trial in 2026, not calibrated.
# Patterns that the model is fitted to, and those of each domain at least.
_N_TOTAL, _N_EACH = 4000, 200
# Steps of expectation maximisation, and the first of them after which pairs of domains
# without mixtures are left out.
_N_STEPS, _FIRST_PRUNING = 8, 1
# Part of the patterns of a domain, those nearest to its middle, that it begins with.
_CORE = 0.75
# Part of all patterns that are mixtures, to begin with.
_MIXED = 0.2
# Log likelihood ratio beyond which there is no doubt.
_CLEAR = 15.0
# Patterns that are added to those of each domain and pair, so that none vanishes, and
# mixtures up to which a pair is left out.
_ADDED, _MAX_MIXTURES_OF_NONE = 1e-3, 1

# Patterns that are looked at together, so that little memory is needed.
_BLOCK_SIZE = 65_536
# Added to what may be 0, of which there is a logarithm.
_TINY = 1e-300
_MIN_PRECISION = 1e-12
# Variance of rounding, relative to that of the points.
_ROUNDING = 1e-12


class Posterior(NamedTuple):
    """How probable the domains of patterns are.

    Parameters
    ----------
    probabilities : numpy.ndarray of float32, shape (n_rows, n_domains)
        That each domain is the largest part of each pattern.
    boundary : numpy.ndarray of float32, shape (n_rows,)
        That another domain than the most probable is the largest part of a mixture.
    """

    probabilities: np.ndarray
    boundary: np.ndarray


def add_rounding(shapes):
    """Shapes with the noise of rounding, where they have none at all."""
    if shapes.spread.any():
        return shapes
    least = _ROUNDING * np.square(shapes.points).mean()
    least = max(least, np.finfo(float).tiny)
    return replace(shapes, spread=np.full(len(shapes.spread), least))


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
        self._shapes = shapes = add_rounding(shapes)
        self.n_domains = n = int(labels.max()) + 1
        self.pairs = [(i, j) for i in range(n) for j in range(i)]
        self.frequencies = np.full(n, (1 - _MIXED) / n)
        n_pairs = max(len(self.pairs), 1)
        self.pair_frequencies = np.full(len(self.pairs), _MIXED / n_pairs)
        rows, weights = _draw_sample(shapes, labels, random_state)
        self._domains = [_start_domain(shapes, labels, rows, i) for i in range(n)]
        if n > 1:
            self._fit(rows, weights)

    def posterior(self, rows=None):
        """Probability of each domain to be the largest part of each pattern.

        Parameters
        ----------
        rows : numpy.ndarray of int, optional
            Which patterns; by default all.

        Returns
        -------
        Posterior
            A pattern without a shape has the frequencies of domains.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> labels = rng.integers(3, size=400)
        >>> counts = rng.poisson(1000 * patterns[labels])
        >>> from hyperspy_4dphase.estimators import DomainModel, compress_patterns
        >>> from hyperspy_4dphase.estimators.domains._shapes import CompressedShapes
        >>> shapes = CompressedShapes.from_compressed(
        ...     compress_patterns(counts, random_state=0)
        ... )
        >>> model = DomainModel(shapes, labels, np.random.RandomState(0))
        >>> found = model.posterior().probabilities
        >>> found.shape, bool((found.argmax(axis=1) == labels).all())
        ((400, 3), True)
        """
        rows = np.arange(len(self._shapes.points)) if rows is None else rows
        probabilities = np.empty((len(rows), self.n_domains), np.float32)
        probabilities[:] = self._find_frequencies()
        boundary = np.zeros(len(rows), np.float32)
        known = np.flatnonzero(self._shapes.known[rows])
        for batch in gen_batches(len(known), _BLOCK_SIZE):
            block = known[batch]
            pure, halves = self._find_parts(rows[block])
            probabilities[block], boundary[block] = self._add_halves(pure, halves)
        return Posterior(probabilities, boundary)

    def _find_frequencies(self):
        """Find how frequent each domain is, with its half of mixtures."""
        frequencies = self.frequencies.copy()
        for frequency, pair in zip(self.pair_frequencies, self.pairs, strict=True):
            frequencies[list(pair)] += frequency / 2
        return frequencies / frequencies.sum()

    def _add_halves(self, pure, halves):
        """Add to each domain its halves of mixtures, and find what others have."""
        owned = [
            (domain, half[:, k])
            for k, pair in enumerate(self.pairs)
            for domain, half in zip(pair, halves, strict=True)
        ]
        total = pure.copy()
        for domain, half in owned:
            total[:, domain] += half
        best = total.argmax(axis=1)
        boundary = sum(half.sum(axis=1) for half in halves)
        for domain, half in owned:
            boundary -= np.where(best == domain, half, 0)
        return total, np.clip(boundary, 0, 1)

    def _find_parts(self, rows):
        """Probabilities of domains, and of both halves of the mixtures of each pair."""
        points, spread = self._shapes.points[rows], self._shapes.spread[rows]
        found = [domain.log_density(points, spread) for domain in self._domains]
        log_pure, distance = np.stack(found, axis=2)
        log_pure += np.log(self.frequencies + _TINY)
        log_halves = np.full((2, len(points), len(self.pairs)), -np.inf)
        if self.pairs:
            chosen = np.flatnonzero(~self._are_clear(log_pure, distance))
            points, spread = points[chosen], spread[chosen]
        for k, (i, j) in enumerate(self.pairs):
            both = _log_mixed(self._domains[i], self._domains[j], points, spread)
            log_halves[:, chosen, k] = both + np.log(self.pair_frequencies[k] + _TINY)
        logs = np.concatenate([log_pure, *log_halves], axis=1)
        parts = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        ends = self.n_domains + np.array([0, len(self.pairs)])
        pure, *halves = np.split(parts, ends, axis=1)
        return pure, halves

    def _are_clear(self, log_pure, distance):
        """Tell which points are near one middle and nowhere near another."""
        second, first = np.partition(log_pure, -2, axis=1)[:, -2:].T
        best = log_pure.argmax(axis=1)
        radius = squared_tube_radius(self._shapes.points.shape[1] + 1)
        near = distance[np.arange(len(best)), best] < radius
        return near & (first - second > _CLEAR)

    def _fit(self, rows, weights):
        points, spread = self._shapes.points[rows], self._shapes.spread[rows]
        weights, n = weights[:, np.newaxis], self.n_domains
        for step in range(_N_STEPS):
            pure, halves = self._find_parts(rows)
            pure, halves = pure * weights, np.stack(halves) * weights
            counts = np.concatenate([pure.sum(axis=0), halves.sum(axis=(0, 1))])
            frequencies = (counts + _ADDED) / (counts + _ADDED).sum()
            self.frequencies, self.pair_frequencies = np.split(frequencies, [n])
            for domain, part in zip(self._domains, pure.T, strict=True):
                domain.update(points, spread, part)
            if step >= _FIRST_PRUNING:
                # Pairs of which there are no mixtures are left out.
                kept = np.flatnonzero(counts[n:] > _MAX_MIXTURES_OF_NONE)
                self.pairs = [self.pairs[k] for k in kept]
                self.pair_frequencies = self.pair_frequencies[kept]


def _draw_sample(shapes, labels, random_state):
    """Draw rows that stand for all; return the number that each stands for, too."""
    rows = np.flatnonzero((labels >= 0) & shapes.known)
    chance = find_chances(labels[rows], _N_TOTAL, _N_EACH)
    drawn = random_state.random_sample(len(rows)) < chance
    return rows[drawn], 1 / chance[drawn]


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

    def log_density(self, points, spread):
        """Log density of points, and their squared distance in units of noise."""
        vectors, values, log_scale = _find_axes(self.noise, self.scatter)
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


def _start_domain(shapes, labels, sampled, label):
    """Make a domain of the core of its members."""
    rows = np.flatnonzero((labels == label) & shapes.known)
    typical = shapes.spread[rows].mean()
    noise = shapes.noise(rows) / typical
    # Rounding must not make it singular.
    noise += 1e-10 * np.trace(noise) / len(noise) * np.eye(len(noise))
    members = sampled[labels[sampled] == label]
    members = members if members.size else rows
    root = np.linalg.cholesky(noise * typical)
    white = solve_triangular(root, shapes.points[members].T, lower=True).T
    center = find_center(white)
    distances = np.square(white - center).sum(axis=1)
    core = distances <= np.quantile(distances, _CORE)
    domain = _Domain(root @ center, noise, np.zeros_like(noise))
    domain.update(shapes.points[members], shapes.spread[members], core.astype(float))
    return domain


def _find_axes(noise, scatter):
    """Find the axes in which noise is white and scatter has no correlation.

    Returns
    -------
    vectors : numpy.ndarray, shape (n_features, n_features)
        In columns.
    values : numpy.ndarray, shape (n_features,)
        Variances of scatter along them.
    log_scale : float
        Log of their determinant.
    """
    values, vectors = eigh(scatter, noise)
    log_scale = np.linalg.slogdet(vectors)[1]
    return vectors, np.maximum(values, 0), log_scale


def _log_mixed(one, other, points, spread):
    """Log densities of mixtures with more of one, and with more of the other."""
    noise = (one.noise + other.noise) / 2
    vectors, values, log_scale = _find_axes(noise, (one.scatter + other.scatter) / 2)
    from_one = (points - one.mean) @ vectors
    line = (other.mean - one.mean) @ vectors
    inverse = 1 / (spread[:, np.newaxis] + values)
    weighted = from_one * inverse
    # Where both are in one place, what a mixture has of each makes no difference.
    precision = np.maximum(inverse @ line**2, _MIN_PRECISION)
    fraction = weighted @ line / precision
    distance = np.einsum("ij,ij->i", weighted, from_one) - fraction**2 * precision
    constant = log_scale + 0.5 * np.log(2 * np.pi / precision)
    constant = constant - 0.5 * distance + 0.5 * np.log(inverse).sum(axis=1)
    width = np.sqrt(precision)
    less = log_between(-fraction * width, (0.5 - fraction) * width)
    more = log_between((0.5 - fraction) * width, (1 - fraction) * width)
    return np.stack([less, more]) + constant


def log_between(low, high):
    """Log of the normal probability between two values, also far out."""
    flip = low > 0
    low, high = np.where(flip, -high, low), np.where(flip, -low, high)
    upper, lower = log_ndtr(high), log_ndtr(low)
    return upper + np.log1p(-np.exp(np.minimum(lower - upper, -1e-12)))
