"""Map a scan on the workers of a cluster: by SLURM, or on this machine as a rehearsal.

On a cluster with SLURM, each job with one worker of four threads::

    python map_on_cluster.py scan.zspy --jobs 8 --cores 4 --memory 16GB --queue normal

The same with jobs that are processes of this machine, to see that all of it runs::

    python map_on_cluster.py scan.zspy --here --jobs 2 --cores 1 --memory 2GB

With a scheduler that is running already::

    python map_on_cluster.py scan.zspy --scheduler tcp://10.0.0.1:8786

All workers need the file under the same name, and this package in their environment.
Killed in the middle, the same command goes on where it stopped.
"""

import argparse
from pathlib import Path

import dask
import hyperspy.api as hs
from dask.distributed import Client

from hyperspy_4dphase import compress, plan


def read_options(arguments=None):
    """What the command is told."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scan", type=Path, help="a file that HyperSpy reads lazily")
    parser.add_argument("--output", type=Path, default=Path("mapped"), help="folder")
    parser.add_argument("--jobs", type=int, default=2, help="how many")
    parser.add_argument("--cores", type=int, default=2, help="threads of each job")
    parser.add_argument("--memory", default="8GB", help="of each job")
    parser.add_argument("--queue", help="SLURM's partition")
    parser.add_argument("--account", help="SLURM's account")
    parser.add_argument("--walltime", default="01:00:00")
    parser.add_argument("--seed", type=int, default=0)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--here", action="store_true", help="jobs on this machine")
    where.add_argument("--scheduler", help="address of one that is running")
    return parser.parse_args(arguments)


def connect(options):
    """Ask for workers, and wait until the first is there."""
    if options.scheduler:
        return Client(options.scheduler)
    job = {"cores": options.cores, "processes": 1, "memory": options.memory}
    if options.here:
        from dask_jobqueue.local import LocalCluster

        cluster = LocalCluster(**job)
    else:
        from dask_jobqueue import SLURMCluster

        job |= {"queue": options.queue, "account": options.account}
        # One thread for each product, or they fight for the cores.
        own = ["export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1"]
        cluster = SLURMCluster(
            walltime=options.walltime, job_script_prologue=own, **job
        )
    cluster.scale(jobs=options.jobs)
    client = Client(cluster)
    client.wait_for_workers(1)
    return client


def map_scan(options):
    """Compress, factorize, find domains, and save what was found."""
    scan = hs.load(options.scan, lazy=True)
    if not hasattr(scan, "decomposition_rnmf"):
        scan.set_signal_type("electron_diffraction")
    print(plan(scan))
    options.output.mkdir(parents=True, exist_ok=True)
    checkpoint = options.output / "compression.npz"
    own = {"random_state": options.seed, "show_progressbar": False}
    compression = compress(scan, checkpoint=checkpoint, **own)
    scan.decomposition_rnmf(compression=compression, **own)
    domains = scan.cluster_hierarchical(compression=compression, **own)
    results = {
        "domains": domains,
        "mean_patterns": domains.mean_patterns(),
        "factors": scan.get_decomposition_factors(),
        "loadings": scan.get_decomposition_loadings(),
    }
    # They are small; and HDF5 files cannot be written by workers.
    with dask.config.set(scheduler="threads"):
        for name, result in results.items():
            result.save(options.output / f"{name}.hspy", overwrite=True)
    return domains


def main(arguments=None):
    """Connect, map, and give the workers back."""
    options = read_options(arguments)
    with connect(options) as client:
        print(client)
        domains = map_scan(options)
        if not options.scheduler:
            client.cluster.close()
    print(domains)


if __name__ == "__main__":
    main()
