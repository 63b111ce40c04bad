"""Where alternating least squares begins, which decides where it ends."""

import numpy as np

from hyperspy_4dphase.estimators.nmf._hals import Factors, hals, solve_weights

# A corner is the mean of this many patterns at most and at least, and of no more than
# one in 50. Historical: chosen by trial in 2026, not calibrated.
_MAX_CORNER_PATTERNS = 10
_MIN_CORNER_PATTERNS = 4
_PATTERNS_PER_CORNER_PATTERN = 50
# How often the direction of a corner is taken from the patterns furthest in it.
# Historical: chosen by trial in 2026, not calibrated.
_N_CORNER_ROUNDS = 3
# What replaces a zero, as a part of the mean of a factor. Historical: chosen by trial
# in 2026, not calibrated.
_ZERO_FRACTION = 0.01


def fit_from_best_start(A, n_components, options):
    """Fit non-negative factors, from the start that leaves the smaller misfit.

    Starting from the extreme patterns finds phases that are pure somewhere, be it at a
    handful of positions. Where that leaves more than noise, the singular vectors are
    tried too.

    Parameters
    ----------
    A : CompressedMatrix
    n_components : int
    options : dict
        For :func:`hals`.

    Returns
    -------
    Fit
    """
    best = hals(A, find_corners(A, n_components), **options)
    if best.misfits[-1] > A.noise:
        other = hals(A, nndsvd(A, n_components), **options)
        if other.misfits[-1] < best.misfits[-1]:
            return other
    return best


def find_corners(A, n_components):
    """Start from the patterns that stand out, one after the other.

    Successive projection: mixtures lie within the body whose corners are the pure
    patterns, so the pattern furthest out is a corner; what it explains is projected
    away, and the next one is sought ([1]_). As noise stands out as well, a corner is
    the mean of the ten patterns that go furthest in its direction.

    Parameters
    ----------
    A : CompressedMatrix
    n_components : int

    Returns
    -------
    Factors

    References
    ----------
    .. [1] N. Gillis, S. A. Vavasis, Fast and robust recursive algorithms for separable
       nonnegative matrix factorization, IEEE Trans. Pattern Anal. Mach. Intell. 36
       (2014), doi:10.1109/TPAMI.2013.226.
    """
    points, variance = remove_brightness(A)
    corners = np.zeros((n_components, points.shape[1]))
    left = points.copy()
    for j in range(min(n_components, points.shape[1])):
        freedom = points.shape[1] - j
        start = left[np.argmax((left**2).sum(axis=1) - freedom * variance)]
        furthest, direction = _find_corner(left, start)
        corners[j] = points[furthest].mean(axis=0)
        left -= np.outer(left @ direction, direction)
    norms = np.linalg.norm(A.B, axis=1, keepdims=True)
    H = np.maximum(corners @ (A.B / norms), 0).astype(np.float32)
    _fill_zeros(H)
    H /= np.linalg.norm(H, axis=1, keepdims=True)
    Wt = solve_weights(H, A.project(H))
    _fill_zeros(Wt)
    return Factors(Wt, H)


def nndsvd(A, n_components):
    """Start from the singular vectors of Q B, made non-negative.

    Each pair of singular vectors gives the larger of its two non-negative parts
    ([1]_); zeros become small positive numbers, because the multiplicative scale of a
    component that is zero everywhere could never grow again.

    Parameters
    ----------
    A : CompressedMatrix
    n_components : int

    Returns
    -------
    Factors

    References
    ----------
    .. [1] C. Boutsidis, E. Gallopoulos, SVD based initialization: a head start for
       nonnegative matrix factorization, Pattern Recognit. 41 (2008),
       doi:10.1016/j.patcog.2007.09.010.
    """
    roots = np.sqrt(np.linalg.norm(A.B, axis=1))
    Wt = np.zeros((n_components, len(A.Q)), np.float32)
    H = np.zeros((n_components, A.B.shape[1]), np.float32)
    for j in range(min(n_components, len(A.B))):
        left, right = A.Q[:, j] * roots[j], A.B[j] / roots[j]
        if j == 0:
            Wt[j], H[j] = np.abs(left), np.abs(right)
            continue
        parts = [
            (np.maximum(sign * left, 0), np.maximum(sign * right, 0))
            for sign in (1, -1)
        ]
        sizes = [np.linalg.norm(one) * np.linalg.norm(two) for one, two in parts]
        Wt[j], H[j] = parts[int(np.argmax(sizes))]
    _fill_zeros(Wt)
    _fill_zeros(H)
    return Factors(Wt, H)


def remove_brightness(A):
    """Scale patterns to the same brightness.

    Parameters
    ----------
    A : CompressedMatrix

    Returns
    -------
    points : numpy.ndarray, shape (n_patterns, rank)
        Coordinates along the rows of B, scaled to the brightness of a typical pattern;
        0 for patterns whose total is lost in noise.
    variance : numpy.ndarray, shape (n_patterns,)
        Of the noise in each coordinate; 0 for patterns whose total is lost in noise.
    """
    norms = np.linalg.norm(A.B, axis=1)
    points = A.Q.astype(np.float64) * norms
    total = (A.B / norms[:, None]) @ A.per_pixel
    brightness = points @ total
    # Scaled rows differ in brightness by more than the patterns do: noise is the ruler.
    bright = brightness > np.sqrt(A.noise_variance) * np.linalg.norm(total)
    typical = np.median(brightness[bright]) if bright.any() else 1.0
    factor = np.divide(typical, brightness, out=np.zeros_like(brightness), where=bright)
    return points * factor[:, None], A.noise_variance * factor**2


def _find_corner(points, direction):
    """Numbers of the patterns furthest in a direction, which turns to their mean."""
    n = min(_MAX_CORNER_PATTERNS, len(points) // _PATTERNS_PER_CORNER_PATTERN)
    n = min(len(points), max(_MIN_CORNER_PATTERNS, n))
    for _ in range(_N_CORNER_ROUNDS):
        furthest = np.argpartition(points @ direction, -n)[-n:]
        direction = points[furthest].mean(axis=0)
        norm = np.linalg.norm(direction)
        if norm == 0:
            break
        direction = direction / norm
    return furthest, direction


def _fill_zeros(factor):
    """Make zeros small positive numbers, in place: what is zero could stay so."""
    factor[factor == 0] = _ZERO_FRACTION * factor.mean() or 1e-6
