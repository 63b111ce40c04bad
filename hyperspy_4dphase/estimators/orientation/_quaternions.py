"""Rotations as unit quaternions (a, b, c, d) in orix's order.

A rotation takes the sample to the crystal: a vector of the sample v has the crystal
coordinates M v, where M is the matrix of the quaternion.
"""

import numpy as np

from hyperspy_4dphase._scalars import check_number

# A quaternion may differ from unit length by what single precision loses.
_UNIT_TOLERANCE = 1e-3


def check_quaternions(quaternions, name):
    """Check unit quaternions.

    Parameters
    ----------
    quaternions : array_like, shape (n, 4)
    name : str
        Of the argument, for errors.

    Returns
    -------
    numpy.ndarray, shape (n, 4)
        Of unit length.

    Raises
    ------
    ValueError
        If the shape is another one, or they are no unit quaternions.
    """
    quaternions = np.asarray(quaternions, dtype=float)
    if quaternions.ndim != 2 or quaternions.shape[1] != 4 or not len(quaternions):
        raise ValueError(
            f"{name} must have the shape (n, 4), n at least 1, not {quaternions.shape}."
        )
    length = np.linalg.norm(quaternions, axis=1)
    wrong = ~(np.abs(length - 1) <= _UNIT_TOLERANCE)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ValueError(
            f"{name} must be unit quaternions: {wrong.sum()} are not, the first is "
            f"{quaternions[first].tolist()} at {first}."
        )
    return quaternions / length[:, None]


def multiply(p, q):
    """Multiply quaternions: first `q`, then `p`.

    Parameters
    ----------
    p, q : numpy.ndarray, shape (..., 4)
        Broadcast.

    Returns
    -------
    numpy.ndarray, shape (..., 4)
    """
    a, b, c, d = np.moveaxis(p, -1, 0)
    e, f, g, h = np.moveaxis(q, -1, 0)
    return np.stack(
        [
            a * e - b * f - c * g - d * h,
            a * f + b * e + c * h - d * g,
            a * g - b * h + c * e + d * f,
            a * h + b * g - c * f + d * e,
        ],
        axis=-1,
    )


def conjugate(q):
    """Return the inverse of unit quaternions, of shape (..., 4)."""
    return q * np.array([1.0, -1.0, -1.0, -1.0])


def to_matrices(q):
    """Return the matrices of unit quaternions.

    Parameters
    ----------
    q : numpy.ndarray, shape (..., 4)

    Returns
    -------
    numpy.ndarray, shape (..., 3, 3)
        From the sample to the crystal.
    """
    a, b, c, d = np.moveaxis(q, -1, 0)
    rows = [
        [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), a * a - b * b + c * c - d * d, 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), a * a - b * b - c * c + d * d],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def from_rotation_vectors(vectors):
    """Return the quaternions of rotations about an axis.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (..., 3)
        Along the axis, as long as the angle in rad.

    Returns
    -------
    numpy.ndarray, shape (..., 4)
    """
    vectors = np.asarray(vectors, dtype=float)
    half = np.linalg.norm(vectors, axis=-1, keepdims=True) / 2
    # sin(x) / x, which is 1 at 0.
    return np.concatenate([np.cos(half), 0.5 * np.sinc(half / np.pi) * vectors], -1)


def from_beam_directions(directions):
    """Return the shortest rotations that have given crystal directions along z.

    Parameters
    ----------
    directions : numpy.ndarray, shape (n, 3)
        Unit vectors in the crystal.

    Returns
    -------
    numpy.ndarray, shape (n, 4)
        Each takes the sample's z axis to the direction.
    """
    x, y, z = directions.T
    q = np.stack([1 + z, -y, x, np.zeros_like(z)], axis=1)
    # Straight down no shortest rotation is told apart: half a turn about x is taken.
    down = z < -1 + 1e-12
    q[down] = [0.0, 1.0, 0.0, 0.0]
    return q / np.linalg.norm(q, axis=1, keepdims=True)


def turn_in_plane(q, angle):
    """Turn crystals about the sample's z axis, counter-clockwise from x to y.

    Parameters
    ----------
    q : numpy.ndarray, shape (..., 4)
    angle : numpy.ndarray, shape (...)
        In rad.

    Returns
    -------
    numpy.ndarray, shape (..., 4)
    """
    half = np.asarray(angle) / 2
    zero = np.zeros_like(half)
    # The crystal turns, so that the rotation from sample to crystal turns back first.
    return multiply(q, np.stack([np.cos(half), zero, zero, -np.sin(half)], axis=-1))


def misorientation(p, q, symmetry):
    """Return the smallest angle between orientations of one structure.

    Parameters
    ----------
    p, q : array_like, shape (n, 4) or (1, 4)
        From the sample to the crystal.
    symmetry : array_like, shape (n_symmetry, 4)
        Proper rotations of the Laue group.

    Returns
    -------
    numpy.ndarray, shape (n,)
        In degrees.

    Examples
    --------
    >>> turned = from_rotation_vectors([[0, 0, np.deg2rad(80)]])
    >>> fourfold = from_rotation_vectors([[0, 0, k * np.pi / 2] for k in range(4)])
    >>> misorientation(turned, [[1, 0, 0, 0]], fourfold).round(6)
    array([10.])
    """
    p = check_quaternions(p, "p")
    q = check_quaternions(q, "q")
    symmetry = check_quaternions(symmetry, "symmetry")
    between = multiply(p, conjugate(q))
    # The scalar part of s times it, for each s.
    cosine = np.abs(between @ conjugate(symmetry).T).max(axis=1)
    return np.rad2deg(2 * np.arccos(np.minimum(cosine, 1.0)))


def check_angle(name, value):
    """Return an angle of at most a turn, in degrees, in rad."""
    return np.deg2rad(check_number(name, value, -360, 360))
