"""Maps that scenes are drawn with: soft edges, rough lines, grains, smooth fields."""

import numpy as np
from scipy.cluster.vq import vq
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import cdist
from scipy.special import erf


def coordinates(navigation_shape):
    """Return the probe positions in units of the scan's shorter side.

    Parameters
    ----------
    navigation_shape : tuple of int
        Scan shape (ny, nx).

    Returns
    -------
    y, x : numpy.ndarray of shape (ny, nx)
        From 0 at the first position; the shorter side is 1 long.

    Examples
    --------
    >>> y, x = coordinates((2, 4))
    >>> x[0].tolist(), y[:, 0].tolist()
    ([0.25, 0.75, 1.25, 1.75], [0.25, 0.75])
    """
    side = min(navigation_shape)
    rows, columns = ((np.arange(n) + 0.5) / side for n in navigation_shape)
    return np.meshgrid(rows, columns, indexing="ij")


def soft_step(distance, width):
    """Return the share of a blurred probe beyond an edge.

    Parameters
    ----------
    distance : numpy.ndarray
        Signed distance past the edge.
    width : float
        Standard deviation of the blur, in the same unit; not 0.

    Returns
    -------
    share : numpy.ndarray
        In [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> soft_step(np.array([-9.0, 0.0, 9.0]), 1.0).tolist()
    [0.0, 0.5, 1.0]
    """
    return 0.5 * (1 + erf(distance / (np.sqrt(2) * width)))


def rough_line(rng, x, amplitude, n_waves=8):
    """Return a wandering line: a sum of waves, the long ones the strongest.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the amplitudes and phases of the waves.
    x : numpy.ndarray
        Where to evaluate it, in units of the scan.
    amplitude : float
        Standard deviation.
    n_waves : int
        Number of waves; the shortest is ``1 / n_waves`` long. Default is 8.

    Returns
    -------
    height : numpy.ndarray
        Of the shape of ``x``.
    """
    order = np.arange(1, n_waves + 1)
    strength = rng.normal(size=n_waves) / order
    phase = rng.uniform(0, 2 * np.pi, n_waves)
    waves = np.sin(2 * np.pi * x[..., np.newaxis] * order * 0.7 + phase)
    return amplitude * (waves @ strength) / np.sqrt(np.sum(order**-2.0) / 2)


def smooth_field(rng, y, x, n_waves=6):
    """Return a smooth random field of about zero mean and unit amplitude.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the waves.
    y, x : numpy.ndarray
        Where to evaluate it, in units of the scan.
    n_waves : int
        Number of plane waves, each longer than half the scan. Default is 6.

    Returns
    -------
    field : numpy.ndarray
        In [-1, 1], of the shape of ``x``.
    """
    field = np.zeros(x.shape)
    for _ in range(n_waves):
        ky, kx = rng.uniform(-1.4, 1.4, 2)
        field += np.sin(2 * np.pi * (ky * y + kx * x) + rng.uniform(0, 2 * np.pi))
    return field / n_waves


def grain_weights(rng, y, x, inside, n_grains, width):
    """Divide a region into grains with straight, blurred boundaries.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the grain centres.
    y, x : numpy.ndarray of shape (ny, nx)
        Probe positions, in any unit.
    inside : numpy.ndarray of shape (ny, nx)
        bool: the region to divide into grains of about equal size.
    n_grains : int
        How many.
    width : float
        Standard deviation of the blur, in probe positions.

    Returns
    -------
    weights : numpy.ndarray of shape (ny, nx, n_grains)
        Of sum 1 at each position.
    """
    points = np.column_stack([y[inside], x[inside]])
    if len(points) < n_grains:
        raise ValueError(
            f"n_grains must be at most {len(points)}, as many as there are probe "
            f"positions for them, got {n_grains}"
        )
    sample = points[:: max(1, len(points) // 4000)]
    sample = sample if len(sample) >= n_grains else points
    centers = sample[rng.choice(len(sample), n_grains, replace=False)]
    # A few steps of k-means even the grains out and leave them irregular. SciPy's own
    # settles ties between grid points in another way, and would change the scenes.
    for _ in range(4):
        owner = cdist(sample, centers).argmin(axis=1)
        grains = [sample[owner == i] for i in range(n_grains)]
        pairs = zip(grains, centers, strict=True)
        centers = np.array([g.mean(axis=0) if len(g) else c for g, c in pairs])
    owner, _ = vq(np.column_stack([y.ravel(), x.ravel()]), centers)
    sharp = (owner.reshape(y.shape)[..., np.newaxis] == np.arange(n_grains)) * 1.0
    return blur_weights(sharp, width)


def blur_weights(weights, width):
    """Blur maps of weights by the probe and keep their sum.

    Parameters
    ----------
    weights : numpy.ndarray of shape (ny, nx, n)
        Non-negative.
    width : float
        Standard deviation in probe positions.

    Returns
    -------
    weights : numpy.ndarray of shape (ny, nx, n)
        Non-negative.
    """
    return gaussian_filter(weights, (width, width, 0), mode="nearest", truncate=4.0)
