"""
Larger than memory, and on a cluster
====================================

A file that does not fit into memory is mapped as any other: it is opened lazily, read a
few times block by block, and what is kept is small. Here a process is not allowed to
have as much memory as the scan takes. Then the same is done by workers of a cluster,
and both results are compared.
"""

# sphinx_gallery_thumbnail_number = 1
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import hyperspy.api as hs
import numpy as np
from dask.distributed import Client
from distributed import SubprocessCluster

import hyperspy_4dphase
from hyperspy_4dphase.data import battery_interface

# %%
# The scan is simulated block by block while it is written, so that it is never in
# memory either. On disk it is small, since counts compress well.

folder = Path(tempfile.mkdtemp())
simulated, truth = battery_interface((112, 128), (224, 224), lazy=True, random_state=0)
simulated.save(folder / "scan.zspy", show_progressbar=False)
scan = hs.load(folder / "scan.zspy", lazy=True)
size = scan.data.nbytes / 1e6
print(f"{scan}\n{size:.0f} MB in memory, chunks of {scan.data.chunksize}")

# %%
# What a process of its own does, which may have 1 GB more than it has when all is
# imported (on Linux, which has such limits). Loading the scan fails, mapping it works.

script = """
import json, resource, sys, time
import hyperspy.api as hs
import hyperspy_4dphase
from hyperspy_4dphase.data import oxide_bilayer

def memory(name):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith(name))

folder, allowed = sys.argv[1], float(sys.argv[2])
hs.preferences.General.show_progressbar = False
tiny, _ = oxide_bilayer((8, 9), (32, 36), random_state=0)
tiny.as_lazy().decomposition_rnmf(print_info=False)  # imports and compiles the rest
limit = int((memory("VmData") + allowed) * 1e3)
resource.setrlimit(resource.RLIMIT_DATA, (limit * 1024, limit * 1024))
before = memory("VmRSS")

scan = hs.load(folder + "/scan.zspy", lazy=True)
told = {}
try:
    hs.load(folder + "/scan.zspy")
except Exception as error:
    told["load it"] = type(error).__name__
start = time.time()
compression = hyperspy_4dphase.compress(scan, random_state=0, print_info=False)
told["compress, s"] = round(time.time() - start, 1)
scan.decomposition_rnmf(compression=compression, print_info=False)
told["compress and decompose, s"] = round(time.time() - start, 1)
told["most additional memory, MB"] = round(memory("VmHWM") - before)
compression.save(folder + "/compression.npz")
scan.learning_results.save(folder + "/results.npz")
print(json.dumps(told))
"""
allowed = 1000
done = subprocess.run(
    [sys.executable, "-W", "ignore", "-c", script, str(folder), str(allowed)],
    capture_output=True,
    text=True,
    check=True,
)
told = json.loads(done.stdout.splitlines()[-1])
print(f"allowed: {allowed} MB for a scan of {size:.0f} MB")
for name, value in told.items():
    print(f"{name:<28}{value}")

# %%
# The results, from their file: a pattern and a map for each component. As all that
# follows, they are small.

scan.learning_results.load(folder / "results.npz")
maps = scan.get_decomposition_loadings().data
scan.get_decomposition_result().plot_components()
for name, true in zip(
    truth.component_names, np.moveaxis(truth.abundance, -1, 0), strict=True
):
    fits = [
        np.vdot(found, true) / np.linalg.norm(found) / np.linalg.norm(true)
        for found in maps
    ]
    print(f"{name:<18}component {np.argmax(fits)}, cosine of maps {max(fits):.3f}")

# %%
# Now by a cluster: a scheduler and two workers, which are processes of their own on
# this machine. ``Client("address:8786")`` takes those of any other computer. As soon as
# there is a client, blocks of lazy scans are read and multiplied by its workers, and
# only sums of them come back.

cluster = SubprocessCluster(
    n_workers=2,
    worker_kwargs={"nthreads": 1},
    scheduler_kwargs={"dashboard_address": ":0"},
)
client = Client(cluster)
client.wait_for_workers(2)
start = time.time()
by_workers = hyperspy_4dphase.compress(scan, random_state=0, print_info=False)
print(f"{time.time() - start:.1f} s with {len(client.nthreads())} workers")
client.close()
cluster.close()

# %%
# Both have the same number of directions above noise. Singular values are estimates,
# which more reads make more precise.

alone = hyperspy_4dphase.Compression.load(folder / "compression.npz")
print("directions:", alone.n_significant, by_workers.n_significant)
print("reads:     ", alone.n_reads, by_workers.n_reads)
n = alone.n_significant
first, second = (c.singular_values[:n] for c in (alone, by_workers))
print("largest difference of singular values:", np.abs(first / second - 1).max())

# %%
# Other examples end with a measured scan. This one does not, as none that we may use
# is larger than memory. :doc:`/performance` has what simulated scans of up to 34 GB
# take; ``hyperspy_4dphase.plan(scan)`` says beforehand what yours will.
