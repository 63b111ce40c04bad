"""Warps of space that follow a field and never fold: on a mesh, or from nodes."""

from itertools import permutations

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.utils import gen_batches

# Least volume that is left of a simplex, as a fraction of what it had: above rounding.
_MIN_VOLUME = 1e-3
# A step that would fold a simplex is halved three times, then left out. Historical:
# chosen by trial in 2026, not calibrated.
_MIN_STEP_FACTOR = 2.0**-3
# Cells along a side of the box, fewest and most, by dimension. Historical: chosen by
# trial in 2026, not calibrated.
_N_CELLS = {1: (80, 200), 2: (24, 40), 3: (9, 13)}
# Fraction of the places that become nodes, least and most. Historical: chosen by trial
# in 2026, not calibrated.
_NODE_FRACTIONS = (0.6, 0.9)
# Width of kernels in distances of neighbours: least and most of nodes, and of fields.
# Historical: chosen by trial in 2026, not calibrated.
_NODE_WIDTHS = (2.0, 3.0)
_FIELD_WIDTH = 2.5
# The most by which a displacement may shorten a direction, which from 1 on turns over.
_MAX_SHRINKAGE = 0.95
# Added to the kernel of a place with itself, 1. Historical: chosen by trial in 2026,
# not calibrated.
_RIDGE = 1e-3
# Points at once, for less memory.
_BLOCK = 4096


def interpolate_grid(points, low, high, values):
    """Interpolate a vector field that is given on a regular grid, linearly.

    Parameters
    ----------
    points : numpy.ndarray, shape (n_points, d)
    low, high : numpy.ndarray, shape (d,)
        Corners of the grid; beyond it the field goes on as at its edge.
    values : numpy.ndarray, shape (n_1, ..., n_d, d)

    Returns
    -------
    numpy.ndarray, shape (n_points, d)
    """
    sizes = np.array(values.shape[:-1])
    places = ((points - low) / (high - low) * (sizes - 1)).T
    components = np.moveaxis(values, -1, 0)
    return np.stack(
        [map_coordinates(part, places, order=1, mode="nearest") for part in components],
        axis=1,
    )


class Mesh:
    """A box cut into cubes at a random offset and rotation, and these into simplices.

    Its nodes can be moved; all else is carried by the map that is affine in each
    simplex. The boundary is held and no simplex changes its orientation, so the map is
    one-to-one, and leaves what is outside alone.

    Parameters
    ----------
    low, high : numpy.ndarray, shape (d,)
        Corners of the box, d at most 3.
    random_state : numpy.random.RandomState
    """

    def __init__(self, low, high, random_state):
        d = len(low)
        least, most = _N_CELLS[d]
        # In units of the box, so that a narrow side has as many cells as a wide one.
        self._low, self._width = low, high - low
        self._rotation = _draw_rotation(d, random_state)
        self._size = 1 / random_state.randint(least, most + 1)
        half = 0.5 * np.abs(self._rotation).sum(axis=0)
        self._shape = np.ceil(2 * half / self._size).astype(int) + 2
        self._origin = -half - self._size * random_state.uniform(0.05, 0.95, d)
        indices = np.indices(self._shape).reshape(d, -1).T
        units = (self._origin + indices * self._size) @ self._rotation.T + 0.5
        self._nodes = self._low + units * self._width
        self._free = ((indices > 0) & (indices < self._shape - 1)).all(axis=1)
        self._strides = np.cumprod([1, *self._shape[:0:-1]])[::-1]
        self._simplices = self._cut(indices)
        self._volumes = _measure_volumes(self._nodes, self._simplices)
        self.displacement = np.zeros_like(self._nodes)

    def follow(self, field, n_steps, step):
        """Move the nodes along a field.

        Where a step would fold or crush a simplex, its nodes take a smaller one.

        Parameters
        ----------
        field : callable
            Velocity (n, d) at points (n, d).
        n_steps : int
        step : float
            Duration of one.
        """
        nodes = self._nodes + self.displacement
        for _ in range(n_steps):
            move = step * field(nodes) * self._free[:, None]
            nodes = nodes + move * self._shorten(nodes, move)
        self.displacement = nodes - self._nodes

    def carry(self, points):
        """Carry points along with the nodes that were moved.

        Parameters
        ----------
        points : numpy.ndarray, shape (n_points, d)

        Returns
        -------
        numpy.ndarray, shape (n_points, d)
        """
        units = (points - self._low) / self._width - 0.5
        places = (units @ self._rotation - self._origin) / self._size
        cells = np.clip(np.floor(places).astype(int), 0, self._shape - 2)
        places = np.clip(places - cells, 0, 1)
        order = np.argsort(-places, axis=1)
        places = np.take_along_axis(places, order, axis=1)
        edges = np.pad(places, ((0, 0), (1, 1)), constant_values=((0, 0), (1, 0)))
        node = cells @ self._strides
        moved = points.astype(np.float64)
        for i, weight in enumerate(-np.diff(edges, axis=1).T):
            if i:
                node = node + self._strides[order[:, i - 1]]
            moved += weight[:, None] * self.displacement[node]
        return moved

    def _cut(self, indices):
        """Cut cubes into simplices: one for each order in which the axes are run."""
        first = np.flatnonzero((indices < self._shape - 1).all(axis=1))
        d = len(self._shape)
        return np.concatenate(
            [
                first[:, None] + np.r_[0, np.cumsum(self._strides[list(axes)])]
                for axes in permutations(range(d))
            ]
        )

    def _shorten(self, nodes, move):
        """Find which part of its move each node can take, shape (n_nodes, 1)."""
        factors = np.ones((len(nodes), 1))
        while True:
            volumes = _measure_volumes(nodes + factors * move, self._simplices)
            bad = volumes / self._volumes < _MIN_VOLUME
            if not bad.any():
                return factors
            touched = np.unique(self._simplices[bad])
            factors[touched] *= 0.5
            factors[factors < _MIN_STEP_FACTOR] = 0


class KernelField:
    """A vector field given at scattered places, smooth between them.

    Gaussian kernels, a few places wide, carry the values; far away it is zero.

    Parameters
    ----------
    places, values : numpy.ndarray, shape (n_places, d)
    width : float, optional
        Standard deviation of the kernels. Default is 2.5 median distances of
        neighbours.
    """

    def __init__(self, places, values, width=None):
        if width is None:
            width = _FIELD_WIDTH * _find_spacing(places)
        self._places, self._gamma = places, 0.5 / max(width, 1e-12) ** 2
        # Where places are close the least coefficients will do, not exact values.
        kernel = self._kernel(places) + _RIDGE * np.eye(len(places))
        self._coefficients = np.linalg.solve(kernel, values)

    def __call__(self, points):
        """The field (n_points, d) at points (n_points, d)."""
        parts = gen_batches(len(points), _BLOCK)
        kernels = (self._kernel(points[part]) for part in parts)
        return np.concatenate([kernel @ self._coefficients for kernel in kernels])

    def find_slopes(self, points):
        """Find the derivative of component j along axis i, shape (n_points, d, d)."""
        d = points.shape[1]
        products = self._places[:, :, None] * self._coefficients[:, None]
        kernel = self._kernel(points)
        first = (kernel @ products.reshape(-1, d * d)).reshape(-1, d, d)
        second = points[:, :, None] * (kernel @ self._coefficients)[:, None]
        return 2 * self._gamma * (first - second)

    def _kernel(self, points):
        return rbf_kernel(points, self._places, gamma=self._gamma)


class Nodes:
    """Scattered nodes that carry points, in more dimensions than a mesh can have.

    A random part of the given places is taken, and kernels of random width carry what
    they do to other points (:class:`KernelField`). The displacements are scaled down
    until the map is monotone, hence one-to-one, around every point that is carried.

    Parameters
    ----------
    places : numpy.ndarray, shape (n_places, d)
        At least two.
    random_state : numpy.random.RandomState
    """

    def __init__(self, places, random_state):
        n = int(random_state.uniform(*_NODE_FRACTIONS) * len(places))
        self._nodes = places[random_state.permutation(len(places))[: max(n, 2)]]
        factor = random_state.uniform(*_NODE_WIDTHS)
        self._width = factor * _find_spacing(self._nodes)

    def follow(self, field, n_steps, step):
        """Move the nodes along a field; see :meth:`Mesh.follow`."""
        nodes = self._nodes
        for _ in range(n_steps):
            nodes = nodes + step * field(nodes)
        moves = nodes - self._nodes
        self._displacement = KernelField(self._nodes, moves, self._width)

    def carry(self, points):
        """Carry points along with the nodes that were moved; see :meth:`Mesh.carry`."""
        points = np.asarray(points, dtype=np.float64)
        shrinkage = max(
            _measure_shrinkage(self._displacement.find_slopes(points[part]))
            for part in gen_batches(len(points), _BLOCK)
        )
        # From 1 on a direction would turn over.
        factor = _MAX_SHRINKAGE / max(shrinkage, _MAX_SHRINKAGE)
        return points + factor * self._displacement(points)


def _draw_rotation(d, random_state):
    matrix, triangle = np.linalg.qr(random_state.standard_normal((d, d)))
    return matrix * np.sign(np.diag(triangle))


def _find_spacing(places):
    """Find the median distance of neighbours."""
    return np.median(cKDTree(places).query(places, 2)[0][:, 1])


def _measure_shrinkage(slopes):
    """Measure by how much a displacement shortens any direction, if it is much."""
    slopes = 0.5 * (slopes + slopes.transpose(0, 2, 1))
    # No eigenvalue is larger than the norm.
    slopes = slopes[np.linalg.norm(slopes, axis=(1, 2)) > _MAX_SHRINKAGE]
    return -np.linalg.eigvalsh(slopes).min() if len(slopes) else 0.0


def _measure_volumes(nodes, simplices):
    """Measure the signed volumes of simplices, up to one factor.

    `numpy.linalg.det` takes two to three times as long.
    """
    edges = nodes[simplices[:, 1:]] - nodes[simplices[:, :1]]
    if edges.shape[1] == 1:
        return edges[:, 0, 0]
    if edges.shape[1] == 2:
        return edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    return np.einsum("ni,ni->n", edges[:, 0], np.cross(edges[:, 1], edges[:, 2]))
