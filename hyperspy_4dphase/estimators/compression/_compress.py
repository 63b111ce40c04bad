"""A scan reduced to what rises above its counting noise, in few reads."""

from dataclasses import replace
from functools import partial

import numpy as np
from sklearn.utils import check_random_state

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase._scalars import check_choice
from hyperspy_4dphase._threads import limited_threads
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.compression._first_read import NOISES, first_read
from hyperspy_4dphase.estimators.compression._power_iteration import PowerIteration
from hyperspy_4dphase.estimators.compression._squares import Squares
from hyperspy_4dphase.estimators.detector._detector import Detector
from hyperspy_4dphase.estimators.detector._pixel_correlation import (
    correlated_spectrum,
    variance_along,
)

# A scan of fewer values is held in memory. In values, not in bytes: the same counts in
# a wider type go the same way.
_MAX_HELD_VALUES = 128 * 2**20
# Memory for patterns that are kept packed after the first read, as far as it goes.
_MAX_PACKED_BYTES = 2**30


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
    descan : {None, "auto", "fit"}, optional
        With ``"fit"`` a shift of the patterns that is a plane over the scan is looked
        for, and taken out if there is one, count by count; pixels that are not complete
        in all patterns then are left out. Images and counts only. ``"auto"`` does so if
        the shift is 0.1 pixels (rms) or more, where it can be seen. None, the default,
        takes nothing out.
    random_state : int, numpy.random.RandomState or None, optional
        For the sample and the starting directions.
    device : None, str or torch.device, optional
        Where the products are computed.

    Returns
    -------
    CompressedPatterns

    References
    ----------
    .. [1] B. Landa, T. T. C. K. Zhang, Y. Kluger, Biwhitening reveals the rank of a
       count matrix, SIAM J. Math. Data Sci. 4 (2022), doi:10.1137/21M1456807.
    .. [2] N. Halko, P. G. Martinsson, J. A. Tropp, Finding structure with randomness,
       SIAM Rev. 53 (2011), doi:10.1137/090771806.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
    >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
    >>> from hyperspy_4dphase.estimators import compress_patterns
    >>> compressed = compress_patterns(counts, random_state=0)
    >>> compressed.Q.shape, compressed.n_significant
    ((400, 13), 3)
    """
    blocks = PatternBlocks.wrap(X, allow_negative=noise != "poisson")
    result, later, blocks = _compress(
        blocks,
        rank=rank,
        noise=noise,
        oversampling=oversampling,
        power_iterations=power_iterations,
        squares=squares,
        keep_faulty=keep_faulty,
        descan=descan,
        random_state=random_state,
        device=device,
    )
    if later is None:
        return result
    later = replace(later, changes=())
    return later.add_to(compress_patterns, result, blocks)


def compress_without_squares(X, **options):
    """Reduce patterns to the directions above their noise, squares of pixels for later.

    Parameters
    ----------
    X : PatternBlocks
    **options
        Of :func:`compress_patterns`, all of them, but for `squares`.

    Returns
    -------
    result : CompressedPatterns
        That of ``squares=False``.
    later : callable or None
        ``later(result, X)`` gives what ``squares=True`` gives, without another read if
        there is memory for the squares of all patterns. None if that is the same.
    """
    result, later, _ = _compress(X, squares=True, **options)
    if later is not None:
        # The patterns are to be read by then: nothing of them is kept.
        later = partial(later.add_to, compress_patterns)
    return result, later


def _compress(
    blocks,
    *,
    rank,
    noise,
    oversampling,
    power_iterations,
    squares,
    keep_faulty,
    descan,
    random_state,
    device,
):
    """Compress patterns, and keep what is still to be done for squares of pixels.

    Returns
    -------
    result : CompressedPatterns
    later : Squares or None
        None where there are no squares, or nothing in them.
    blocks : PatternBlocks
        The patterns that were compressed, corrected.
    """
    if not (isinstance(noise, Detector) or noise in NOISES):
        raise ValueError(f"noise={noise!r}; expected one of {NOISES} or a Detector.")
    random_state = check_random_state(random_state)
    device = resolve_device(device)
    geometry = blocks
    _check_descan(descan, geometry, noise)
    is_small = blocks.size <= _MAX_HELD_VALUES
    if is_small:
        blocks = blocks.load()
    first = first_read(
        blocks,
        geometry,
        noise,
        keep_faulty,
        squares,
        random_state,
        descan,
        _MAX_PACKED_BYTES,
        # A GPU takes patterns as they are.
        goes_on_packed=device == "cpu",
    )
    spectrum = later = None
    if first.correlation is not None:
        spectrum = correlated_spectrum(first.correlation, first.blocks.shape[1])
    elif first.held is not None and first.held[1].any():
        later = Squares(
            first.coarse,
            *first.held,
            first.coarse.describe_noise(first.detector),
            first.beside.get_state(),
            device,
            first.changes,
        )
    iteration = PowerIteration(
        first, spectrum, rank or 0, oversampling, random_state, device
    )
    is_cheap = is_small or first.blocks.is_kept
    # What is not done in threads is small: more threads wait rather than compute.
    with limited_threads(1):
        result, _ = iteration.run(is_cheap, power_iterations)
    _record(result, first)
    return result, later, first.blocks


def _check_descan(descan, geometry, noise):
    check_choice("descan", descan, (None, "auto", "fit"))
    is_measured = noise in ("measured", "counts")
    if descan == "fit" and not (is_measured and len(geometry.signal_shape) == 2):
        raise ValueError(
            "descan='fit' needs images, whose noise is measured: patterns with two "
            "signal axes, and not normalize_poissonian_noise=False."
        )


def _record(result, first):
    """Add to the result what the first read has found out."""
    detector = first.detector
    result.n_reads = float(first.blocks.n_reads)
    result.sums = first.sums
    if detector.scales_with_mean:
        result.gain, result.offset = float(detector.gain), float(detector.offset)
    result.replaced, result.faulty_pixels = first.replaced, first.faulty_pixels
    result.faulty_patterns = first.faulty_patterns
    if first.descan is not None:
        is_taken_out = any(how == "shift" for how, *_ in first.changes)
        _record_descan(result, first.descan, is_taken_out)
    nearest = 0.0
    if first.correlation is not None:
        k = result.n_significant
        directions = result.B[:k] * inverse(result.singular_values[:k])[:, None]
        result.inflation = variance_along(
            directions, first.correlation, first.signal_shape, first.used_pixels
        )
        middle = len(first.correlation) // 2
        nearest = max(first.correlation[[middle, middle + 1], [middle + 1, middle]])
    names = "gain", "offset", "readout_noise", "measured_gain", "gain_error", "misfit"
    result.detector = {
        "kind": detector.kind,
        **{name: float(getattr(detector, name)) for name in names},
        "apart": detector.apart,
        "neighbours": float(first.neighbours),
        "pixels_share": float(nearest),
        "repeated": 0 if first.repeated is None else int(first.repeated.sum()),
        "clipped_pixels": first.clipped.n_pixels,
        "clipped_at": first.clipped.value,
    }


def _record_descan(result, descan, is_taken_out):
    plane = descan.plane
    result.descan = {
        "slopes": plane.slopes.tolist(),
        "rms": float(plane.rms),
        "rms_error": float(plane.rms_error),
        "found": bool(plane.significant),
        "taken_out": is_taken_out,
        "can_be_taken_out": descan.can_be_taken_out,
        "sums_as_recorded": True,
    }
    if not is_taken_out or descan.covered.all():
        return
    incomplete = ~descan.covered
    if result.faulty_pixels is not None:
        incomplete = np.zeros(len(result.faulty_pixels), dtype=bool)
        incomplete[~result.faulty_pixels] = ~descan.covered
    result.incomplete_pixels = incomplete
