"""From what a user gave to a compressed scan: the way of all methods."""

from hyperspy_4dphase._results import provenance
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators.compression import MAX_RANK, compress_patterns
from hyperspy_4dphase.methods import _cache
from hyperspy_4dphase.methods._data_report import report_data
from hyperspy_4dphase.signals.compression import Compression, check_compression


def compress_scan(
    scan,
    *,
    rank=None,
    oversampling=10,
    power_iterations=None,
    squares=True,
    descan=None,
    device="cpu",
):
    """Compress a scan, or give what was remembered of it.

    Parameters
    ----------
    scan : Scan
    rank, oversampling, power_iterations, squares, descan, device
        As in :func:`compress`, checked.

    Returns
    -------
    Compression
    """
    options = {
        "rank": rank,
        "noise": scan.noise,
        "keep_faulty": scan.keep_faulty,
        "descan": descan,
        "oversampling": oversampling,
        "power_iterations": power_iterations,
        "device": device,
    }
    proof = _cache.make_proof(scan.signal)
    # A compression with squares has all that one without them has.
    for with_squares in (True, squares):
        options["squares"] = with_squares
        key = _cache.make_key(proof, scan, options)
        remembered = _cache.recall(key)
        if remembered is not None:
            return Compression.from_scan(scan, *remembered)
    with scan.progress() as progress:
        compressed = compress_patterns(
            scan.blocks(progress), random_state=scan.seed, **options
        )
    reads = {"n_reads": compressed.n_reads}
    record = provenance("compress", options, scan.seed, reads)
    _cache.remember(key, (compressed, record), scan.signal)
    return Compression.from_scan(scan, compressed, record)


def open_scan(signal, navigation_mask, signal_mask, compression=None, **settings):
    """Check what a method was given, with the masks of a compression if there is one.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
    navigation_mask, signal_mask : optional
        What the user gave.
    compression : object, optional
        What the user gave.
    **settings
        See :meth:`Scan.from_signal`.

    Returns
    -------
    Scan

    Raises
    ------
    TypeError, ValueError
    """
    if compression is None:
        return Scan.from_signal(signal, navigation_mask, signal_mask, **settings)
    scan = Scan.from_signal(signal, **settings)
    check_compression(compression, signal, navigation_mask, signal_mask, scan)
    return scan.masked(compression.excluded_patterns, compression.excluded_pixels)


def read_scan(scan, compression, print_info, **options):
    """Compress a scan unless that was done, and tell what was found out about it.

    Parameters
    ----------
    scan : Scan
    compression : Compression or None
        What the user gave.
    print_info : bool
    **options
        See :func:`compress_scan`.

    Returns
    -------
    scan : Scan
        Without what was found to be faulty.
    compression : Compression
    """
    if compression is None:
        compression = compress_scan(scan, **options)
    report_data(compression, print_info)
    masks = compression.excluded_patterns, compression.excluded_pixels
    return scan.masked(*masks), compression


def least_rank(n_wanted):
    """What to ask of a compression that is to hold so many directions.

    Parameters
    ----------
    n_wanted : int or None

    Returns
    -------
    int or None
        None where it grows as far by itself: one compression then serves all.
    """
    return n_wanted if (n_wanted or 0) > MAX_RANK else None
