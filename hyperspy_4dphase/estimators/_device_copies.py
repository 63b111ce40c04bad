"""Arrays on their way to a GPU: the next is copied while one is in use.

This module imports torch: it is imported only where a GPU computes, or where something
is trained.
"""

import numpy as np
import torch


def copy_in_background(items, device):
    """Yield arrays on a device, the next one on its way while one is in use.

    To a GPU they go by pinned memory and a stream of their own, so that copying,
    computing, and whatever makes the next item go on at the same time.

    Parameters
    ----------
    items : iterable of tuple of numpy.ndarray or torch.Tensor
        In memory. They are not kept, nor changed.
    device : str or torch.device

    Yields
    ------
    tuple of torch.Tensor
        Of the same types; unsigned integers, which torch lacks, in single precision.
    """
    device = torch.device(device)
    if device.type != "cuda":
        for item in items:
            signed = map(_as_signed, item)
            yield tuple(_undo(values.to(device), n_bits) for values, n_bits in signed)
        return
    stream = torch.cuda.Stream(device)
    waiting = None
    for item in items:
        copied = [_start_copy(values, device, stream) for values in item]
        if waiting is not None:
            yield _finish(waiting, device)
        waiting = copied
    if waiting is not None:
        yield _finish(waiting, device)


def _start_copy(values, device, stream):
    """Begin to copy values to a device.

    Returns
    -------
    there : torch.Tensor
        Of signed integers where the values have none.
    n_bits : int
        Of unsigned integers, which torch lacks; 0 for others.
    done : torch.cuda.Event or None
        When the copy is complete; None where there is nothing to copy.
    """
    if isinstance(values, torch.Tensor) and values.is_cuda:
        return values, 0, None
    values, n_bits = _as_signed(values)
    # torch keeps pinned memory for the next time, and waits for copies from it.
    pinned = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
    pinned.copy_(values)
    with torch.cuda.stream(stream):
        there = pinned.to(device, non_blocking=True)
        done = stream.record_event()
    return there, n_bits, done


def _finish(copies, device):
    current = torch.cuda.current_stream(device)
    for there, _, done in copies:
        if done is None:
            continue
        current.wait_event(done)
        there.record_stream(current)
    return tuple(_undo(there, n_bits) for there, n_bits, _ in copies)


def _as_signed(values):
    """Values as a tensor, and of unsigned ones, which torch lacks, how many bits."""
    if isinstance(values, torch.Tensor):
        return values, 0
    if values.dtype.kind == "f" and values.dtype.itemsize > 8:
        values = values.astype(np.float64)
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    n_bits = 0
    if values.dtype.kind == "u" and values.dtype.itemsize > 1:
        n_bits = 8 * values.dtype.itemsize
        values = np.ascontiguousarray(values).view(f"i{values.dtype.itemsize}")
    if not (values.flags.writeable and values.flags.c_contiguous):
        # torch takes neither; a copy is needed for pinned memory anyway.
        values = np.array(values)
    return torch.from_numpy(values), n_bits


def _undo(values, n_bits):
    """Signed integers as the unsigned ones that they stand for, in single precision."""
    if not n_bits:
        return values
    return values.float() + (values < 0) * float(2**n_bits)
