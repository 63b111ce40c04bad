"""How probable each domain is for a pattern, given what is around its position."""

from functools import cached_property
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.linalg import eigh
from scipy.special import logsumexp, ndtri
from scipy.stats import qmc

from hyperspy_4dphase.estimators.confidence._domain_model import (
    Posterior,
    add_rounding,
    log_between,
)
from hyperspy_4dphase.estimators.confidence._local_domain import fit_domain, sum_around
from hyperspy_4dphase.estimators.confidence._local_misfit import measure_local_misfit
from hyperspy_4dphase.estimators.domains._gradual import find_pure

# Weight, as a part of all around a position, from which a domain is looked at there.
_LEAST_AROUND = 0.002
# Part of the prior that does not depend on what is around.
_ANYWHERE = 0.02
# Part of positions with several domains around that are mixtures: to begin with, at
# least, and steps in which it is found.
_MIXED, _LEAST_MIXED, _N_STEPS = 0.3, 0.01, 3
# Fewest positions where domains meet.
_FEWEST = 3
# Domains that are mixed at most where more meet, those that most is around of.
_MOST_MEETING = 4
# Draws of fractions that a mixture of three is judged by.
_N_DRAWS = 64
# Numbers stay finite: precision of a fraction at least, alone and as a part of that of
# the best known one; and what stands for no probability at all.
_MIN_PRECISION, _MIN_RATIO, _TINY = 1e-12, 1e-9, 1e-300


class LocalModel:
    """Domains as they are around each position, and mixtures of those that meet there.

    A pattern is of a domain that there is around its position, with the pattern that
    this has *there* (:class:`LocalDomain`); or it is a mixture of two or three of them,
    any fractions of which are as likely as others.

    Parameters
    ----------
    shapes : Shapes
        Of all patterns, with positions.
    labels : numpy.ndarray of int, shape (n,)
        A map, 0 ... n_domains - 1; positions of -1 are taken for what is nearest.

    Attributes
    ----------
    n_domains : int
    misfit : numpy.ndarray of float32, shape (n,)
        How much more than usual a pattern differs from what is most like it among the
        domains and mixtures around, in standard deviations; 0 without a shape.
    """

    def __init__(self, shapes, labels):
        self.n_domains = n = int(labels.max()) + 1
        self._shapes = shapes = add_rounding(shapes)
        first = shapes.positions.min(axis=0)
        places = tuple((shapes.positions - first).T)
        grid = _fill(shapes, labels, places)
        labels = np.where(shapes.known, grid[places], -1)
        pure = _find_depth(grid)[places]
        self._places, self._labels = places, labels
        self._around = _weigh_around(grid, places, n)
        sizes = np.bincount(labels[labels >= 0], minlength=n)
        self._frequencies = sizes / max(sizes.sum(), 1)
        self._domains = []
        for i in range(n):
            members = np.flatnonzero(labels == i)
            if not members.size:
                # None of its points has a shape: no point is like it.
                self._domains.append(None)
                continue
            near = (self._around[:, i] > 0) & shapes.known
            near[members] = True
            reached = np.flatnonzero(near)
            self._domains.append(fit_domain(shapes, members, pure, reached))

    @cached_property
    def misfit(self):
        """numpy.ndarray of float32, shape (n,): As the class describes it."""
        excess = np.full(len(self._shapes.points), np.inf)
        for i, domain in enumerate(self._domains):
            if domain is not None:
                rows = domain.rows
                own = domain.measure_excess(
                    self._shapes.points[rows] - domain.means, self._shapes.spread[rows]
                )
                excess[rows] = np.minimum(excess[rows], self._look_around(i, own))
        for names, rows in self._find_meetings():
            own = self._measure_excess(names, rows, self._mix(names, rows))
            excess[rows] = np.minimum(excess[rows], own)
        # What has no shape may be anything.
        return np.where(np.isfinite(excess), excess, 0).astype(np.float32)

    def posterior(self):
        """Probability of each domain to be the largest part of each pattern.

        Returns
        -------
        Posterior
            A pattern without a shape has the frequencies of domains.
        """
        pure = self._compare_domains()
        halves = np.full(pure.shape, -np.inf)
        prior = np.zeros(len(pure))
        for names, rows in self._find_meetings():
            log_parts = self._mix(names, rows).log_parts
            # In so many orders they may be drawn from what is around.
            orders = 2 if len(names) == 2 else 6
            chance = orders * self._around[np.ix_(rows, names)].prod(axis=1)
            at = np.ix_(rows, names)
            halves[at] = np.logaddexp(halves[at], log_parts + np.log(chance)[:, None])
            prior[rows] += chance
        several = prior > 0
        halves[several] -= np.log(prior[several])[:, None]
        of_domain, of_mixture = self._weigh(pure, halves, several)
        probabilities = of_domain + of_mixture
        best = probabilities.argmax(axis=1)
        boundary = of_mixture.sum(axis=1) - of_mixture[np.arange(len(best)), best]
        return Posterior(probabilities.astype(np.float32), boundary.astype(np.float32))

    def _weigh(self, pure, halves, several):
        """Probabilities of domains, and of mixtures with most of each domain."""
        mixed = _MIXED
        for _ in range(_N_STEPS):
            part = np.where(several, mixed, 0)[:, None]
            log_mixed = np.log(np.maximum(part, _TINY))
            logs = np.stack([pure + np.log1p(-part), halves + log_mixed])
            logs -= logsumexp(logs, axis=(0, 2), keepdims=True)
            of_domain, of_mixture = np.exp(logs)
            if not several.any():
                break
            mixed = float(of_mixture[several].sum(axis=1).mean())
            mixed = min(max(mixed, _LEAST_MIXED), 1 - _LEAST_MIXED)
        return of_domain, of_mixture

    def _compare_domains(self):
        """Log density (n, n_domains) of each point in each domain around."""
        shapes = self._shapes
        pure = np.full((len(shapes.points), self.n_domains), -np.inf)
        for i, domain in enumerate(self._domains):
            if domain is None:
                continue
            rows = domain.rows
            points, spread = shapes.points[rows], shapes.spread[rows]
            prior = self._around[rows, i] * (1 - _ANYWHERE)
            prior = np.log(prior + _ANYWHERE * self._frequencies[i] + _TINY)
            pure[rows, i] = domain.log_density(points, spread) + prior
        # What has no shape may be anything.
        lost = ~np.isfinite(pure).any(axis=1)
        pure[lost] = np.log(self._frequencies + _TINY)
        return pure

    def _look_around(self, name, excess):
        """The excess of a domain at its rows, of its own ones over those around."""
        shapes, domain = self._shapes, self._domains[name]
        own = self._labels[domain.rows] == name
        members = domain.rows[own]
        white, spread = shapes.points[members] @ domain.axes, shapes.spread[members]
        places = [axis[members] - axis[members].min() for axis in self._places]
        found = measure_local_misfit(white, spread, np.stack(places, axis=1))
        if found is not None:
            excess = excess.copy()
            excess[own] = np.where(np.isnan(found), excess[own], found)
        return excess

    def _find_meetings(self):
        """Sets of two and of three domains, and the rows where all of them are near."""
        near = (self._around > 0) & self._shapes.known[:, None]
        crowds = np.unique(near[near.sum(axis=1) > 1], axis=0)
        found = set()
        for crowd in crowds:
            names = np.flatnonzero(crowd)
            for n_mixed in (2, 3):
                found.update(combinations(names.tolist(), n_mixed))
        for names in sorted(found):
            rows = np.flatnonzero(near[:, names].all(axis=1))
            if rows.size >= _FEWEST:
                yield list(names), rows

    def _mix(self, names, rows):
        """Points as mixtures of some domains, as these are around them."""
        domains, at = self._find_rows(names, rows)
        ends = [d.means[own] for d, own in zip(domains, at, strict=True)]
        scatter = [d.scatter(own) for d, own in zip(domains, at, strict=True)]
        noise = sum(domain.noise for domain in domains) / len(domains)
        points, spread = self._shapes.points[rows], self._shapes.spread[rows]
        return _Mixture.fit(points, spread, ends, noise, sum(scatter) / len(domains))

    def _measure_excess(self, names, rows, mixture):
        """What points differ more than usual from mixtures, by their largest part."""
        domains, at = self._find_rows(names, rows)
        left = self._shapes.points[rows] - sum(
            part[:, None] * domain.means[own]
            for part, domain, own in zip(mixture.fractions.T, domains, at, strict=True)
        )
        spread = self._shapes.spread[rows]
        largest = mixture.fractions.argmax(axis=1)
        excess = np.empty(len(rows))
        for k, domain in enumerate(domains):
            own = largest == k
            excess[own] = domain.measure_excess(left[own], spread[own])
        return excess

    def _find_rows(self, names, rows):
        """Domains, and where rows are among those of each."""
        domains = [self._domains[i] for i in names]
        return domains, [np.searchsorted(domain.rows, rows) for domain in domains]


class _Mixture(NamedTuple):
    """Points as mixtures of others.

    Attributes
    ----------
    log_parts : numpy.ndarray, shape (n, n_ends)
        Log densities of mixtures of any fractions with most of each end.
    fractions : numpy.ndarray, shape (n, n_ends)
        The likeliest ones, none of them negative.
    """

    log_parts: np.ndarray
    fractions: np.ndarray

    @classmethod
    def fit(cls, points, spread, ends, noise, scatter):
        values, axes = eigh(scatter, noise)
        inverse = 1 / (spread[:, None] + np.maximum(values, 0))
        start = (points - ends[0]) @ axes
        lines = np.stack([(end - ends[0]) @ axes for end in ends[1:]], axis=1)
        weighted = lines * inverse[:, None]
        precision = weighted @ lines.transpose(0, 2, 1)
        # Where ends are in one place, what a mixture has of each makes no difference.
        largest = np.trace(precision, axis1=1, axis2=2)[:, None, None]
        least = np.maximum(_MIN_RATIO * largest, _MIN_PRECISION)
        precision += least * np.eye(len(ends) - 1)
        along = (weighted @ start[:, :, None])[..., 0]
        free = np.linalg.solve(precision, along[..., None])[..., 0]
        distance = (start**2 * inverse).sum(axis=1) - (free * along).sum(axis=1)
        constant = np.linalg.slogdet(axes)[1] + np.log(inverse).sum(axis=1) / 2
        constant += (len(ends) - 1) * np.log(2 * np.pi) / 2 - distance / 2
        constant -= np.linalg.slogdet(precision)[1] / 2
        find_parts = _find_halves if len(ends) == 2 else _find_thirds
        log_parts = find_parts(free, precision) + constant[:, None]
        fractions = np.clip(np.column_stack([1 - free.sum(axis=1), free]), 0, None)
        return cls(log_parts, fractions / fractions.sum(axis=1, keepdims=True))


def _find_halves(free, precision):
    """Log of the part of a normal distribution that is nearer to each of two ends."""
    free, width = free[:, 0], np.sqrt(precision[:, 0, 0])
    less = log_between(-free * width, (0.5 - free) * width)
    more = log_between((0.5 - free) * width, (1 - free) * width)
    return np.stack([less, more], axis=1)


def _find_thirds(free, precision):
    """Log of the part of a normal distribution that is nearest to each of three ends.

    Only what lies in the triangle between them counts; a density over its area.
    """
    # Between the points of the grid, so that none is at 0.
    draws = qmc.Sobol(2, scramble=False).random(_N_DRAWS) + 0.5 / _N_DRAWS
    draws = ndtri(draws)
    root = np.linalg.cholesky(np.linalg.inv(precision))
    fractions = free[:, None] + draws @ root.transpose(0, 2, 1)
    fractions = np.concatenate(
        [1 - fractions.sum(axis=2, keepdims=True), fractions], axis=2
    )
    inside = (fractions >= 0).all(axis=2)
    largest = fractions.argmax(axis=2)
    parts = [(inside & (largest == k)).mean(axis=1) for k in range(3)]
    with np.errstate(divide="ignore"):
        return np.log(2 * np.stack(parts, axis=1))


def _fill(shapes, labels, places):
    """Lay labels on the grid; what has none, but a shape, has that of the nearest."""
    grid = np.full(tuple(axis.max() + 1 for axis in places), -1)
    grid[places] = np.where(shapes.known, labels, -1)
    nearest = ndimage.distance_transform_edt(
        grid < 0, return_distances=False, return_indices=True
    )
    filled = grid[tuple(nearest)]
    inside = np.zeros(grid.shape, bool)
    inside[places] = shapes.known
    return np.where(inside, filled, -1)


def _find_depth(grid):
    """How many positions each place is from other labels, 2 at most."""
    pure = find_pure(grid)
    return pure.astype(int) + (pure & find_pure(np.where(pure, grid, -2)))


def _weigh_around(grid, places, n_domains):
    """What part of all that is around each point each domain is, (n_points, n)."""
    n_axes = grid.ndim
    around = np.zeros((len(places[0]), n_domains))
    for i in range(n_domains):
        around[:, i] = sum_around((grid == i).astype(float), n_axes)[places]
    total = around.sum(axis=1, keepdims=True)
    around /= np.maximum(total, _TINY)
    around[around < _LEAST_AROUND] = 0
    if n_domains > _MOST_MEETING:
        least = np.partition(around, -_MOST_MEETING, axis=1)[:, -_MOST_MEETING]
        around[around < least[:, None]] = 0
    return around
