"""Reads of all patterns, each of them one power iteration, until nothing changes."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.compression._compressed import CompressedPatterns
from hyperspy_4dphase.estimators.compression._first_read import FirstRead
from hyperspy_4dphase.estimators.compression._packing_pass import keep_packed
from hyperspy_4dphase.estimators.compression._passes import GramPass
from hyperspy_4dphase.estimators.compression._rare_patterns import (
    find_outliers,
    find_rare_directions,
)
from hyperspy_4dphase.estimators.compression._remainder import decompose_gram
from hyperspy_4dphase.estimators.compression._scaling import find_noise_edge
from hyperspy_4dphase.estimators.compression._subspace import Subspace, orthonormalize

# Directions that stand above noise in most scans, and the most that are looked for,
# oversampling not counted. Historical: chosen by trial, not calibrated.
_FIRST_RANK = 22
MAX_RANK = 64
# Patterns that stand out which are looked at for rare structure: fewest, most, and the
# memory for them in bytes. Historical.
_N_OUTSTANDING, _OUTSTANDING_BYTES = (32, 256), 8 * 2**20
# Structure this many times above the noise edge is found by one iteration. Historical.
_PLAIN_FROM = 5.0
# Power iterations on the sample, in memory. Historical.
_N_SAMPLE_ITERATIONS = 8
# Fewest and most reads, and the relative change of a singular value that is none: of a
# scan in memory, and of one that is read again each time. Historical.
_N_READS_SMALL, _N_READS_LARGE = (2, 6), (2, 3)
_TOLERANCE_SMALL, _TOLERANCE_LARGE = 4e-3, 1e-2
# Directions below the noise edge that are followed: one may come out above it.
_N_BEYOND = 11
# One pattern or two in a scan may stand out by chance.
_MIN_RARE = 3
# Eigenvalues below this fraction of the largest are rounding of double precision.
_ROUNDING = 1e-10
# Single precision leaves this fraction of a pattern's squared norm.
_ROUNDING_OF_PATTERN = 1e-6


class Expected(NamedTuple):
    """What is known of the noise before anything is decomposed.

    Attributes
    ----------
    least_variance : float
        Of a scaled value.
    spectrum : numpy.ndarray, shape (n_pixels,), or None
        Variances of the noise along its principal directions if it is not white.
    """

    least_variance: float = 0.0
    spectrum: np.ndarray | None = None

    def spread(self, column_noise):
        """Noise along principal directions, that of the scaled pixels given.

        Pixels whose noise is larger are taken to be anywhere in the spectrum.
        """
        if self.spectrum is None:
            return column_noise
        shuffled = np.random.RandomState(0).permutation(self.spectrum)
        return column_noise * shuffled


@dataclass
class PowerIteration:
    """Finds the directions of patterns that stand above noise.

    Attributes
    ----------
    first : FirstRead
    spectrum : numpy.ndarray, shape (n_pixels,), or None
        Variances of the noise along its principal directions if it is not white.
    rank : int
        How many directions to keep at least.
    oversampling : int
        Additional directions.
    random_state : numpy.random.RandomState
    device : "cpu" or torch.device
    """

    first: FirstRead
    spectrum: np.ndarray | None
    rank: int
    oversampling: int
    random_state: np.random.RandomState
    device: object

    def __post_init__(self):
        most = max(MAX_RANK, self.rank) + self.oversampling
        self._widest = min(*self.first.blocks.shape, most)
        n_pixels = self.first.blocks.shape[1]
        held = _OUTSTANDING_BYTES // (4 * max(n_pixels, 1))
        self._n_outstanding = int(np.clip(held, _N_OUTSTANDING[0], _N_OUTSTANDING[1]))
        least = max(_FIRST_RANK, self.rank) + self.oversampling
        self._width = min(self._widest, least)
        # Whole electrons have the noise of counting, and nothing takes from it.
        is_counted = self.first.detector.kind == "counts" and self.first.has_unit
        self._expected = Expected(float(is_counted), self.spectrum)

    def run(self, is_small, n_iterations=None):
        """Read the patterns until what stands above noise no longer changes.

        Parameters
        ----------
        is_small : bool
            Whether the patterns are in memory, and reads are cheap.
        n_iterations : int, optional
            Number of reads. By default it depends on what is found.

        Returns
        -------
        result : CompressedPatterns
        scaling : Scaling
            That of the result.
        """
        n_least, n_most = _N_READS_SMALL if is_small else _N_READS_LARGE
        if n_iterations is not None:
            n_least = n_most = max(1, n_iterations)
        tolerance = _TOLERANCE_SMALL if is_small else _TOLERANCE_LARGE
        blocks, scaling = self.first.blocks, self.first.scaling
        V, kept, before = self._find_row_space(), None, None
        for i in range(n_most):
            n_outstanding = 0 if i else self._n_outstanding
            products = GramPass(V, scaling, n_outstanding, self.device)
            stage = f"Reading patterns ({i + 1})"
            products = blocks.accumulate(products, stage=stage)
            found = Subspace.from_pass(products)
            if kept is not None:
                found = kept.join(found)
            result, directions = decompose(
                found,
                self.rank,
                self.oversampling,
                self._expected,
                n_directions=0 if i else V.shape[1],
            )
            if i + 1 >= n_least and _has_settled(before, result, tolerance):
                break
            if i == 0 and n_iterations is None and not is_small:
                if _is_plain(result) and find_outliers(products).sum() < _MIN_RARE:
                    break
            before = result
            if i + 1 == n_most:
                break
            if i == 0:
                V, scaling = self._advance(products, result, directions, scaling)
            else:
                kept = found.keep_strongest(self._choose_width(result))
                # What is noise, but for the strongest of it, stays as it is.
                V = kept.find_next(result.n_significant + _N_BEYOND)
                if not V.size:
                    break
        return result, scaling

    def _choose_width(self, result):
        """How many directions to look for."""
        return min(max(2 * result.n_significant, self._width), self._widest)

    def _find_row_space(self):
        """Find orthonormal (n_pixels, k) columns that hold what the sample shows."""
        blocks = PatternBlocks(self.first.sample, 1, allow_negative=True)
        if self.device == "cpu":
            blocks = keep_packed(blocks)
        scaling = self.first.scaling
        normal = self.random_state.standard_normal((blocks.shape[1], self._width))
        V = orthonormalize(normal)
        for i in range(_N_SAMPLE_ITERATIONS):
            products = blocks.accumulate(GramPass(V, scaling, device=self.device))
            found = Subspace.from_pass(products)
            result, V = decompose(found, self._width, 0, self._expected)
            if i < 2:
                continue
            width = V.shape[1]
            if result.n_significant < width - 5 or width >= self._widest:
                break
            V = self._widen(V, min(2 * width, self._widest))
        return V

    def _advance(self, products, result, directions, scaling):
        """Compute the basis and the scaling for the second read."""
        rare = find_rare_directions(products, products.V, scaling)
        width = self._choose_width(result)
        directions = directions[:, : max(width - rare.shape[1], 0)]
        V = self._widen(np.column_stack([directions, rare]), width)
        if not scaling.poisson:
            return orthonormalize(V), scaling
        # The sums as they are with readout noise.
        sums = scaling.column_noise(products.column_sums, result.row_scale**2)
        sums *= inverse(scaling.column_weight)
        weight = len(result.Q) * inverse(sums) * scaling.reliability
        weight *= scaling.column_weight.sum() * inverse(weight.sum())
        change = np.sqrt(weight * inverse(scaling.column_weight))
        scaling = self.first.balance.make_scaling(weight, scaling.reliability)
        return orthonormalize(V * change[:, None].astype(np.float32)), scaling

    def _widen(self, V, width):
        """Add random columns up to a width, and make them orthonormal."""
        n_more = width - V.shape[1]
        if n_more <= 0:
            return V
        more = self.random_state.standard_normal((len(V), n_more)) / np.sqrt(len(V))
        return orthonormalize(np.column_stack([V, more]))


def decompose(found, rank, oversampling, expected=None, n_directions=0):
    """Compute the singular value decomposition that one pass or more amount to.

    Parameters
    ----------
    found : Subspace
    rank, oversampling : int
        As for :class:`PowerIteration`.
    expected : Expected, optional
    n_directions : int, optional
        How many right singular vectors are wanted at least.

    Returns
    -------
    result : CompressedPatterns
    directions : numpy.ndarray, shape (n_pixels, at least `n_directions`), float32
        The right singular vectors, also those that the result leaves out; fewer where
        there are no more.
    """
    norms, u, noise, scaling = found.norms, found.u, found.noise, found.scaling
    whiten = found.orthonormal_products(_ROUNDING)
    back = found.Z @ whiten
    singular_values, U = decompose_gram(back.T @ back)
    expected = expected or Expected()
    column_noise = expected.spread(scaling.column_noise(found.column_sums, u))
    squared_norm = norms.sum()
    edge = find_noise_edge(
        singular_values, squared_norm, noise, column_noise, expected.least_variance
    )
    n_kept = max(edge.n_significant, rank) + oversampling
    wanted = slice(0, max(n_kept, n_directions))
    singular_values, U = singular_values[wanted], U[:, wanted]
    directions = back.astype(np.float32) @ (U * inverse(singular_values)).astype("f4")
    signs = _choose_signs(directions)
    directions *= signs
    kept = slice(0, n_kept)
    Q = found.Y @ (whiten @ (U * signs)[:, kept]).astype(np.float32)
    singular_values = singular_values[kept]
    B = np.ascontiguousarray((directions[:, kept] * singular_values).T, np.float32)
    explained = ((Q.astype(np.float64) * singular_values) ** 2).sum(axis=1)
    residual_noise = edge.variance * noise * (1 - Q.shape[1] / len(found.V))
    residual_noise = np.maximum(residual_noise, _ROUNDING_OF_PATTERN * norms)
    result = CompressedPatterns(
        Q=Q,
        B=B,
        row_scale=np.sqrt(u),
        column_scale=np.sqrt(scaling.column_weight).astype(np.float32),
        singular_values=singular_values,
        noise_variance=edge.variance,
        noise_edge=edge.edge,
        n_significant=edge.n_significant,
        residual=np.maximum(norms - explained, 0) * inverse(residual_noise),
        squared_norm=squared_norm,
        noise="poisson" if scaling.poisson else "uniform",
        row_limit=scaling.row_limit,
        floor=scaling.floor,
    )
    return result, directions


def _choose_signs(columns):
    """Make the arbitrary sign of singular vectors the same however blocks are cut."""
    negative = -columns.min(axis=0, initial=0) > columns.max(axis=0, initial=0)
    return np.where(negative, -1, 1).astype(columns.dtype)


def _is_plain(result):
    """Tell whether all structure is so far above noise that the sample showed it."""
    k = result.n_significant
    weakest = result.singular_values[k - 1] if k else 0.0
    return k <= _FIRST_RANK // 2 and weakest > _PLAIN_FROM * result.noise_edge


def _has_settled(before, result, tolerance):
    if before is None or before.n_significant != result.n_significant:
        return False
    k = result.n_significant
    change = np.abs(1 - before.singular_values[:k] / result.singular_values[:k])
    return bool((change < tolerance).all())
