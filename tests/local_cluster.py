"""A dask cluster on this computer, as long as a test needs it."""

import warnings
from contextlib import contextmanager, nullcontext
from multiprocessing import forkserver, set_forkserver_preload

import dask
import pytest

# What workers would take seconds to import, each of them.
_IMPORTED = ["distributed", "tests.test_cluster_reading", "tests.benchmarks.workers"]


@contextmanager
def forked_workers():
    """Let workers be forks of a process that has imported what they need."""
    set_forkserver_preload(_IMPORTED)
    forkserver.ensure_running()
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        yield


@contextmanager
def local_cluster(
    n_workers=2, processes=True, threads_per_worker=1, forked=True, **options
):
    """Yield a client of a cluster; without distributed the test is skipped.

    Its processes begin with nothing imported if they are not `forked`.
    """
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        # Of sockets closed late: no concern of ours.
        warnings.simplefilter("ignore")
        with (
            forked_workers() if processes and forked else nullcontext(),
            distributed.LocalCluster(
                n_workers=n_workers,
                threads_per_worker=threads_per_worker,
                processes=processes,
                # Any free port: without an address all clusters want the same one.
                dashboard_address=":0",
                **options,
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
