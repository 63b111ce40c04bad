"""From what a user gave to a compressed scan: the way of all methods."""

from typing import NamedTuple

from hyperspy_4dphase._provenance import provenance
from hyperspy_4dphase._scalars import check_flags, check_integer
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators.compression import (
    MAX_RANK,
    CompressedPatterns,
    compress_patterns,
    compress_without_squares,
)
from hyperspy_4dphase.methods import _cache
from hyperspy_4dphase.methods._checkpoints import open_checkpoint
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
    descan="auto",
    device="cpu",
    checkpoint=None,
):
    """Compress a scan, or give what was remembered of it.

    Parameters
    ----------
    scan : Scan
    rank, oversampling, power_iterations, squares, descan, device, checkpoint
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
    if checkpoint is not None:
        return _go_on(checkpoint, scan, options | {"squares": squares})
    key = _cache.make_key(_cache.make_proof(scan.signal), scan, options)
    remembered = _cache.recall(key)
    if remembered is None or (squares and remembered.later is not None):
        with scan.progress() as progress:
            blocks = scan.blocks(progress)
            if remembered is not None:
                remembered = remembered.add_squares(blocks)
            else:
                given = options | {"random_state": scan.seed}
                remembered = _compress(blocks, squares, key is not None, given)
        _cache.remember(key, remembered, scan.signal)
    options["squares"] = remembered.has_squares
    return _describe(scan, remembered.compressed, options, remembered.seed)


def _describe(scan, compressed, options, seed):
    reads = {"n_reads": compressed.n_reads}
    record = provenance("compress", options, seed, reads)
    return Compression.from_scan(scan, compressed, record)


def _go_on(path, scan, options):
    """Compress a scan from where its checkpoint stands."""
    checkpoint = open_checkpoint(path, scan, options)
    if checkpoint.result is not None:
        return Compression.from_arrays(*checkpoint.result)
    seed = checkpoint.seed
    with scan.progress() as progress:
        blocks = scan.blocks(progress, checkpoint=checkpoint)
        compressed = compress_patterns(blocks, random_state=seed, **options)
    compression = _describe(scan, compressed, options, seed)
    checkpoint.finish(*compression.to_arrays())
    return compression


class _Remembered(NamedTuple):
    """A compression as it is remembered.

    Attributes
    ----------
    compressed : CompressedPatterns
    seed : int or numpy.random.RandomState
    has_squares : bool
        Whether squares of pixels were looked at.
    later : callable or None
        What adds them, if that is still to be done and adds anything.
    """

    compressed: CompressedPatterns
    seed: object
    has_squares: bool
    later: object = None

    def add_squares(self, blocks):
        """Add the squares of pixels, which may take a read."""
        compressed = self.later(self.compressed, blocks)
        return _Remembered(compressed, self.seed, True)


def _compress(blocks, squares, is_remembered, options):
    seed = options["random_state"]
    if not squares and is_remembered:
        compressed, later = compress_without_squares(blocks, **options)
        return _Remembered(compressed, seed, later is None, later)
    compressed = compress_patterns(blocks, squares=squares, **options)
    return _Remembered(compressed, seed, squares)


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
    return scan.replace_masks(
        compression.excluded_patterns, compression.excluded_pixels
    )


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
    return scan.replace_masks(*masks), compression


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
