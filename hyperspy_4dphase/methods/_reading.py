"""From what a user gave to a compressed scan: the way of all methods."""

from hyperspy_4dphase._provenance import provenance
from hyperspy_4dphase._scalars import check_flags, check_integer
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators.compression import MAX_RANK, compress_patterns
from hyperspy_4dphase.methods import _cache
from hyperspy_4dphase.signals._data_report import report_data
from hyperspy_4dphase.signals.compression import Compression, check_compression

# How a scan is read, which users say to all methods alike.
_SETTINGS = "normalize_poissonian_noise", "keep_faulty", "random_state"
_SETTINGS += ("show_progressbar",)


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


def check_sketch(oversampling, power_iterations, device):
    """Return what a user said of how to compress, checked.

    Parameters
    ----------
    oversampling, power_iterations, device
        See :func:`compress`.

    Returns
    -------
    dict
    """
    iterations = check_integer("power_iterations", power_iterations, 1, optional=True)
    return {
        "oversampling": check_integer("oversampling", oversampling, 0),
        "power_iterations": iterations,
        "device": resolve_device(device),
    }


def open_scan(arguments):
    """Check what all methods are given alike, and open the scan.

    Parameters
    ----------
    arguments : dict
        All arguments of a method by their names: its ``locals()`` at the beginning. The
        first is the signal. Of a `compression` the masks are taken.

    Returns
    -------
    Scan

    Raises
    ------
    TypeError, ValueError
    """
    flags = "print_info", "return_info"
    check_flags(**{name: arguments[name] for name in flags if name in arguments})
    signal, compression = next(iter(arguments.values())), arguments.get("compression")
    masks = arguments["navigation_mask"], arguments["signal_mask"]
    settings = {name: arguments[name] for name in _SETTINGS if name in arguments}
    if compression is None:
        return Scan.from_signal(signal, *masks, **settings)
    scan = Scan.from_signal(signal, **settings)
    check_compression(compression, scan, *masks)
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
