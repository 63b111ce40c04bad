"""A scan reduced to what rises above its counting noise, in few reads."""

import numpy as np
from sklearn.utils import check_random_state

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.compression._compressed import CompressedPatterns
from hyperspy_4dphase.estimators.compression._first_read import NOISES, first_read
from hyperspy_4dphase.estimators.compression._passes import (
    CrossPass,
    GramPass,
    gathered,
)
from hyperspy_4dphase.estimators.compression._scaling import noise_edge
from hyperspy_4dphase.estimators.detector._detector import Detector
from hyperspy_4dphase.estimators.detector._pixel_correlation import (
    correlated_spectrum,
    variance_along,
)

MAX_RANK = 64
_FIRST_RANK = 22
# In values, not in bytes: the same counts in a wider type go the same way.
_HELD_VALUES = 128 * 2**20
_N_OUTSTANDING = 256
_N_RARE = 8
_PLAIN_FROM = 5.0


def compress_patterns(
    X,
    *,
    rank=None,
    noise="poisson",
    oversampling=10,
    power_iterations=None,
    squares=True,
    keep_faulty=False,
    descan=None,
    random_state=None,
    device=None,
):
    """Reduce patterns to the directions above their noise by a randomized QB.

    Rows and columns are scaled such that counting noise is white with unit variance
    (biwhitening, [1]_). One read gives the scaling and a random sample of patterns,
    on which the row space is found in memory; each further read is one power iteration
    ([2]_) over all patterns. The first of these also knows what each pattern leaves
    over: those that leave more than noise are rare, and their directions join the
    basis. Of images, the counts of squares of pixels are compressed in memory as well:
    what stands out only there is kept beside the rest (`broad_rows`).

    Parameters
    ----------
    X : numpy.ndarray, shape (n_patterns, n_pixels), or PatternBlocks
        Patterns; not negative, unless their noise is measured or uniform.
    rank : int, optional
        How many directions to keep at least, `oversampling` not counted. By default it
        grows until the last one kept is noise, up to 64.
    noise : {"poisson", "uniform", "measured", "counts"} or Detector, optional
        ``"poisson"`` for counts, also if multiplied by a gain; ``"uniform"`` for data
        whose noise is the same everywhere: nothing is scaled then. ``"measured"`` finds
        out in the first read: whether values are counts or their multiples, the offset,
        gain and readout noise of a camera, or the variance of each pixel (see
        :class:`Detector`); ``"counts"`` does the same for what is known to be counts.
        Both find values that are no counts. A :class:`Detector` is taken at its word.
    oversampling : int, optional
        Additional directions.
    power_iterations : int, optional
        Power iterations over all patterns. By default two, and more (one; up to four
        for a scan of less than 256 MB) where the last one still changed what stands
        above the noise. One is enough where all that stands above the noise does so
        five times and no pattern is left over.
    squares : bool, optional
        Whether to look at squares of pixels. Default is True. Without them nothing else
        changes, and a scan of some hundred MB takes half the time.
    keep_faulty : bool, optional
        Whether values that are no counts (broken pixels, single events, broken frames)
        stay as they are. By default pixels and frames are left out, and single values
        replaced by what is around them. Only where noise is measured.
    descan : {None, "fit"}, optional
        With ``"fit"`` a shift of the patterns that is a plane over the scan is looked
        for, and taken out if there is one, count by count; pixels that are not complete
        in all patterns then are left out. Images and counts only.
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
    if not (isinstance(noise, Detector) or noise in NOISES):
        raise ValueError(f"noise={noise!r}; expected one of {NOISES} or a Detector.")
    random_state = check_random_state(random_state)
    device = resolve_device(device)
    geometry = blocks = PatternBlocks.of(X, allow_negative=noise != "poisson")
    small = blocks.size <= _HELD_VALUES
    if small:
        blocks = blocks.held()
    if descan is not None:
        _check_descan(descan, geometry, noise)
    first = first_read(
        blocks, geometry, noise, keep_faulty, squares, random_state, descan
    )
    blocks, coarse, scaling = first.blocks, first.coarse, first.scaling
    n, m = blocks.shape
    widest = min(n, m, max(MAX_RANK, rank or 0) + oversampling)
    width = min(widest, max(_FIRST_RANK, rank or 0) + oversampling)
    spectrum = None
    if first.correlation is not None:
        spectrum = correlated_spectrum(first.correlation, m)
    elif first.held is not None and first.held[1].any():
        coarse.know(_of_squares(first, device))
    V = _row_space(first.sample, scaling, width, widest, random_state, device, spectrum)
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
            products, V, scaling, blocks, rank, oversampling, spectrum
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
                first.balance,
                (width, widest),
                random_state,
            )
    if coarse.known:
        _add_broad(result, coarse, first.held[0], blocks, scaling)
    return _told(result, first)


def _of_squares(first, device):
    """The counts of squares of pixels, compressed."""
    return compress_patterns(
        first.held[1],
        noise=first.coarse.detector(first.detector),
        random_state=first.beside,
        device=device,
    )


def _check_descan(descan, geometry, noise):
    if descan != "fit":
        raise ValueError(f"descan={descan!r}; expected None or 'fit'.")
    if len(geometry.signal_shape) != 2 or noise not in ("measured", "counts"):
        raise ValueError(
            "descan='fit' needs images, whose noise is measured: patterns with two "
            "signal axes, and not normalize_poissonian_noise=False."
        )


def _descan_of(descan):
    """What is told of a descan."""
    if descan is None:
        return None
    plane = descan.plane
    return {
        "slopes": plane.slopes.tolist(),
        "rms": float(plane.rms),
        "rms_error": float(plane.rms_error),
        "taken_out": bool(plane.significant),
    }


def _incomplete_pixels(descan, faulty):
    """Which pixels a descan leaves incomplete, of all given."""
    if descan is None or not descan.plane.significant or descan.covered.all():
        return None
    incomplete = ~descan.covered
    if faulty is not None:
        incomplete = np.zeros(len(faulty), dtype=bool)
        incomplete[~faulty] = ~descan.covered
    return incomplete


def _nearest_correlation(correlation):
    if correlation is None:
        return 0.0
    middle = len(correlation) // 2
    return float(max(correlation[middle, middle + 1], correlation[middle + 1, middle]))


def _told(result, first):
    """The result with what the first read has found out."""
    detector, faults = first.detector, first.faults
    if detector.scales_with_mean:
        result.gain, result.offset = float(detector.gain), float(detector.offset)
    result.faulty_patterns, result.faulty_pixels = faults.patterns, faults.pixels
    result.descan = _descan_of(first.descan)
    result.incomplete_pixels = _incomplete_pixels(first.descan, faults.pixels)
    if first.correlation is not None:
        k = result.n_significant
        directions = result.B[:k] * inverse(result.singular_values[:k])[:, None]
        result.inflation = variance_along(
            directions, first.correlation, first.signal_shape, first.used_pixels
        )
    if faults.rows is not None:
        result.replaced = np.stack([faults.rows, faults.columns, faults.values])
    result.detector = {
        "kind": detector.kind,
        "gain": float(detector.gain),
        "offset": float(detector.offset),
        "readout_noise": float(detector.readout_noise),
        "measured_gain": float(detector.measured_gain),
        "apart": detector.apart,
        "misfit": float(detector.misfit),
        "neighbours": float(first.neighbours),
        "pixels_share": _nearest_correlation(first.correlation),
    }
    return result


def _add_broad(result, coarse, held, blocks, scaling):
    """Keep the structure beside the result that only squares of pixels show.

    What the result does not hold of it shows in the patterns held. Where there are
    others, one more read tells what they have of it.
    """
    columns, scores = coarse.columns(scaling.column_weight, result.row_scale[held])
    part = result.taken(held)
    part.add_broad(columns, scores, coarse.edge)
    if part.broad_rows is None:
        return
    result.broad_rows, result.broad_scores = part.broad_rows, part.broad_scores
    if len(held) < len(result.Q):
        function = CrossPass(part.broad_rows, scaling)
        pieces = blocks.reduce(function, CrossPass.merge, stage="Reading patterns (+)")
        result.broad_scores = gathered(pieces)[0]
        result.n_reads = blocks.n_reads


def _row_space(sample, scaling, width, widest, random_state, device, spectrum=None):
    """Orthonormal (n_pixels, width) that holds what the sample shows above noise."""
    blocks = PatternBlocks(sample, 1, allow_negative=True)
    m = blocks.shape[1]
    V = _orthonormal(random_state.standard_normal((m, width)))
    for i in range(8):
        products = blocks.reduce(GramPass(V, scaling, 0, device), GramPass.merge)
        result, directions = _decompose(
            products, V, scaling, blocks, width, 0, spectrum
        )
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
    # The sums as they are with readout noise.
    sums = scaling.column_noise(products.column_sums, result.row_scale**2)
    sums *= inverse(scaling.column_weight)
    weight = len(result.Q) * inverse(sums) * scaling.reliability
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


def _decompose(products, V, scaling, blocks, rank, oversampling, spectrum=None):
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
    column_noise = scaling.column_noise(products.column_sums, u)
    if spectrum is not None:
        column_noise = spectrum * column_noise.mean()
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
        floor=scaling.floor,
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
