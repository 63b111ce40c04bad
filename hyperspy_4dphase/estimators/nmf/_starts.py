"""Where alternating least squares begins, which decides where it ends."""

import numpy as np

from hyperspy_4dphase.estimators.nmf._hals import hals, solve_weights

_N_AVERAGED = 10


def first_fit(Q, B, n_components, per_pixel, noise_variance, options):
    """Non-negative factors from the start that leaves the smaller misfit.

    Starting from the extreme patterns finds phases that are pure somewhere, be it at a
    handful of positions. Where that leaves more than noise, the singular vectors are
    tried too.

    Parameters
    ----------
    Q, B : numpy.ndarray, shapes (n_patterns, rank) and (rank, n_pixels)
    n_components : int
    per_pixel : numpy.ndarray, shape (n_pixels,)
        What one scaled unit of each pixel is worth in the units of the data.
    noise_variance : float
        Of one scaled value.
    options : dict
        For :func:`hals`.

    Returns
    -------
    Wt, H : numpy.ndarray
    misfits : list of float
        After each iteration, from this start.
    converged : bool
    """
    starts = (
        lambda: vertices(Q, B, n_components, per_pixel, noise_variance),
        lambda: nndsvd(Q, B, n_components),
    )
    best = None
    for start in starts:
        Wt, H = start()
        misfits, converged = hals(Q, B, Wt, H, **options)
        if best is None or misfits[-1] < best[2][-1]:
            best = Wt, H, misfits, converged
        if misfits[-1] <= options["noise"]:
            break
    return best


def vertices(Q, B, n_components, per_pixel, noise_variance):
    """Starting factors from the patterns that stand out, one after the other.

    Successive projection: mixtures lie within the body whose corners are the pure
    patterns, so the pattern furthest out is a corner; what it explains is projected
    away, and the next one is sought ([1]_). As noise stands out as well, a corner is
    the mean of the ten patterns that go furthest in its direction.

    Returns
    -------
    Wt : numpy.ndarray, shape (n_components, n_patterns)
    H : numpy.ndarray, shape (n_components, n_pixels)

    References
    ----------
    .. [1] N. Gillis, S. A. Vavasis, Fast and robust recursive algorithms for separable
       nonnegative matrix factorization, IEEE Trans. Pattern Anal. Mach. Intell. 36
       (2014), doi:10.1109/TPAMI.2013.226.
    """
    points, variance = brightness_free(Q, B, per_pixel, noise_variance)
    n_averaged = min(len(points), max(4, min(_N_AVERAGED, len(points) // 50)))
    left = points.copy()
    corners = np.zeros((n_components, points.shape[1]))
    for j in range(min(n_components, points.shape[1])):
        freedom = points.shape[1] - j
        direction = left[np.argmax((left**2).sum(axis=1) - freedom * variance)]
        for _ in range(3):
            reach = left @ direction
            furthest = np.argpartition(reach, -n_averaged)[-n_averaged:]
            direction = left[furthest].mean(axis=0)
            norm = np.linalg.norm(direction)
            if norm == 0:
                break
            direction = direction / norm
        corners[j] = points[furthest].mean(axis=0)
        left -= np.outer(left @ direction, direction)
    norms = np.linalg.norm(B, axis=1, keepdims=True)
    H = np.maximum(corners @ (B / norms), 0).astype(np.float32)
    _fill(H)
    H /= np.linalg.norm(H, axis=1, keepdims=True)
    Wt = solve_weights(H, (H @ B.T) @ Q.T)
    _fill(Wt)
    return Wt, H


def nndsvd(Q, B, n_components):
    """Non-negative starting factors from the singular vectors of Q B.

    Each pair of singular vectors gives the larger of its two non-negative parts
    ([1]_); zeros become small positive numbers, because the multiplicative scale of a
    component that is zero everywhere could never grow again.

    Returns
    -------
    Wt : numpy.ndarray, shape (n_components, n_patterns)
    H : numpy.ndarray, shape (n_components, n_pixels)

    References
    ----------
    .. [1] C. Boutsidis, E. Gallopoulos, SVD based initialization: a head start for
       nonnegative matrix factorization, Pattern Recognit. 41 (2008),
       doi:10.1016/j.patcog.2007.09.010.
    """
    norms = np.linalg.norm(B, axis=1)
    Wt = np.zeros((n_components, len(Q)), np.float32)
    H = np.zeros((n_components, B.shape[1]), np.float32)
    for j in range(min(n_components, len(B))):
        left, right = Q[:, j] * np.sqrt(norms[j]), B[j] / np.sqrt(norms[j])
        if j == 0:
            Wt[j], H[j] = np.abs(left), np.abs(right)
            continue
        parts = [
            (np.maximum(sign * left, 0), np.maximum(sign * right, 0))
            for sign in (1, -1)
        ]
        sizes = [np.linalg.norm(one) * np.linalg.norm(two) for one, two in parts]
        Wt[j], H[j] = parts[int(np.argmax(sizes))]
    _fill(Wt)
    _fill(H)
    return Wt, H


def brightness_free(Q, B, per_pixel, noise_variance):
    """Patterns as points from which brightness is taken out.

    Returns
    -------
    points : numpy.ndarray, shape (n_patterns, rank)
        Coordinates along the rows of B, scaled to the brightness of a typical pattern;
        0 for patterns whose total is lost in noise.
    variance : numpy.ndarray, shape (n_patterns,)
        Of the noise in each coordinate; 0 for patterns whose total is lost in noise.
    """
    norms = np.linalg.norm(B, axis=1)
    points = Q.astype(np.float64) * norms
    total = (B / norms[:, None]) @ per_pixel
    brightness = points @ total
    # Scaled rows differ in brightness by more than the patterns do: noise is the ruler.
    bright = brightness > np.sqrt(noise_variance) * np.linalg.norm(total)
    typical = np.median(brightness[bright]) if bright.any() else 1.0
    factor = np.divide(typical, brightness, out=np.zeros_like(brightness), where=bright)
    return points * factor[:, None], noise_variance * factor**2


def _fill(factor):
    """Make zeros small positive numbers, in place: what is zero could stay so."""
    factor[factor == 0] = 0.01 * factor.mean() or 1e-6
