"""The user's dask client is found, and chunks that its workers have are known."""

import subprocess
import sys

import dask
import dask.array as da
import numpy as np

from hyperspy_4dphase._dask_clients import find_client, is_held

from .block_scans import Scan, numbered
from .local_cluster import local_cluster


def test_nothing_is_imported_to_find_nothing():
    code = (
        "import sys, dask.array\n"
        "from hyperspy_4dphase._dask_clients import find_client, is_held\n"
        "assert find_client() is None and not is_held(dask.array.ones(3))\n"
        "assert 'distributed' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_client_and_held_chunks():
    data = numbered((6, 5))
    lazy = Scan(data, (2, 5)).array
    with local_cluster(1, processes=False) as client:
        assert find_client() is client
        with dask.config.set(scheduler="threads"):
            assert find_client() is None
        assert not is_held(lazy)
        held = client.persist(lazy)
        assert is_held(held)
        assert is_held(held[1:] + 1)
        assert not is_held(np.asarray(held))
    assert find_client() is None
    assert not is_held(da.from_array(data))
