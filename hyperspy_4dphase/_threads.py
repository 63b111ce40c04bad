"""How many threads may compute, and how many of torch's do."""

from contextlib import contextmanager

import dask
from dask.system import cpu_count


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
    n = cpu_count()
    return max(1, min(n, wanted) if wanted else n)


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
