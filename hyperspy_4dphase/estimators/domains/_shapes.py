"""Patterns as points in which brightness does not show, and how noisy these are."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
from sklearn.neighbors import NearestNeighbors

from hyperspy_4dphase.estimators._scaling import inverse

# Below so many counts a pattern has no shape: its total is lost in its noise.
_FEWEST_COUNTS = 9.0
# Share of patterns with a total surely below 0 that makes totals meaningless.
_NEGATIVE = 0.01
_N_SAMPLED = 2000
_N_NEIGHBOURS = 5


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
    """

    points: np.ndarray
    spread: np.ndarray
    known: np.ndarray
    # Not a field, whose default would have to come last in all that derive from this.
    positions = None
    dark = None

    @abstractmethod
    def noise(self, rows):
        """Mean covariance of the noise of some points, (n_features, n_features)."""

    def taken(self, rows):
        """Some of the points."""
        names = "points", "spread", "known", "positions", "dark"
        of_each = {name: getattr(self, name) for name in names}
        taken = {k: each[rows] for k, each in of_each.items() if each is not None}
        return replace(self, **taken)


@dataclass
class CompressedShapes(Shapes):
    """Compressed patterns, divided by their totals.

    The covariance of counting noise follows from the mean pattern of the points it is
    asked for, so that each node of a tree has its own. Readout noise adds the same
    variance, `floor`, to each pixel; `dark` is what a unit of it is in each point.
    """

    rows: np.ndarray
    column_scale: np.ndarray
    gain: float
    poisson: bool
    positions: np.ndarray | None = None
    floor: float = 0.0
    dark: np.ndarray | None = None

    @classmethod
    def of(cls, compressed, positions=None):
        """From :class:`CompressedPatterns`, in the directions above noise."""
        compressed = compressed.with_broad()
        k = max(compressed.n_significant, 1)
        B = compressed.B[:k].astype(np.float64)
        norms = np.linalg.norm(B, axis=1)
        directions = B * inverse(norms)[:, None]
        scaled = compressed.Q[:, :k].astype(np.float64) * norms
        per_pixel = inverse(compressed.column_scale.astype(np.float64))
        totals = (scaled @ (directions @ per_pixel)) * inverse(compressed.row_scale)
        poisson = compressed.noise == "poisson"
        gain = float(compressed.score_variance)
        power = 1 if poisson else 2
        error = np.sqrt(gain) * np.linalg.norm(directions @ per_pixel)
        fewest = _FEWEST_COUNTS * gain if poisson else np.sqrt(_FEWEST_COUNTS) * error
        # Readout noise of all pixels takes as many counts as have its variance.
        floor = compressed.floor if poisson else 0.0
        readout = floor * compressed.shape[1]
        fewest = fewest / 2 + np.sqrt(fewest**2 / 4 + fewest * readout)
        if not poisson and (totals < -fewest).mean() > _NEGATIVE:
            # Totals around 0, as after a background subtraction, are no brightness.
            # What a pattern has of the mean one is.
            mean = scaled.mean(axis=0)
            totals = scaled @ mean * inverse(np.float64(np.linalg.norm(mean)))
            fewest = np.sqrt(_FEWEST_COUNTS * gain)
            if (totals > fewest).mean() < 0.5:
                # Nor is that where the mean was taken off: patterns stay as they are.
                totals, fewest = np.ones(len(totals)), 0.0
        known = totals > fewest
        if not known.any():
            known = totals > 0
        if not known.any():
            raise ValueError(
                "No pattern has a positive total, so that none has a shape of its own: "
                "was a background taken off that is larger than what was left?"
            )
        spread = np.where(known, gain * inverse(totals) ** power, 0)
        dark = np.where(known, gain * inverse(totals) ** 2, 0) if floor else None
        if floor:
            spread += readout * dark
        factor = inverse(totals) * inverse(compressed.row_scale)
        points = np.where(known[:, None], scaled * factor[:, None], 0)
        scale = compressed.column_scale
        return cls(
            points=points,
            spread=spread,
            known=known,
            rows=directions,
            column_scale=scale,
            gain=gain,
            poisson=poisson,
            floor=floor,
            dark=dark,
            positions=positions,
        )

    def averaged(self, groups, n_groups):
        """Shapes of the sums of groups of patterns.

        Parameters
        ----------
        groups : numpy.ndarray of int, shape (n,)
        n_groups : int

        Returns
        -------
        CompressedShapes
        """
        totals = np.where(self.known, inverse(self.spread), 0)
        if self.dark is not None:
            totals = np.sqrt(np.where(self.known, inverse(self.dark), 0))
        elif not self.poisson:
            totals = np.sqrt(totals)
        sums = np.bincount(groups, totals, n_groups)
        points = np.stack(
            [np.bincount(groups, totals * p, n_groups) for p in self.points.T], axis=1
        )
        variances = np.bincount(groups, totals**2 * self.spread, n_groups)
        dark = self.dark
        if dark is not None:
            dark = np.bincount(groups, totals**2 * dark, n_groups) * inverse(sums) ** 2
        return replace(
            self,
            points=points * inverse(sums)[:, None],
            spread=variances * inverse(sums) ** 2,
            known=sums > 0,
            dark=dark,
            positions=None,
        )

    def noise(self, rows):
        mean_spread = self.spread[rows].mean()
        # Data without noise have that of rounding.
        rounding = 1e-12 * np.square(self.points[rows]).mean() * np.eye(len(self.rows))
        if not self.poisson:
            return mean_spread * np.eye(len(self.rows)) + rounding
        mean = self.points[rows].mean(axis=0)
        # Counts of a pattern of total 1, times the squared scale: their variance.
        weight = np.maximum((mean @ self.rows) * self.column_scale, 0)
        if self.dark is None:
            return mean_spread * (self.rows * weight) @ self.rows.T + rounding
        dark = self.floor * self.dark[rows].mean()
        weight *= max(mean_spread - dark * weight.size, 0)
        weight += dark * np.square(self.column_scale, dtype=np.float64)
        return (self.rows * weight) @ self.rows.T + rounding


@dataclass
class FeatureShapes(Shapes):
    """Features of unknown noise: the distances of neighbours stand for it.

    In few dimensions these are much shorter than parts are wide, so what is counted in
    units of noise comes out large.
    """

    @classmethod
    def of(cls, features):
        points = np.asarray(features, dtype=np.float64)
        return cls(points, np.ones(len(points)), np.ones(len(points), bool))

    def noise(self, rows):
        points = self.points[rows]
        identity = np.eye(points.shape[1])
        # Where neighbours, or all points, are equal there is still rounding.
        rounding = np.square(np.finfo(float).eps * np.abs(self.points).max())
        least = 1e-12 * self.points.var(axis=0).mean() + rounding
        least += np.finfo(float).tiny
        if len(points) < 2:
            return least * identity
        step = -(-len(points) // _N_SAMPLED)
        # The first of its neighbours is the point itself.
        n_neighbours = min(_N_NEIGHBOURS + 1, len(points))
        found = NearestNeighbors(n_neighbors=n_neighbours).fit(points)
        distances = found.kneighbors(points[::step])[0][:, 1:]
        variance = np.median((distances**2).mean(axis=1)) / (2 * points.shape[1])
        return max(variance, least) * identity


def whitening(covariance):
    """What noise of a covariance is multiplied by to become white, of unit variance."""
    values, vectors = np.linalg.eigh(covariance)
    floor = max(1e-9 * values[-1], np.finfo(float).tiny)
    return vectors / np.sqrt(np.maximum(values, floor))
