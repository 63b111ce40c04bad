"""What reading a scan will take, before it is read."""

from math import prod

from hyperspy_4dphase._chunk_advice import advise_chunks
from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._read_timing import describe_reading, time_read
from hyperspy_4dphase._scalars import check_flags
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators.compression import forecast, make_probe
from hyperspy_4dphase.signals.scan_plan import ScanPlan

__all__ = ["ScanPlan", "plan"]

# Where more than this has to be loaded for one block, none is for measuring.
_MOST_PROBED_BYTES = 2 * 2**30
_TOO_MUCH = "What belongs together is too much to be read for measuring."


@with_shared_parameters
def plan(signal, navigation_mask=None, signal_mask=None, *, probe=True):
    """Say what a *randomized* compression of a scan will take, before it begins.

    How often the scan is read, with how much memory, and about how long it takes,
    follows from its size, type and chunks; and from reading a few blocks, spread over
    the scan, in the way that they will be read: in threads, or by the workers of a
    ``dask.distributed`` client if one is active.

    Parameters
    ----------
    signal : pyxem.signals.Diffraction2D or other signal
        The scan, eager or lazy. It is not changed.
    %(navigation_mask)s
    %(signal_mask)s
    probe : bool, default True
        Whether to read a few blocks, which takes some seconds. Without, nothing is said
        about time. It is left out where more than 2 GB have to be loaded for a block.

    Returns
    -------
    ScanPlan
        It prints what it knows; ``warnings`` and ``rechunk`` tell what is wrong with
        chunks, and the call that helps.

    Raises
    ------
    TypeError, ValueError
        If the signal is no scan of real patterns, or a mask is wrong.
    RuntimeError
        If a block cannot be read; it names the block.

    See Also
    --------
    compress : Does it.

    Examples
    --------
    >>> import dask.array as da
    >>> import pyxem as pxm
    >>> import hyperspy_4dphase as h4p
    >>> data = da.zeros((64, 64, 128, 128), dtype="uint16", chunks=(64, 64, 8, 8))
    >>> s = pxm.signals.Diffraction2D(data).as_lazy()
    >>> plan = h4p.plan(s, probe=False)
    >>> print(plan.rechunk)
    s.rechunk(nav_chunks=(32, 32), sig_chunks=-1)
    """
    check_flags(probe=probe)
    scan = Scan.from_signal(signal, navigation_mask, signal_mask)
    blocks = scan.blocks()
    kind = {"is_lazy": blocks.is_lazy, "is_corrected": scan.noise != "uniform"}
    needs = forecast(blocks.shape, blocks.dtype, scan.signal_shape, **kind)
    reading = describe_reading(blocks)
    itemsize, n_axes = blocks.dtype.itemsize, len(scan.navigation_shape)
    chunks = signal.data.chunks if blocks.is_lazy else None
    advice = advise_chunks(chunks, n_axes, itemsize) if chunks else None
    faults, nav_chunks, loaded_bytes = advice or ([], None, reading.block_bytes)
    seconds, is_measured = None, probe and blocks.shape[0] > 0
    if is_measured and max(loaded_bytes, reading.block_bytes) > _MOST_PROBED_BYTES:
        faults = [*faults, _TOO_MUCH]
    elif is_measured:
        seconds = time_read(blocks, make_probe(blocks.shape[1]))
    return ScanPlan(
        scan.navigation_shape,
        scan.signal_shape,
        str(blocks.dtype),
        prod(scan.navigation_shape + scan.signal_shape) * itemsize,
        blocks.is_lazy,
        chunks,
        reading.workers,
        reading.n_workers,
        blocks.n_blocks,
        reading.n_tasks,
        reading.block_bytes,
        needs.reads,
        *_estimate_memory(needs, reading),
        needs.result_bytes,
        seconds,
        faults,
        nav_chunks,
        _write_call(nav_chunks),
    )


def _estimate_memory(needs, reading):
    """Bytes of this process, and of each worker of a cluster or None."""
    at_once = reading.block_bytes + needs.part_bytes
    # As many parts may wait to be merged as there are threads.
    reads = reading.n_threads * (at_once + needs.part_bytes)
    if reading.n_processes:
        return needs.held_bytes, reads
    return needs.held_bytes + reads, None


def _write_call(nav_chunks):
    if nav_chunks is None:
        return None
    return f"s.rechunk(nav_chunks={tuple(map(int, nav_chunks))}, sig_chunks=-1)"
