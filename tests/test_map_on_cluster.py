"""The script for clusters, with jobs that are processes of this machine."""

import os
import subprocess
import sys
from pathlib import Path

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_4dphase import Compression
from hyperspy_4dphase.data import battery_interface

SCRIPT = Path(__file__).parents[1] / "docs" / "examples" / "map_on_cluster.py"
JOBS = "--here", "--jobs", "2", "--cores", "1", "--memory", "2GB"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.workers
def test_maps_and_goes_on(tmp_path):
    pytest.importorskip("dask_jobqueue")
    signal, _ = battery_interface((20, 18), (32, 30), random_state=0)
    signal.save(tmp_path / "scan.zspy", chunks=(5, 6, 32, 30))

    def run():
        command = [sys.executable, "-W", "ignore", SCRIPT, "scan.zspy", *JOBS]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=300,
        )

    for _ in range(2):
        done = run()
        assert done.returncode == 0, done.stdout + done.stderr
        assert "dask client: " in done.stdout
    folder = tmp_path / "mapped"
    domains = hs.load(folder / "domains.hspy")
    assert domains.data.shape == (20, 18)
    patterns = hs.load(folder / "mean_patterns.hspy")
    assert np.isfinite(patterns.data).all()
    assert Compression.load(folder / "compression.npz").navigation_shape == (20, 18)
