"""Patterns as points in which brightness does not show, and how noisy these are."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields, replace

import numpy as np

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.domains._clusters import measure_neighbours

# Below so many counts a pattern has no shape: its total, of three standard deviations,
# is lost in its noise.
_MIN_COUNTS = 9.0
# Fraction of patterns with a total surely below 0 that makes totals meaningless.
# Historical: chosen by trial in 2026.
_MAX_NEGATIVE = 0.01
# Neighbours whose distances tell the noise of features, and points whose neighbours are
# looked at: a compromise between time and noise. Historical: chosen by trial in 2026.
_N_NEIGHBOURS = 5
_N_SAMPLED = 2000
# Variance of data without noise, relative to that of the data: more than rounding.
_ROUNDING = 1e-12


@dataclass
class Shapes(ABC):
    """Points whose differences are differences in shape, with their noise.

    Attributes
    ----------
    points : numpy.ndarray, shape (n, n_features)
    spread : numpy.ndarray, shape (n,)
        Noise variance of each point relative to that of others.
    known : numpy.ndarray of bool, shape (n,)
        False where there are too few counts to tell a shape; such points are 0.
    positions : numpy.ndarray of int, shape (n, n_axes), or None
        Where points are in the scan, if that is to be looked at.
    dark : numpy.ndarray, shape (n,), or None
        What a unit of readout noise in every pixel is in each point.
    """

    points: np.ndarray
    spread: np.ndarray
    known: np.ndarray
    positions: np.ndarray | None = field(default=None, kw_only=True)
    dark: np.ndarray | None = field(default=None, kw_only=True)

    @abstractmethod
    def noise(self, rows):
        """Mean covariance of the noise of some points, (n_features, n_features)."""

    def take(self, rows):
        """Take some of the points."""
        each = {item.name: getattr(self, item.name) for item in fields(Shapes)}
        taken = {name: a[rows] for name, a in each.items() if a is not None}
        return replace(self, **taken)


@dataclass
class CompressedShapes(Shapes):
    """Compressed patterns, divided by their totals.

    The covariance of counting noise follows from the mean pattern of the points it is
    asked for, so that each node of a tree has its own.

    Attributes
    ----------
    directions : numpy.ndarray, shape (n_features, n_pixels)
        What the features are the weights of, in scaled pixels.
    column_scale : numpy.ndarray, shape (n_pixels,)
        What pixels were multiplied by.
    gain : float
        Noise variance of a pattern of total 1, if it were counted.
    poisson : bool
        Whether noise is that of counts; else it is the same in all pixels.
    floor : float
        Variance that readout noise adds to each pixel.
    """

    directions: np.ndarray
    column_scale: np.ndarray
    gain: float
    poisson: bool
    floor: float = 0.0

    @classmethod
    def from_compressed(cls, compressed, positions=None):
        """From :class:`CompressedPatterns`, in the directions above noise.

        Raises
        ------
        ValueError
            If no pattern has a positive total.
        """
        compressed = compressed.with_broad()
        k = max(compressed.n_significant, 1)
        B = compressed.B[:k].astype(np.float64)
        norms = np.linalg.norm(B, axis=1)
        directions = B * inverse(norms)[:, None]
        scaled = compressed.Q[:, :k].astype(np.float64) * norms
        poisson = compressed.noise == "poisson"
        gain = float(compressed.score_variance)
        floor = compressed.floor if poisson else 0.0
        totals, known = _find_totals(compressed, scaled, directions, floor)
        factor = inverse(totals)
        spread = np.where(known, gain * factor ** (1 if poisson else 2), 0)
        dark = np.where(known, gain * factor**2, 0) if floor else None
        if floor:
            spread += floor * compressed.shape[1] * dark
        factor *= inverse(compressed.row_scale)
        return cls(
            points=np.where(known[:, None], scaled * factor[:, None], 0),
            spread=spread,
            known=known,
            directions=directions,
            column_scale=compressed.column_scale,
            gain=gain,
            poisson=poisson,
            floor=floor,
            dark=dark,
            positions=positions,
        )

    def average(self, groups, n_groups):
        """Shapes of the sums of groups of patterns.

        Parameters
        ----------
        groups : numpy.ndarray of int, shape (n,)
        n_groups : int

        Returns
        -------
        CompressedShapes
            Without positions.
        """
        totals = inverse(self.spread if self.dark is None else self.dark)
        if self.dark is not None or not self.poisson:
            totals = np.sqrt(totals)
        totals = np.where(self.known, totals, 0)
        share = inverse(np.bincount(groups, totals, n_groups))

        def sum_up(values):
            return np.bincount(groups, values, n_groups)

        points = [sum_up(totals * feature) for feature in self.points.T]
        dark = self.dark
        if dark is not None:
            dark = sum_up(totals**2 * dark) * share**2
        return replace(
            self,
            points=np.stack(points, axis=1) * share[:, None],
            spread=sum_up(totals**2 * self.spread) * share**2,
            known=share > 0,
            dark=dark,
            positions=None,
        )

    def add_noise(self, part, random_state):
        """The points as another exposure might have given them.

        Parameters
        ----------
        part : float
            Variance that is added, in units of that of the noise.
        random_state : numpy.random.RandomState

        Returns
        -------
        CompressedShapes
        """
        rows = np.flatnonzero(self.known)
        typical = self.spread[rows].mean()
        if not typical:
            return self
        root = np.linalg.cholesky(part / typical * self.noise(rows))
        noise = random_state.standard_normal((rows.size, self.points.shape[1]))
        points = self.points.copy()
        points[rows] += noise @ root.T * np.sqrt(self.spread[rows])[:, None]
        dark = None if self.dark is None else self.dark * (1 + part)
        spread = self.spread * (1 + part)
        return replace(self, points=points, spread=spread, dark=dark)

    def noise(self, rows):
        points = self.points[rows]
        rounding = _ROUNDING * np.square(points).mean() * np.eye(points.shape[1])
        spread = self.spread[rows].mean()
        if not self.poisson:
            return spread * np.eye(points.shape[1]) + rounding
        # Counts of a pattern of total 1, times the squared scale: their variance.
        weight = points.mean(axis=0) @ self.directions * self.column_scale
        weight = np.maximum(weight, 0)
        if self.dark is None:
            return spread * (self.directions * weight) @ self.directions.T + rounding
        dark = self.floor * self.dark[rows].mean()
        weight *= max(spread - dark * weight.size, 0)
        weight += dark * np.square(self.column_scale, dtype=np.float64)
        return (self.directions * weight) @ self.directions.T + rounding


def _find_totals(compressed, scaled, directions, floor):
    """Brightness of each pattern, and whether it has a shape.

    Returns
    -------
    totals : numpy.ndarray, shape (n,)
    known : numpy.ndarray of bool, shape (n,)
        Whether the total is large enough to tell a shape.
    """
    per_pixel = directions @ inverse(compressed.column_scale.astype(np.float64))
    totals = scaled @ per_pixel * inverse(compressed.row_scale)
    gain = float(compressed.score_variance)
    if compressed.noise == "poisson":
        least = _MIN_COUNTS * gain / 2
        # Readout noise of all pixels takes as many counts as have its variance.
        least += np.sqrt(least**2 + 2 * least * floor * compressed.shape[1])
    else:
        least = np.sqrt(_MIN_COUNTS * gain) * np.linalg.norm(per_pixel)
        if (totals < -least).mean() > _MAX_NEGATIVE:
            # Totals around 0, as after a background subtraction, are no brightness.
            # What a pattern has of the mean one is.
            mean = scaled.mean(axis=0)
            totals = scaled @ mean * inverse(np.linalg.norm(mean))
            least = np.sqrt(_MIN_COUNTS * gain)
            if (totals > least).mean() < 0.5:
                # Nor is that where the mean was taken off: patterns stay as they are.
                totals, least = np.ones(len(totals)), 0.0
    known = totals > least
    if not known.any():
        known = totals > 0
    if not known.any():
        raise ValueError(
            "No pattern has a positive total, so that none has a shape of its own: "
            "was a background taken off that is larger than what was left?"
        )
    return totals, known


@dataclass
class FeatureShapes(Shapes):
    """Features of unknown noise: the distances of neighbours stand for it.

    In few dimensions these are much shorter than parts are wide, so what is counted in
    units of noise comes out large.
    """

    @classmethod
    def from_features(cls, features):
        """From an array (n, n_features)."""
        points = np.asarray(features, dtype=np.float64)
        return cls(points, np.ones(len(points)), np.ones(len(points), bool))

    def noise(self, rows):
        points = self.points[rows]
        identity = np.eye(points.shape[1])
        # Where neighbours, or all points, are equal there is still rounding.
        rounding = np.square(np.finfo(float).eps * np.abs(self.points).max())
        least = _ROUNDING * self.points.var(axis=0).mean() + rounding
        least += np.finfo(float).tiny
        if len(points) < 2:
            return least * identity
        sample = points[:: -(-len(points) // _N_SAMPLED)]
        distances = measure_neighbours(sample, points, _N_NEIGHBOURS)
        variance = np.median((distances**2).mean(axis=1)) / (2 * points.shape[1])
        return max(variance, least) * identity


def whitening(covariance):
    """What noise of a covariance is multiplied by to become white, of unit variance."""
    values, vectors = np.linalg.eigh(covariance)
    floor = max(1e-9 * values[-1], np.finfo(float).tiny)
    return vectors / np.sqrt(np.maximum(values, floor))
