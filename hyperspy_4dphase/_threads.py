"""How many threads may compute, and how many of torch's do."""

import os
import sys
from contextlib import contextmanager
from functools import lru_cache

import dask
from dask.system import cpu_count
from threadpoolctl import ThreadpoolController


def available_threads():
    """Count the threads that may compute at once.

    As many as there are processors that the process may use (its affinity, and the
    quota of its control group on Linux), or fewer, if ``dask.config`` has a number of
    workers (`num_workers`).

    Returns
    -------
    int
        At least 1.
    """
    wanted = dask.config.get("num_workers", None)
    n = _count_processors(_affinity())
    return max(1, min(n, wanted) if wanted else n)


def _affinity():
    """The processors that this process may use; None where no system tells."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    return frozenset(os.sched_getaffinity(0))


@lru_cache(maxsize=1)
def _count_processors(affinity):
    """Count the processors, once for each affinity: it reads files of the system."""
    return cpu_count()


@lru_cache(maxsize=1)
def _find_libraries(n_modules):
    """Libraries with threads of their own, as of when so many modules were imported.

    To look through all that is loaded takes milliseconds, and libraries are loaded by
    imports only.
    """
    return ThreadpoolController()


@contextmanager
def limited_threads(n):
    """Let BLAS and OpenMP use some threads inside the block, or in a function.

    Parameters
    ----------
    n : int
    """
    with _find_libraries(len(sys.modules)).limit(limits=n):
        yield


@contextmanager
def torch_threads(most=None):
    """Let torch use some threads inside the block, and as many as before afterwards.

    Never more than :func:`available_threads`, or than torch was told to use before.

    Parameters
    ----------
    most : int, optional
        Of a network so small that handing out its work takes longer than doing it.
    """
    import torch

    before = torch.get_num_threads()
    n = min(before, available_threads(), most or before)
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
