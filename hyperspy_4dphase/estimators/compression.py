"""A scan reduced to what rises above its counting noise, in few reads."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.utils import check_random_state

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators._passes import (
    GramPass,
    Scaling,
    Statistics,
    gathered,
    inverse,
)

_MAX_RANK = 64
_FIRST_RANK = 22
_SAMPLE_BYTES = 128 * 2**20
_HELD_BYTES = 256 * 2**20
_N_OUTSTANDING = 256
_N_RARE = 8
_ROW_LIMIT = 3.0


@dataclass
class CompressedPatterns:
    """Patterns X (n_patterns, n_pixels) as Q B in scaled units, where noise is white.

    The scaled patterns are ``X * row_scale[:, None] * column_scale``; their singular
    value decomposition, cut off, is ``Q @ B`` with the singular values in ``B``.

    Attributes
    ----------
    Q : numpy.ndarray, shape (n_patterns, rank), float32
        Orthonormal columns, the strongest first.
    B : numpy.ndarray, shape (rank, n_pixels), float32
        Orthogonal rows, of norm `singular_values`.
    row_scale, column_scale : numpy.ndarray, shape (n_patterns,) and (n_pixels,)
        What patterns and pixels were multiplied by; 0 where there are no counts.
    singular_values : numpy.ndarray, shape (rank,)
        Of the scaled patterns.
    noise_variance : float
        Of one scaled value: 1 for counts, the gain for counts times a gain.
    noise_edge : float
        The largest singular value that noise alone would show.
    n_significant : int
        How many singular values stand above the edge: the first so many directions
        are structure, the others noise.
    residual : numpy.ndarray, shape (n_patterns,)
        Mean squared deviation of each pattern from ``Q @ B`` in units of the noise
        variance: about 1 where all that is left is noise.
    squared_norm : float
        Of the scaled patterns, all directions counted.
    noise : str
        ``"poisson"`` or ``"uniform"``.
    row_limit : float
        Largest squared `row_scale` times total of a pattern; see :class:`Scaling`.
    n_reads : float
        How many times the patterns were read.
    """

    Q: np.ndarray
    B: np.ndarray
    row_scale: np.ndarray
    column_scale: np.ndarray
    singular_values: np.ndarray
    noise_variance: float
    noise_edge: float
    n_significant: int
    residual: np.ndarray
    squared_norm: float
    noise: str
    row_limit: float
    n_reads: float

    @property
    def rank(self):
        """int: Number of directions kept, noise directions included."""
        return self.Q.shape[1]

    @property
    def shape(self):
        """tuple of int: (n_patterns, n_pixels)."""
        return self.Q.shape[0], self.B.shape[1]

    def reconstruct(self, rows=slice(None), *, rank=None):
        """Patterns in the units of the data, without their noise.

        Parameters
        ----------
        rows : slice or index array, optional
            Which patterns.
        rank : int, optional
            How many directions to use; by default those above the noise edge.

        Returns
        -------
        numpy.ndarray, shape (n_rows, n_pixels), float32
        """
        rank = max(self.n_significant, 1) if rank is None else rank
        scaled = self.Q[rows, :rank] @ self.B[:rank]
        return unscaled(scaled, self.row_scale[rows][:, None], self.column_scale)


def compress_patterns(
    X,
    *,
    rank=None,
    noise="poisson",
    oversampling=10,
    power_iterations=None,
    random_state=None,
    device=None,
):
    """Reduce patterns to the directions above their noise by a randomized QB.

    Rows and columns are scaled such that counting noise is white with unit variance
    (biwhitening, [1]_). One read gives the scaling and a random sample of patterns,
    on which the row space is found in memory; each further read is one power iteration
    ([2]_) over all patterns. The first of these also knows what each pattern leaves
    over: those that leave more than noise are rare, and their directions join the
    basis.

    Parameters
    ----------
    X : numpy.ndarray, shape (n_patterns, n_pixels), or PatternBlocks
        Non-negative patterns.
    rank : int, optional
        How many directions to keep at least, `oversampling` not counted. By default it
        grows until the last one kept is noise, up to 64.
    noise : {"poisson", "uniform"}, optional
        ``"poisson"`` for counts, also if multiplied by a gain; ``"uniform"`` for data
        whose noise is the same everywhere: nothing is scaled then.
    oversampling : int, optional
        Additional directions.
    power_iterations : int, optional
        Power iterations over all patterns. By default two, and more (one; up to four
        for a scan of less than 256 MB) where the last one still changed what stands
        above the noise.
    random_state : int, numpy.random.RandomState or None, optional
        For the sample and the starting directions.
    device : None, str or torch.device, optional
        Where the products are computed; see :func:`resolve_device`.

    Returns
    -------
    CompressedPatterns

    References
    ----------
    .. [1] B. Landa, T. T. C. K. Zhang, Y. Kluger, Biwhitening reveals the rank of a
       count matrix, SIAM J. Math. Data Sci. 4 (2022), doi:10.1137/21M1456807.
    .. [2] N. Halko, P. G. Martinsson, J. A. Tropp, Finding structure with randomness,
       SIAM Rev. 53 (2011), doi:10.1137/090771806.
    """
    if noise not in ("poisson", "uniform"):
        raise ValueError(f"noise={noise!r}; expected 'poisson' or 'uniform'.")
    random_state = check_random_state(random_state)
    device = resolve_device(device)
    blocks = PatternBlocks.of(X)
    if blocks.nbytes <= _HELD_BYTES:
        blocks = blocks.held()
    n, m = blocks.shape
    widest = min(n, m, max(_MAX_RANK, rank or 0) + oversampling)
    width = min(widest, max(_FIRST_RANK, rank or 0) + oversampling)
    poisson = noise == "poisson"

    sample, scaling = _look(blocks, poisson, random_state)
    V = _row_space(sample, scaling, width, widest, random_state, device)
    small = blocks.nbytes <= _HELD_BYTES
    n_least, n_most = (2, 6 if small else 3)
    if power_iterations is not None:
        n_least = n_most = max(1, power_iterations)
    tolerance = 1e-3 if small else 1e-2
    before = None
    for i in range(n_most):
        function = GramPass(V, scaling, 0 if i else _N_OUTSTANDING, device)
        stage = f"Reading patterns ({i + 1})"
        products = blocks.reduce(function, GramPass.merge, stage=stage)
        result = _decompose(products, V, scaling, blocks, rank, oversampling)
        if i + 1 >= n_least and _settled(before, result, tolerance):
            break
        before = result
        if i + 1 < n_most:
            V, scaling = _next(
                products, result, V, scaling, sample, (width, widest), random_state
            )
    return result


def unscaled(scaled, row_scale, column_scale):
    """Divide by both scales, with 0 where either is 0."""
    return scaled * inverse(row_scale) * inverse(column_scale)


def _look(blocks, poisson, random_state):
    """Sample and scaling from one read of everything."""
    n, m = blocks.shape
    pattern_bytes = m * blocks.dtype.itemsize
    n_sampled = int(np.clip(_SAMPLE_BYTES // pattern_bytes, 1, max(n // 10, 1024)))
    picked = np.zeros(n, dtype=bool)
    picked[random_state.choice(n, min(n, n_sampled), replace=False)] = True
    counts, shares, totals, pieces = blocks.reduce(
        Statistics(picked), Statistics.merge, stage="Reading patterns (0)"
    )
    if not counts.any():
        raise ValueError("The patterns are empty: there is no count in any of them.")
    (totals,) = gathered(totals, n)
    order = np.argsort(np.concatenate([rows for rows, _ in pieces]))
    sample = np.concatenate([patterns for _, patterns in pieces])[order]
    if not poisson:
        return sample, Scaling(np.ones(m), poisson=False)
    reliability = 1 / (1 + 3 * np.sqrt(inverse(counts)))
    # The sample tells by how much the weights of a full Sinkhorn balance differ from
    # those of its first step; the read told the first step for all patterns.
    weight = n / totals.mean() * inverse(shares) * reliability
    return sample, _balanced(sample, weight, reliability)


def _balanced(sample, weight, reliability, n_iterations=10):
    """Scaling after many Sinkhorn iterations, from the column weights of the first."""
    first = refined = _column_weight(sample, inverse(sample.sum(axis=1, dtype=float)))
    for _ in range(n_iterations):
        row_limit, u = _row_limit(sample, refined * reliability)
        refined = _column_weight(sample, u)
    weight = weight * refined / first
    return Scaling(weight, reliability, _row_limit(sample, weight)[0])


def _column_weight(sample, u):
    sums = np.zeros(sample.shape[1])
    for rows in _portions(sample):
        sums += u[rows].astype(np.float32) @ sample[rows].astype(np.float32)
    # A pseudocount keeps pixels that the sample leaves dark at the same weight.
    return len(sample) * inverse(sums + 1e-3 * sums.mean())


def _row_limit(sample, weight):
    """Largest product of weight and total that a row may have; weights within it."""
    weight = weight.astype(np.float32)
    sums, totals = np.zeros((2, len(sample)))
    for rows in _portions(sample):
        sums[rows] = sample[rows].astype(np.float32) @ weight
        totals[rows] = sample[rows].sum(axis=1, dtype=float)
    u = len(weight) * inverse(sums)
    limit = _ROW_LIMIT * np.median((u * totals)[totals > 0])
    return limit, np.minimum(u, limit * inverse(totals))


def _portions(sample):
    step = max(1, 2**20 // sample.shape[1])
    for start in range(0, len(sample), step):
        yield slice(start, start + step)


def _row_space(sample, scaling, width, widest, random_state, device):
    """Orthonormal (n_pixels, width) that holds what the sample shows above noise."""
    blocks = PatternBlocks(sample, 1)
    n, m = blocks.shape
    V = random_state.standard_normal((m, width)).astype(np.float32)
    for i in range(8):
        V = _orthonormal(V)
        products = blocks.reduce(GramPass(V, scaling, 0, device), GramPass.merge)
        result = None
        if i >= 3:
            result = _decompose(products, V, scaling, blocks, width, 0)
        V = products.Z
        if result is None:
            continue
        if result.n_significant < V.shape[1] - 5 or V.shape[1] == widest:
            break
        n_more = min(2 * V.shape[1], widest) - V.shape[1]
        more = random_state.standard_normal((m, n_more)) * np.linalg.norm(V[:, -1])
        V = np.column_stack([V, more / np.sqrt(m)])
    return _orthonormal(V)


def _next(products, result, V, scaling, sample, widths, random_state):
    """Basis and scaling for the next read."""
    width, widest = widths
    n, m = result.shape
    Z = products.Z
    if len(products.outstanding):
        Z = np.column_stack([Z, _rare_directions(products, result, V, scaling)])
    n_more = min(max(2 * result.n_significant, width), widest) - Z.shape[1]
    if n_more > 0:
        more = random_state.standard_normal((m, n_more)) * result.noise_edge**2
        Z = np.column_stack([Z, more / np.sqrt(m)])
    if not scaling.poisson:
        return _orthonormal(Z), scaling
    weight = n * inverse(products.column_sums) * scaling.reliability
    change = np.sqrt(weight * inverse(scaling.column_weight))
    row_limit, _ = _row_limit(sample, weight)
    scaling = Scaling(weight, scaling.reliability, row_limit)
    return _orthonormal(Z * change[:, None]), scaling


def _rare_directions(products, result, V, scaling):
    """What the patterns that stand out most leave over, as a few directions.

    A phase on a handful of positions is weaker than noise in the whole, but each of its
    patterns leaves more over than counting noise allows.
    """
    n, m = result.shape
    Y, norms, u, noise = gathered(products.rows, n)
    excess = norms - np.einsum("ij,ij->i", Y, Y, dtype=np.float64) - noise
    middle = np.median(excess[u > 0])
    spread = 1.4826 * np.median(np.abs(excess[u > 0] - middle))
    rare = products.outstanding_excess > middle + 5 * spread
    if not rare.any():
        return np.empty((m, 0))
    rows = products.outstanding_rows[rare]
    scale = np.sqrt(u[rows])[:, None] * np.sqrt(scaling.column_weight)
    left = products.outstanding[rare] * scale - Y[rows] @ V.T
    values, vectors = np.linalg.eigh(left @ left.T)
    values, vectors = values[::-1][:_N_RARE], vectors[:, ::-1][:, :_N_RARE]
    directions = left.T @ (vectors / np.sqrt(values))
    # As long as the other columns, or they would be lost in the orthonormalization.
    return directions * result.noise_edge**2


def _decompose(products, V, scaling, blocks, rank, oversampling):
    """The singular value decomposition that one pass amounts to."""
    n, m = blocks.shape
    Y, norms, u, noise = gathered(products.rows, n)
    values, vectors = np.linalg.eigh(_symmetric(V.T.astype(np.float64) @ products.Z))
    inside = values > 1e-10 * max(values.max(), 0)
    whiten = vectors[:, inside] / np.sqrt(values[inside])
    U, singular_values, Vt = np.linalg.svd((products.Z @ whiten).T, full_matrices=False)
    Q = (Y @ (whiten @ U)).astype(np.float32)
    squared_norm = norms.sum()
    column_noise = np.ones(m)
    if scaling.poisson:
        column_noise = products.column_sums * scaling.column_weight
    n_significant, variance, edge = _noise_edge(
        singular_values, squared_norm, noise, column_noise
    )
    kept = slice(0, max(n_significant, rank or 0) + oversampling)
    Q, singular_values, Vt = Q[:, kept], singular_values[kept], Vt[kept]
    B = (singular_values[:, None] * Vt).astype(np.float32)
    explained = ((Q.astype(np.float64) * singular_values) ** 2).sum(axis=1)
    expected = variance * noise * (1 - Q.shape[1] / m)
    # Rounding alone leaves this much of a pattern.
    expected = np.maximum(expected, 1e-6 * norms)
    residual = np.maximum(norms - explained, 0) * inverse(expected)
    return CompressedPatterns(
        Q=Q,
        B=B,
        row_scale=np.sqrt(u),
        column_scale=np.sqrt(scaling.column_weight).astype(np.float32),
        singular_values=singular_values,
        noise_variance=variance,
        noise_edge=edge,
        n_significant=n_significant,
        residual=residual,
        squared_norm=squared_norm,
        noise="poisson" if scaling.poisson else "uniform",
        row_limit=scaling.row_limit,
        n_reads=blocks.n_reads,
    )


def _noise_edge(singular_values, squared_norm, noise, column_noise):
    """Where noise ends: (number of singular values above, variance, edge).

    Noise of variance s^2 ends at s (sqrt(n) + sqrt(m)); where it differs between
    columns, at the end of the spectrum that Silverstein's equation gives. Beyond that
    the largest value fluctuates (Tracy-Widom: 3.3 is the 99.9 % quantile). The variance
    is that of what is left when all values above the edge are taken out.
    """
    n, m = noise.sum() / len(column_noise), np.count_nonzero(column_noise)
    end = _spectrum_end(column_noise[column_noise > 0], n)
    fluctuation = (1 / np.sqrt(n) + 1 / np.sqrt(m)) ** (1 / 3)
    end *= np.sqrt(1 + 3.3 * fluctuation / (np.sqrt(n) + np.sqrt(m)))
    n_significant = 0
    while True:
        left = squared_norm - (singular_values[:n_significant] ** 2).sum()
        freedom = (1 - n_significant / noise.size) * (1 - n_significant / m)
        variance = max(left, 0.0) / max(noise.sum() * freedom, 1.0)
        edge = max(np.sqrt(variance) * end, 1e-5 * singular_values[0])
        n_above = int((singular_values > edge).sum())
        if n_above <= n_significant:
            return n_significant, variance, edge
        n_significant = n_above


def _spectrum_end(column_noise, n):
    """Largest singular value of noise whose variance differs between columns."""
    profile = column_noise / column_noise.mean()
    ratio = profile.size / n
    if np.ptp(profile) < 1e-6:
        return np.sqrt(n) + np.sqrt(profile.size)

    def place(logit):
        z = -1 / (profile.max() * (1 + np.exp(logit)))
        return -1 / z + ratio * np.mean(profile / (1 + profile * z))

    return np.sqrt(n * minimize_scalar(place, bounds=(-12, 12), method="bounded").fun)


def _settled(before, result, tolerance):
    if before is None or before.n_significant != result.n_significant:
        return False
    k = result.n_significant
    change = np.abs(1 - before.singular_values[:k] / result.singular_values[:k])
    return bool((change < tolerance).all())


def _orthonormal(columns):
    return np.linalg.qr(columns)[0].astype(np.float32)


def _symmetric(matrix):
    return (matrix + matrix.T) / 2
