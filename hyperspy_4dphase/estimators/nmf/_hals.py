"""Non-negative factors of a compressed matrix A = Q B by alternating least squares."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators._reciprocals import inverse

# The largest fraction of a component is that of several patterns, lest noise decides:
# of this many, or of one in so many. Historical: chosen by trial in 2026, not
# calibrated.
_MIN_PEAK_PATTERNS = 5
_PATTERNS_PER_PEAK_PATTERN = 4000
# How often, and by which power of the fraction, means are taken of pure patterns.
# Historical: chosen by trial in 2026, not calibrated.
_N_PURE_ROUNDS = 6
_PURE_POWER = 8
# Of the iterations that solve for weights: of a round of `purify`, and in full.
_N_PURE_SWEEPS = 30
_N_SWEEPS = 100
# Single precision cannot tell misfits below this part of the squared norm apart.
_ROUNDING = 1e-6


class Factors(NamedTuple):
    """Non-negative factors of patterns.

    Attributes
    ----------
    Wt : numpy.ndarray, shape (n_components, n_patterns), float32
        W transposed: both factors then have one contiguous row a component, and the
        same sweep updates them.
    H : numpy.ndarray, shape (n_components, n_pixels), float32
    """

    Wt: np.ndarray
    H: np.ndarray


class Fit(NamedTuple):
    """What alternating least squares ends with.

    Attributes
    ----------
    factors : Factors
    misfits : list of float
        ||Q B - W H||^2 after each iteration; never rises.
    converged : bool
    """

    factors: Factors
    misfits: list
    converged: bool


@dataclass
class CompressedMatrix:
    """Scaled patterns A = Q B, and the noise in them.

    Attributes
    ----------
    Q : numpy.ndarray, shape (n_patterns, rank)
        Orthonormal columns.
    B : numpy.ndarray, shape (rank, n_pixels)
    per_pixel : numpy.ndarray, shape (n_pixels,)
        What one scaled unit of each pixel is worth in the units of the data.
    noise_variance : float, optional
        Of one scaled value.
    noise : float, optional
        The squared norm that noise alone has in all directions above the noise edge.
    device : "cpu" or torch.device, optional
        Where :func:`hals` iterates.
    """

    Q: np.ndarray
    B: np.ndarray
    per_pixel: np.ndarray
    noise_variance: float = 0.0
    noise: float = 0.0
    device: object = "cpu"

    @classmethod
    def from_compression(cls, compression, rank, device="cpu"):
        """Take the leading directions of compressed patterns.

        Parameters
        ----------
        compression : CompressedPatterns
        rank : int
        device : "cpu" or torch.device, optional
        """
        variance = compression.score_variance
        return cls(
            compression.Q[:, :rank],
            compression.B[:rank],
            inverse(compression.column_scale),
            variance,
            variance * rank * sum(compression.shape),
            device,
        )

    def keep_leading(self, rank):
        """Leave out the weaker directions; `noise` stays that of all."""
        return replace(self, Q=self.Q[:, :rank], B=self.B[:rank])

    def project(self, H):
        """Project patterns on the rows of H: H A^T (n_components, n_patterns)."""
        return (H @ self.B.T) @ self.Q.T

    def find_fractions(self, factors):
        """Find which part of the total of each pattern is that of each component.

        Parameters
        ----------
        factors : Factors

        Returns
        -------
        numpy.ndarray, shape (n_components, n_patterns)
            Columns sum to one, or to zero where a pattern is empty.
        """
        parts = factors.Wt * (factors.H @ self.per_pixel)[:, None]
        total = parts.sum(axis=0)
        return np.divide(parts, total, out=np.zeros_like(parts), where=total > 0)


def sweep(factor, gram, cross):
    """Do one pass of coordinate descent over the rows of a factor, in place.

    Each row in turn takes the non-negative value that minimizes the squared residual,
    the other rows held fixed: with ``cross = other @ A``, ``gram = other @ other.T``.
    All are arrays, or tensors on one device.
    """
    is_array = isinstance(factor, np.ndarray)
    # All at once: each number that is fetched from a GPU has to be waited for.
    for j, norm in enumerate(gram.diagonal().tolist()):
        if not norm > 0:
            continue
        step = (cross[j] - gram[j] @ factor) / norm
        if is_array:
            np.maximum(factor[j] + step, 0, out=factor[j])
        else:
            factor[j] = (factor[j] + step).clip(min=0)


def hals(A, factors, *, max_iter, tol, enough=0.0, callback=None):
    """Minimize ||Q B - W H||^2 over non-negative W and H.

    Parameters
    ----------
    A : CompressedMatrix
    factors : Factors
        Where it starts. They are overwritten by the result.
    max_iter : int
    tol : float
        Stops when an iteration lowers the misfit by less than `tol` times the misfit or
        times the noise, whichever is more.
    enough : float, optional
        Stops as soon as the misfit is no more than this part of the noise.
    callback : callable, optional
        ``callback(n_done, max_iter)`` after each iteration.

    Returns
    -------
    Fit
    """
    if A.device == "cpu":
        return _iterate(A, factors, max_iter, tol, enough, callback)
    # It imports torch, which takes seconds.
    from hyperspy_4dphase.estimators.nmf import _device_factors

    A, Wt, H = _device_factors.move_to_device(A, *factors)
    fit = _iterate(A, Factors(Wt, H), max_iter, tol, enough, callback)
    for array, found in zip(
        factors, _device_factors.move_back(*fit.factors), strict=True
    ):
        array[...] = found
    return fit._replace(factors=factors)


def _iterate(A, factors, max_iter, tol, enough, callback):
    Wt, H = factors
    total = _inner(A.B, A.B)
    misfits = []
    for i in range(max_iter):
        sweep(H, Wt @ Wt.T, (Wt @ A.Q) @ A.B)
        gram, cross = H @ H.T, A.project(H)
        sweep(Wt, gram, cross)
        overlap = _inner(cross, Wt)
        model = _inner(gram, Wt @ Wt.T)
        misfits.append(max(total - 2 * overlap + model, 0.0))
        if callback is not None:
            callback(i + 1, max_iter)
        floor = max(misfits[-1], A.noise, _ROUNDING * total)
        is_flat = i > 0 and misfits[-2] - misfits[-1] < tol * floor
        if is_flat or misfits[-1] <= enough * A.noise:
            return Fit(factors, misfits, True)
    return Fit(factors, misfits, False)


def _inner(one, other):
    """Sum of the products of all entries, in double precision."""
    if isinstance(one, np.ndarray):
        return float(np.einsum("ij,ij->", one, other, dtype=np.float64))
    return float((one.double() * other.double()).sum())


def solve_weights(H, cross, *, max_iter=_N_SWEEPS, tol=1e-4):
    """Find the non-negative Wt that minimizes ||A - W H||^2 for fixed H.

    Parameters
    ----------
    H : numpy.ndarray, shape (n_components, n_pixels)
    cross : numpy.ndarray, shape (n_components, n_patterns)
        ``H @ A.T``.
    max_iter : int, optional
    tol : float, optional
        Stops when no weight changes by more than this part of the largest.

    Returns
    -------
    numpy.ndarray, shape (n_components, n_patterns)
    """
    gram = H @ H.T
    start = np.linalg.pinv(gram, rcond=1e-6, hermitian=True) @ cross
    Wt = np.maximum(start, 0).astype(np.float32)
    for _ in range(max_iter):
        before = Wt.copy()
        sweep(Wt, gram, cross)
        change = np.abs(Wt - before).max(initial=0)
        if change <= tol * Wt.max(initial=0):
            break
    return Wt


def find_peak_fractions(fractions):
    """Find the largest fraction of each component, of several patterns at least.

    Parameters
    ----------
    fractions : numpy.ndarray, shape (n_components, n_patterns)

    Returns
    -------
    numpy.ndarray, shape (n_components,)
    """
    n_patterns = fractions.shape[1]
    n_peak = max(_MIN_PEAK_PATTERNS, n_patterns // _PATTERNS_PER_PEAK_PATTERN)
    place = n_patterns - min(n_patterns, n_peak)
    return np.partition(fractions, place, axis=1)[:, place]


def purify(A, factors):
    """Draw each component's pattern towards the patterns that hold it purest.

    Non-negativity alone leaves a choice: a pattern without dark pixels (a direct beam,
    a diffuse background) can hand part of itself to the others, and ghosts of one phase
    appear in the map of another. Where every phase is pure somewhere, the solution
    whose patterns are those of the pure positions has none. Each round takes the mean
    of all patterns, weighted by a high power of the fraction of the component, as its
    new pattern, and solves for the weights again.

    Parameters
    ----------
    A : CompressedMatrix
    factors : Factors
        They are not changed.

    Returns
    -------
    Factors
    """
    for _ in range(_N_PURE_ROUNDS):
        fractions = A.find_fractions(factors)
        peak = find_peak_fractions(fractions)[:, None]
        weight = np.divide(
            fractions, peak, out=np.zeros_like(fractions), where=peak > 0
        )
        weight = np.minimum(weight, 1) ** _PURE_POWER
        mean = np.maximum((weight @ A.Q) @ A.B, 0)
        norm = np.linalg.norm(mean, axis=1, keepdims=True)
        # A component that is nowhere keeps its pattern.
        H = np.where(norm > 0, mean / np.where(norm > 0, norm, 1), factors.H)
        H = H.astype(np.float32)
        Wt = solve_weights(H, A.project(H), max_iter=_N_PURE_SWEEPS)
        factors = Factors(Wt, H)
    return factors
