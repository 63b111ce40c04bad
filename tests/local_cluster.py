"""A dask cluster on this computer, as long as a test needs it."""

import warnings
from contextlib import contextmanager

import pytest


@contextmanager
def local_cluster(n_workers=2, processes=True, threads_per_worker=1, **options):
    """Yield a client of a cluster; without distributed the test is skipped."""
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        # Of sockets closed late: no concern of ours.
        warnings.simplefilter("ignore")
        with (
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
