"""A scan reduced to what rises above its counting noise, in few reads."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils import check_random_state

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators._passes import GramPass, Statistics, gathered
from hyperspy_4dphase.estimators._scaling import Balance, Scaling, inverse, noise_edge

_MAX_RANK = 64
_FIRST_RANK = 22
_SAMPLE_BYTES = 128 * 2**20
_HELD_BYTES = 256 * 2**20
_N_OUTSTANDING = 256
_N_RARE = 8
_PLAIN_FROM = 5.0


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
        above the noise. One is enough where all that stands above the noise does so
        five times and no pattern is left over.
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

    sample, balance, scaling = _look(blocks, poisson, random_state)
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
        result, directions = _decompose(
            products, V, scaling, blocks, rank, oversampling
        )
        if i + 1 >= n_least and _settled(before, result, tolerance):
            break
        if i == 0 and power_iterations is None and not small:
            # One pattern or two in so many may stand out by chance.
            if _plain(result) and _rare(products).sum() < 3:
                break
        before = result
        if i + 1 < n_most:
            V, scaling = _next(
                products,
                result,
                directions,
                V,
                scaling,
                balance,
                (width, widest),
                random_state,
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
    (totals,) = gathered(totals)
    order = np.argsort(np.concatenate([rows for rows, _ in pieces]))
    sample = np.concatenate([patterns for _, patterns in pieces])[order]
    if not poisson:
        return sample, None, Scaling(np.ones(m), poisson=False)
    reliability = 1 / (1 + 3 * np.sqrt(inverse(counts)))
    weight = n / totals.mean() * inverse(shares) * reliability
    balance = Balance(sample)
    return sample, balance, balance.refined(weight, reliability)


def _row_space(sample, scaling, width, widest, random_state, device):
    """Orthonormal (n_pixels, width) that holds what the sample shows above noise."""
    blocks = PatternBlocks(sample, 1)
    m = blocks.shape[1]
    V = _orthonormal(random_state.standard_normal((m, width)))
    for i in range(8):
        products = blocks.reduce(GramPass(V, scaling, 0, device), GramPass.merge)
        result, directions = _decompose(products, V, scaling, blocks, width, 0)
        V = directions
        if i < 2:
            continue
        if result.n_significant < V.shape[1] - 5 or V.shape[1] >= widest:
            break
        V = _widened(V, min(2 * V.shape[1], widest), random_state)
    return V


def _next(products, result, directions, V, scaling, balance, widths, random_state):
    """Basis and scaling for the next read."""
    width, widest = widths
    if len(products.outstanding):
        rare = _rare_directions(products, _rare(products), V, scaling)
        directions = np.column_stack([directions, rare])
    V = _widened(
        directions, min(max(2 * result.n_significant, width), widest), random_state
    )
    if not scaling.poisson:
        return _orthonormal(V), scaling
    weight = len(result.Q) * inverse(products.column_sums) * scaling.reliability
    change = np.sqrt(weight * inverse(scaling.column_weight))
    scaling = balance.scaling(weight, scaling.reliability)
    return _orthonormal(V * change[:, None].astype(np.float32)), scaling


def _rare(products):
    """Which of the outstanding patterns leave over more than noise does."""
    Y, norms, u, noise = gathered(products.rows)
    excess = norms - np.einsum("ij,ij->i", Y, Y, dtype=np.float64) - noise
    excess = excess[u > 0]
    middle = np.median(excess)
    spread = 1.4826 * np.median(np.abs(excess - middle))
    # Beyond what the largest of so many noise values is expected to be.
    threshold = np.sqrt(2 * np.log(max(excess.size, 2))) + 0.6
    return products.outstanding_excess > middle + threshold * spread


def _rare_directions(products, rare, V, scaling):
    """What the patterns that stand out most leave over, as a few directions.

    A phase on a handful of positions is weaker than noise in the whole, but each of its
    patterns leaves more over than counting noise allows.
    """
    if not rare.any():
        return np.empty((len(V), 0), np.float32)
    Y, _, u, _ = gathered(products.rows)
    rows = products.outstanding_rows[rare]
    scale = np.sqrt(u[rows])[:, None] * np.sqrt(scaling.column_weight)
    left = products.outstanding[rare] * scale - Y[rows] @ V.T
    values, vectors = np.linalg.eigh(left @ left.T)
    kept = np.flatnonzero(values > 1e-6 * values[-1])[-_N_RARE:]
    return left.T @ (vectors[:, kept] / np.sqrt(values[kept]))


def _decompose(products, V, scaling, blocks, rank, oversampling):
    """The singular value decomposition that one pass amounts to.

    Also the right singular vectors of all directions, those left out included.
    """
    n, m = blocks.shape
    Y, norms, u, noise = gathered(products.rows)
    values, vectors = np.linalg.eigh(_symmetric(V.T.astype(np.float64) @ products.Z))
    inside = values > 1e-10 * max(values.max(), 0)
    whiten = vectors[:, inside] / np.sqrt(values[inside])
    back = products.Z @ whiten
    squares, U = np.linalg.eigh(_symmetric(back.T @ back))
    singular_values, U = np.sqrt(np.maximum(squares[::-1], 0)), U[:, ::-1]
    U = U * _signs(back @ U)
    directions = (back @ (U * inverse(singular_values))).astype(np.float32)
    Q = Y @ (whiten @ U).astype(np.float32)
    squared_norm = norms.sum()
    column_noise = np.ones(m)
    if scaling.poisson:
        column_noise = products.column_sums * scaling.column_weight
    n_significant, variance, edge = noise_edge(
        singular_values, squared_norm, noise, column_noise
    )
    kept = slice(0, max(n_significant, rank or 0) + oversampling)
    Q, singular_values = Q[:, kept], singular_values[kept]
    B = np.ascontiguousarray((directions[:, kept] * singular_values).T, np.float32)
    explained = ((Q.astype(np.float64) * singular_values) ** 2).sum(axis=1)
    expected = variance * noise * (1 - Q.shape[1] / m)
    # Rounding alone leaves this much of a pattern.
    expected = np.maximum(expected, 1e-6 * norms)
    residual = np.maximum(norms - explained, 0) * inverse(expected)
    result = CompressedPatterns(
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
    return result, directions


def _signs(columns):
    """Make the arbitrary sign of singular vectors the same however blocks are cut."""
    largest = np.abs(columns).argmax(axis=0)
    return np.where(columns[largest, np.arange(columns.shape[1])] < 0, -1.0, 1.0)


def _plain(result):
    """Whether all structure stands so far above noise that the sample showed it."""
    k = result.n_significant
    weakest = result.singular_values[k - 1] if k else 0.0
    return k <= _FIRST_RANK // 2 and weakest > _PLAIN_FROM * result.noise_edge


def _settled(before, result, tolerance):
    if before is None or before.n_significant != result.n_significant:
        return False
    k = result.n_significant
    change = np.abs(1 - before.singular_values[:k] / result.singular_values[:k])
    return bool((change < tolerance).all())


def _widened(V, width, random_state):
    """Orthonormal columns with random ones added, up to a width."""
    n_more = width - V.shape[1]
    if n_more <= 0:
        return V
    more = random_state.standard_normal((len(V), n_more)) / np.sqrt(len(V))
    return _orthonormal(np.column_stack([V, more]))


def _orthonormal(columns):
    return np.linalg.qr(columns.astype(np.float32))[0]


def _symmetric(matrix):
    return (matrix + matrix.T) / 2
