"""``python -m tests.benchmarks.embedding``: the latent embedding, and its peers."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import hyperspy.api as hs
import numpy as np
from sklearn.cluster import HDBSCAN
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import KNeighborsClassifier

from hyperspy_4dphase import data
from hyperspy_4dphase.estimators import PatternVAE, compress_patterns
from tests.benchmarks.command import read_options, write_result
from tests.benchmarks.measure import PeakMemory
from tests.benchmarks.report import simple_table
from tests.benchmarks.run import ROOT

_SMALLEST = 50
_N_COMPARED = 4000


def class_recalls(points, truth):
    """HDBSCAN on points, everything in its nearest cluster: how well classes are found.

    Each cluster stands for the class that has most of its positions.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, latent_dim)
    truth : numpy.ndarray of int, shape (n,)

    Returns
    -------
    dict
        Worst and mean recall of a class, number of clusters, adjusted Rand index, and
        the share of positions that HDBSCAN itself left unassigned.
    """
    smallest = max(25, min(_SMALLEST, len(points) // 100))
    found = HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(points)
    sure = found >= 0
    if not sure.any():
        return {"n_clusters": 0}
    nearest = KNeighborsClassifier(1).fit(points[sure], found[sure])
    labels = nearest.predict(points)
    table = np.zeros((truth.max() + 1, labels.max() + 1))
    np.add.at(table, (truth, labels), 1)
    owner = table.argmax(axis=0)
    recalls = [row[owner == i].sum() / row.sum() for i, row in enumerate(table)]
    return {
        "worst": float(min(recalls)),
        "mean": float(np.mean(recalls)),
        "n_clusters": len(owner),
        "rand": float(adjusted_rand_score(truth, labels)),
        "unassigned": float((~sure).mean()),
    }


def large_scan(file):
    """The phantom of thirteen classes from its file to its embedding."""
    hs.preferences.General.show_progressbar = False
    scan = hs.load(file, lazy=True)
    start = time.perf_counter()
    scan.sum().compute(show_progressbar=False)
    read = time.perf_counter() - start
    with PeakMemory() as memory:
        start = time.perf_counter()
        embedding, model = scan.vae_embed(random_state=0, return_info=True)
        seconds = time.perf_counter() - start
    np.save(Path(file).with_name("latent_0.npy"), embedding.data)
    return {
        "seconds": seconds,
        "read": read,
        "epochs": len(model.loss_),
        "extra_bytes": memory.extra_bytes,
        "active": len(model.active_dimensions_),
    }


def other_seed(file):
    """The same with another seed."""
    hs.preferences.General.show_progressbar = False
    embedding = hs.load(file, lazy=True).vae_embed(random_state=1)
    np.save(Path(file).with_name("latent_1.npy"), embedding.data)


def reconstruction(kind, navigation_shape=(64, 60), signal_shape=(64, 60)):
    """Error of held-out patterns, in units of counting noise: autoencoder and PCA."""
    scan, truth = getattr(data, kind)(navigation_shape, signal_shape, random_state=0)
    X = scan.data.reshape(-1, np.prod(signal_shape)).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(X))
    held, trained = order[: len(X) // 5], order[len(X) // 5 :]
    model = PatternVAE(random_state=0, device="cpu").fit(X[trained])
    scaling = compress_patterns(X[trained], random_state=0)
    scale = scaling.column_scale * np.median(scaling.row_scale)
    peer = PCA(2, random_state=0).fit(X[trained] * scale)
    found = {
        "vae": model.inverse_transform(model.transform(X[held])) * scale,
        "pca": peer.inverse_transform(peer.transform(X[held] * scale)),
    }
    wanted = {"counts": X[held]}
    if "tilt" not in truth.maps:
        wanted["truth"] = truth.expected().reshape(X.shape)[held]
    return {
        f"{name} {against}": float(np.square(values - other * scale).sum(axis=1).mean())
        for name, values in found.items()
        for against, other in wanted.items()
    }


def measured_scans(folder):
    """Classes and grains of others' scans with a known truth."""
    scans = {
        "naphi classes": (
            "naphi_real_endmembers/naphi_50x50x64x64.hspy",
            "naphi_real_endmembers/ground_truth.npz",
            "class_id",
        ),
        "two_lattices grains": (
            "two_lattices_sim/scan_32x32x64x64.hspy",
            "two_lattices_sim/truth.npz",
            "grain_id",
        ),
    }
    found = {}
    for name, (file, truth, key) in scans.items():
        scan = hs.load(folder / file)
        truth = np.load(folder / truth)[key].ravel()
        for seed in range(3):
            points = scan.vae_embed(random_state=seed).data.reshape(-1, 2)
            found[f"{name}, seed {seed}"] = class_recalls(points, truth)
    return found


def architectures():
    """Both networks on the strained flake: time and recall."""
    scan, truth = data.strained_flake((64, 64), (128, 128), random_state=0)
    found = {}
    for name in ("compressed", "convolutional"):
        start = time.perf_counter()
        embedding = scan.vae_embed(architecture=name, random_state=0)
        seconds = time.perf_counter() - start
        points = embedding.data.reshape(-1, 2)
        found[name] = {"seconds": seconds} | class_recalls(points, truth.domain.ravel())
    return found


def measure_all(tell):
    """Everything, as JSON has it."""
    hs.preferences.General.show_progressbar = False
    record = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "phantom.zspy")
        scan, truth = data.domain_phantom(random_state=0)
        scan.save(file)
        X = scan.data.reshape(truth.domain.size, -1)
        compressed = compress_patterns(X, random_state=0)
        del scan, X
        tell("domain_phantom, from a lazy file")
        record["large"] = _in_a_process("large_scan", file)
        _in_a_process("other_seed", file)
        one, two = (np.load(Path(folder, f"latent_{i}.npy")) for i in (0, 1))
    one, two = one.reshape(-1, 2), two.reshape(-1, 2)
    truth = truth.domain.ravel()
    k = compressed.n_significant
    features = compressed.Q[:, :k] * compressed.singular_values[:k]
    principal = PCA(2, random_state=0).fit_transform(features)
    tell("domain_phantom, HDBSCAN")
    record["phantom"] = {
        "vae_embed, seed 0": class_recalls(one, truth),
        "vae_embed, seed 1": class_recalls(two, truth),
        "two principal components": class_recalls(principal, truth),
    }
    few = np.random.default_rng(0).choice(len(one), _N_COMPARED, replace=False)
    record["trustworthiness"] = [
        float(trustworthiness(a[few], b[few], n_neighbors=10))
        for a, b in ((one, two), (two, one))
    ]
    record["reconstruction"] = {}
    for kind in ("oxide_bilayer", "battery_interface", "strained_flake"):
        tell(f"{kind}, held-out patterns")
        record["reconstruction"][kind] = reconstruction(kind)
    tell("domain_phantom, held-out patterns")
    record["reconstruction"]["domain_phantom"] = reconstruction("domain_phantom")
    tell("both architectures")
    record["architectures"] = architectures()
    shared = ROOT.parent / "shared" / "data"
    if shared.is_dir():
        tell("measured scans")
        record["measured"] = measured_scans(shared)
    return record


def write_tables(record):
    """Tables as reStructuredText.

    Parameters
    ----------
    record : dict
        What :func:`measure_all` gave.

    Returns
    -------
    str
    """
    large = record["large"]
    memory = (large["extra_bytes"] or 0) / 1e6
    parts = [
        "``domain_phantom``, 295 x 296 positions of 128 x 128 pixels (2.9 GB), lazily "
        f"from a ``.zspy`` file: {large['seconds']:.1f} s to the embedding, "
        f"{large['seconds'] / large['read']:.1f} times what one ``s.sum()`` takes, "
        f"{memory:.0f} MB of memory, {large['epochs']} epochs, "
        f"{large['active']} active dimensions.",
        "HDBSCAN on the embedding, each position in its nearest cluster:",
        _recalls(
            record["phantom"] | record.get("measured", {}) | _flake(record), "embedding"
        ),
        "Trustworthiness of the embeddings of two seeds with respect to each other: "
        + " and ".join(f"{value:.3f}" for value in record["trustworthiness"])
        + ".",
        "Held-out patterns, summed squared error in units of the noise variance of a "
        "pixel, against two principal components of the scaled counts:",
        _errors(record["reconstruction"]),
        "Time of ``strained_flake``, 64 x 64 positions of 128 x 128 pixels: "
        + ", ".join(
            f"{name} {found['seconds']:.0f} s"
            for name, found in record["architectures"].items()
        )
        + ".",
    ]
    return "\n\n".join(parts) + "\n"


def _flake(record):
    return {
        f"strained_flake, {name}": found
        for name, found in record["architectures"].items()
    }


def _recalls(found, header):
    columns = ("worst", "mean", "rand", "unassigned", "n_clusters")
    rows = [
        [name, *(_number(values.get(column)) for column in columns)]
        for name, values in found.items()
    ]
    titles = ("worst recall", "mean recall", "Rand index", "unassigned", "clusters")
    return simple_table([header, *titles], rows)


def _errors(found):
    columns = ("vae truth", "pca truth", "vae counts", "pca counts")
    rows = [
        [name, *(_number(values.get(column)) for column in columns)]
        for name, values in found.items()
    ]
    return simple_table(["scan", *columns], rows)


def _number(value):
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _in_a_process(function, file):
    code = (
        "import json, sys, tests.benchmarks.embedding as e; "
        "print(json.dumps(getattr(e, sys.argv[1])(sys.argv[2])))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, function, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def main(arguments=None):
    """Measure, print the tables, write them."""
    options = read_options(__doc__, arguments, quick=False)
    record = measure_all(lambda line: print(line, flush=True))
    write_result(options, "embedding", record, write_tables(record))


if __name__ == "__main__":
    main()
