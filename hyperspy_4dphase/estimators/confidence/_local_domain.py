"""What the patterns of one domain are like around each position of a scan.

A domain that bends, or grows thicker, has no single pattern. What it has at a position
follows from its own patterns around there, as far as these change smoothly; the rest
scatters.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.linalg import eigh

from hyperspy_4dphase.estimators.domains._gradual import take_pure

# Width of the weights with which positions around are averaged, and their reach, in
# positions: wider than what one probe mixes, narrower than bends. From 1.25 to 2 the
# calibration of 80 simulated scans changes by less than 0.002.
WIDTH, REACH = 1.5, 4
# Fewest positions around one that tell how far its pattern is from theirs.
_FEWEST_AROUND, _FEWEST_TOLD = 3.0, 5
# Part of a domain, and number of its positions, that must be away from its border for
# the rest not to be looked at: patterns there are mixtures.
_LEAST_PURE, _FEWEST_PURE = 0.3, 8
# Variance over the median of squares, of a normal distribution.
_PER_MEDIAN = 1 / 0.4549


def sum_around(field, n_axes, spread=2 * WIDTH**2):
    """Add up what is around each place of a grid, the nearer the more weight.

    Parameters
    ----------
    field : numpy.ndarray
        The first `n_axes` axes are those of the grid.
    n_axes : int
    spread : float, optional
        Square of the distance at which weights are 1 / e.

    Returns
    -------
    total : numpy.ndarray
        The value at the place itself has no weight.
    """
    offsets = np.arange(-REACH, REACH + 1)
    weights = np.exp(-np.square(offsets) / spread)
    total = field.astype(float)
    for axis in range(n_axes):
        total = ndimage.correlate1d(total, weights, axis, mode="constant")
    return total - field


def sum_squares_around(field, n_axes):
    """Add up the same with squared weights."""
    return sum_around(field, n_axes, WIDTH**2)


@dataclass
class LocalDomain:
    """One domain, with the pattern that it would have at some positions.

    Attributes
    ----------
    rows : numpy.ndarray of int, shape (n,)
        Points within its reach.
    means : numpy.ndarray, shape (n, n_features)
        Its patterns there.
    variances : numpy.ndarray, shape (n, n_features)
        Their variance beyond noise, along each of `axes`.
    usual : numpy.ndarray, shape (n_features,)
        That of most of its positions.
    axes : numpy.ndarray, shape (n_features, n_features)
        Directions in which noise is white, of unit variance for a spread of 1.
    noise : numpy.ndarray, shape (n_features, n_features)
        Covariance of a point of spread 1.
    """

    rows: np.ndarray
    means: np.ndarray
    variances: np.ndarray
    usual: np.ndarray
    axes: np.ndarray
    noise: np.ndarray

    def log_density(self, points, spread):
        """Log density of the points within reach.

        Parameters
        ----------
        points : numpy.ndarray, shape (n, n_features)
        spread : numpy.ndarray, shape (n,)

        Returns
        -------
        numpy.ndarray, shape (n,)
        """
        squares = np.square((points - self.means) @ self.axes)
        variance = spread[:, None] + self.variances
        density = (squares / variance + np.log(variance)).sum(axis=1)
        return np.linalg.slogdet(self.axes)[1] - density / 2

    def measure_excess(self, left, spread):
        """How much more than usual patterns differ from what was predicted.

        Parameters
        ----------
        left : numpy.ndarray, shape (n, n_features)
            Differences.
        spread : numpy.ndarray, shape (n,)

        Returns
        -------
        numpy.ndarray, shape (n,)
            Squared distance in units of the usual variance, less what is expected, in
            its standard deviations.
        """
        squares = np.square(left @ self.axes) / (spread[:, None] + self.usual)
        n_features = left.shape[1]
        return (squares.sum(axis=1) - n_features) / np.sqrt(2 * n_features)

    def scatter(self, chosen):
        """Mean covariance beyond noise at some of its rows."""
        inverse = np.linalg.inv(self.axes)
        return (inverse.T * self.variances[chosen].mean(axis=0)) @ inverse


def fit_domain(shapes, members, depth, reached):
    """Find what a domain is like within its reach.

    Parameters
    ----------
    shapes : Shapes
        With positions.
    members : numpy.ndarray of int
        Points of the domain.
    depth : numpy.ndarray of int, shape (n_points,)
        How many positions points are from other domains, 2 at most.
    reached : numpy.ndarray of int
        Points that may be of the domain, members included.

    Returns
    -------
    LocalDomain
    """
    for away in (2, 1):
        used = take_pure(members, depth >= away, _FEWEST_PURE, _LEAST_PURE)
        if len(used) < len(members):
            break
    points, typical = shapes.points, float(shapes.spread[members].mean())
    n_features = points.shape[1]
    noise = shapes.noise(members) / typical
    # Rounding must not make it singular.
    noise += 1e-10 * np.trace(noise) / n_features * np.eye(n_features)
    mean = points[used].mean(axis=0)
    away = points[used] - mean
    values, axes = eigh(away.T @ away / len(used), typical * noise)
    edge = (1 + np.sqrt(n_features / len(used))) ** 2
    axes = axes * np.sqrt(typical)
    total = np.where(values > edge, values - 1, 0) * typical
    changing = np.flatnonzero(total > 0)
    means = np.repeat(mean[None], len(reached), axis=0)
    variances = np.zeros((len(reached), n_features))
    usual = np.zeros(n_features)
    if changing.size:
        local = _fit_along(
            (points - mean) @ axes[:, changing],
            shapes.positions,
            used,
            reached,
            total[changing],
            typical,
        )
        means += local[0] @ np.linalg.inv(axes)[changing]
        variances[:, changing], usual[changing] = local[1:]
    return LocalDomain(reached, means, variances, usual, axes, noise)


def _fit_along(values, positions, used, reached, total, noise):
    """Smooth part, and variances, of values along directions in which a domain changes.

    Returns
    -------
    means : numpy.ndarray, shape (n_reached, n_directions)
    variances : numpy.ndarray, shape (n_reached, n_directions)
    usual : numpy.ndarray, shape (n_directions,)
    """
    both = np.concatenate([used, reached])
    first = positions[both].min(axis=0)
    shape = tuple(positions[both].max(axis=0) - first + 1)
    n_axes = len(shape)
    at = tuple((positions[used] - first).T)
    where = tuple((positions[reached] - first).T)

    def around(own):
        grid = np.zeros(shape + own.shape[1:])
        grid[at] = own
        return sum_around(grid, n_axes)

    inside = np.zeros(shape)
    inside[at] = 1
    weight = sum_around(inside, n_axes)
    n_around = weight**2 / np.maximum(sum_squares_around(inside, n_axes), 1e-12)
    n_around[weight < 1e-3] = 0
    weight = np.maximum(weight, 1e-9)[..., None]
    average = around(values[used]) / weight
    told = n_around[at] >= _FEWEST_AROUND
    rough = total.copy()
    if told.sum() >= _FEWEST_TOLD:
        left = np.square(values[used] - average[at])[told]
        left = left / (1 + 1 / n_around[at][told])[:, None]
        rough = np.median(left, axis=0) * _PER_MEDIAN - noise
        rough = np.clip(rough, 0, total)
    smooth = total - rough
    n_around = n_around[..., None]
    fraction = smooth * n_around / np.maximum(smooth * n_around + noise + rough, 1e-30)
    # Where it bends more, or mixes, it scatters more.
    left = np.square(values[used] - (fraction * average)[at])
    left -= noise + ((1 - fraction) * smooth)[at]
    nearby = around(left) / weight
    nearby -= np.sqrt(2 / np.maximum(n_around, 1e-9)) * (noise + rough)
    local = np.where(n_around > 0, np.maximum(nearby, rough), rough)
    variances = local + (1 - fraction) * smooth
    return (fraction * average)[where], variances[where], rough
