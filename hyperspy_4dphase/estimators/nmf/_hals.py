"""Non-negative factors of a compressed matrix A = Q B by alternating least squares.

Throughout, `Wt` (n_components, n_patterns) is W transposed: both factors then have one
contiguous row a component and are updated by the same sweep.
"""

import numpy as np


def sweep(factor, gram, cross):
    """One pass of coordinate descent over the rows of a factor, in place.

    Each row in turn takes the non-negative value that minimizes the squared residual,
    the other rows held fixed: with ``cross = other @ A``, ``gram = other @ other.T``.
    """
    for j in range(len(factor)):
        if gram[j, j] > 0:
            step = (cross[j] - gram[j] @ factor) / gram[j, j]
            np.maximum(factor[j] + step, 0, out=factor[j])


def hals(Q, B, Wt, H, *, max_iter, tol, noise=0.0, enough=0.0, callback=None):
    """Minimize ||Q B - W H||^2 over non-negative W and H, in place.

    Parameters
    ----------
    Q : numpy.ndarray, shape (n_patterns, rank)
        Orthonormal columns.
    B : numpy.ndarray, shape (rank, n_pixels)
    Wt, H : numpy.ndarray
        Starting factors; hold the result.
    max_iter : int
    tol : float
        Stops when an iteration lowers the misfit by less than `tol` times the misfit or
        times `noise`, whichever is more.
    noise : float, optional
        The squared norm that noise alone has in Q B.
    enough : float, optional
        Stops as soon as the misfit is no more than this part of `noise`.
    callback : callable, optional
        ``callback(n_done, max_iter)`` after each iteration.

    Returns
    -------
    misfits : list of float
        ||Q B - W H||^2 after each iteration; never rises.
    converged : bool
    """
    total = float(np.einsum("ij,ij->", B, B, dtype=np.float64))
    misfits = []
    for i in range(max_iter):
        sweep(H, Wt @ Wt.T, (Wt @ Q) @ B)
        gram, cross = H @ H.T, (H @ B.T) @ Q.T
        sweep(Wt, gram, cross)
        overlap = np.einsum("ij,ij->", cross, Wt, dtype=np.float64)
        model = np.einsum("ij,ij->", gram, Wt @ Wt.T, dtype=np.float64)
        misfits.append(max(total - 2 * overlap + model, 0.0))
        if callback is not None:
            callback(i + 1, max_iter)
        # Single precision cannot tell misfits below this part of the whole apart.
        floor = max(misfits[-1], noise, 1e-6 * total)
        if misfits[-1] <= enough * noise:
            return misfits, True
        if i and misfits[-2] - misfits[-1] < tol * floor:
            return misfits, True
    return misfits, False


def solve_weights(H, cross, *, max_iter=100, tol=1e-4, start=None):
    """Non-negative Wt that minimizes ||A - W H||^2 for fixed H.

    Parameters
    ----------
    H : numpy.ndarray, shape (n_components, n_pixels)
    cross : numpy.ndarray, shape (n_components, n_patterns)
        ``H @ A.T``.

    Returns
    -------
    numpy.ndarray, shape (n_components, n_patterns)
    """
    gram = H @ H.T
    if start is None:
        start = np.linalg.pinv(gram, rcond=1e-6, hermitian=True) @ cross
    Wt = np.maximum(start, 0).astype(np.float32)
    for _ in range(max_iter):
        before = Wt.copy()
        sweep(Wt, gram, cross)
        change = np.abs(Wt - before).max(initial=0)
        if change <= tol * Wt.max(initial=0):
            break
    return Wt


def shares(Wt, H, per_pixel):
    """Share of each component in the total of each pattern.

    Parameters
    ----------
    per_pixel : numpy.ndarray, shape (n_pixels,)
        What one scaled unit of each pixel is worth in the units of the data.

    Returns
    -------
    numpy.ndarray, shape (n_components, n_patterns)
        Columns sum to one, or to zero where a pattern is empty.
    """
    parts = Wt * (H @ per_pixel)[:, None]
    total = parts.sum(axis=0)
    return np.divide(parts, total, out=np.zeros_like(parts), where=total > 0)


def purest(share):
    """Largest share of each component, of several patterns lest noise decides.

    Returns
    -------
    numpy.ndarray, shape (n_components,)
    """
    n_patterns = share.shape[1]
    n_best = min(n_patterns, max(5, n_patterns // 4000))
    best = np.partition(share, n_patterns - n_best, axis=1)[:, n_patterns - n_best]
    return best


def purify(Q, B, Wt, H, per_pixel, *, n_rounds=6, power=8):
    """Draw each component's pattern towards the patterns that hold it purest.

    Non-negativity alone leaves a choice: a pattern without dark pixels (a direct beam,
    a diffuse background) can hand part of itself to the others, and ghosts of one phase
    appear in the map of another. Where every phase is pure somewhere, the solution
    whose patterns are those of the pure positions has none. Each round takes the mean
    of all patterns, weighted by a high power of the share of the component, as its new
    pattern, and solves for the weights again.

    Returns
    -------
    Wt, H : numpy.ndarray
    """
    for _ in range(n_rounds):
        share = shares(Wt, H, per_pixel)
        best = purest(share)[:, None]
        weight = np.divide(share, best, out=np.zeros_like(share), where=best > 0)
        weight = np.minimum(weight, 1) ** power
        mean = np.maximum((weight @ Q) @ B, 0)
        norm = np.linalg.norm(mean, axis=1, keepdims=True)
        # A component that is nowhere keeps its pattern.
        H = np.where(norm > 0, mean / np.where(norm > 0, norm, 1), H)
        H = H.astype(np.float32)
        Wt = solve_weights(H, (H @ B.T) @ Q.T, max_iter=30)
    return Wt, H
