"""Scans of dynamical simulations: what a map finds of them, and simple peers.

The scripts that make them are not part of the package; see ``shared/data/dynamical``.
"""

import importlib
import sys
from functools import partial

import numpy as np
from pyxem.signals import ElectronDiffraction2D
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.decomposition import PCA
from sklearn.feature_extraction.image import grid_to_graph
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from hyperspy_4dphase.estimators import DivisiveDomains
from tests.benchmarks import domain_scenes as scenes
from tests.benchmarks.report import simple_table

FOLDER = scenes.SHARED / "dynamical"
N_SEEDS, _N_COMPONENTS = 3, 8
# Crystals of a glass that are looked for, and overlap of one that is found.
_N_VISIBLE, _OVERLAP = 8, 0.4
PEERS = ("k-means", "Gaussian mixture", "Ward", "Ward on the grid")


def scans():
    """dict of str to callable: Each takes a seed, and returns a scan and its truth."""
    found = {}
    for dose in (150, 500, 1000, 10_000):
        found[f"reconstruction, {dose}"] = partial(_make, "reconstruction", dose)
    for dose in (1000, 10_000):
        wide = partial(_make, "reconstruction", dose, probe_px=1.2)
        found[f"reconstruction, {dose}, wide probe"] = wide
    detector = partial(_make, "reconstruction", 1000, detector=True)
    found["reconstruction, 1000, detector"] = detector
    for dose in (1000, 10_000):
        found[f"al_precipitates, {dose}"] = partial(_make, "al_precipitates", dose)
    for dose in (500, 1000, 10_000):
        found[f"glass, {dose}"] = partial(_make, "glass", dose)
    for module, dose in (("al_precipitates", 10_000), ("glass", 1000)):
        detector = partial(_make, module, dose, detector=True)
        found[f"{module}, {dose}, detector"] = detector
    bent = {"layers": False, "vacuum": False}
    for dose in (500, 1000, 10_000):
        name = f"reconstruction, bent crystal alone, {dose}"
        found[name] = partial(_make, "reconstruction", dose, **bent)
    for dose in (1000, 10_000):
        name = f"al_precipitates, no plates, {dose}"
        found[name] = partial(_make, "al_precipitates", dose, scatter=0.0)
    return found


def _make(module, dose, seed, detector=False, **options):
    if str(FOLDER) not in sys.path:
        sys.path.insert(0, str(FOLDER))
    common = importlib.import_module("common")
    make = importlib.import_module(module).scene
    rate, camera, shape, truth = make(seed, detector=detector, **options)
    counts, _ = common.finish(rate, camera, shape, dose, seed, detector)
    if options and "probe_px" not in options:
        truth["grain"] = truth["label"] = np.zeros(shape, int)
    return ElectronDiffraction2D(counts), truth


def measure(record, tell, quick):
    """Ours and simple peers, which are told the number of domains."""
    if not FOLDER.is_dir():
        tell(f"  {FOLDER} is not there")
        return
    for name, make in scans().items():
        rows = []
        for seed in range(1 if quick else N_SEEDS):
            scan, truth = make(seed)
            rows.append(_measure_one(scan, truth))
        record[name] = rows
        tell(f"  {name}: {rows}")
        if quick:
            break


def _measure_one(scan, truth):
    patterns, where = scenes.compressed(scan)
    model = DivisiveDomains(random_state=0).fit(patterns, **where)
    shape, is_glass = truth["label"].shape, "visible" in truth
    true = true_domains(truth)
    row = {"true": len(np.unique(true)), "found": model.n_domains_}
    row["ours"] = float(adjusted_rand_score(true, model.labels_))
    if is_glass:
        row |= _judge_glass(truth, model.labels_)
    if row["true"] > 1:
        points, known = scenes.features(patterns)
        for peer, labels in map_peers(points[known], known, shape, row["true"]):
            row[peer] = float(adjusted_rand_score(true, labels))
    return row


def true_domains(truth):
    """Flat; of a glass, each crystal is one."""
    return truth["grain" if "visible" in truth else "label"].ravel()


def visible_crystals(truth):
    """Numbers of the crystals of a glass, among its true domains, that are plainest."""
    return np.argsort(-truth["visible"])[:_N_VISIBLE] + 2


def _judge_glass(truth, labels):
    """Rand index of both glasses, and how many of the crystals are domains."""
    label, grain = truth["label"].ravel(), truth["grain"].ravel()
    glass = label < 2
    n_found = 0
    for crystal in visible_crystals(truth):
        inside = grain == crystal
        own = labels[inside & (labels >= 0)]
        if own.size:
            same = labels == np.bincount(own).argmax()
            n_found += (same & inside).sum() / (same | inside).sum() > _OVERLAP
    rand = adjusted_rand_score(label[glass], labels[glass])
    return {"glasses": float(rand), "crystals": int(n_found)}


def map_peers(points, known, shape, k, names=PEERS):
    """Maps of simple methods, in the leading principal components.

    Parameters
    ----------
    points : numpy.ndarray, shape (n_known, n_dimensions)
    known : numpy.ndarray of bool, shape (n,)
    shape : tuple of int
        Of the scan, of n positions.
    k : int
        Number of domains that they are told.
    names : sequence of str
        Some of `PEERS`.

    Yields
    ------
    name : str
    labels : numpy.ndarray of int, shape (n,)
        -1 for none.
    """
    n_components = min(_N_COMPONENTS, points.shape[1])
    points = PCA(n_components, random_state=0).fit_transform(points)
    graph = grid_to_graph(*shape, mask=known.reshape(shape))
    peers = {
        "k-means": KMeans(k, n_init=4, random_state=0),
        "Gaussian mixture": GaussianMixture(k, random_state=0),
        "Ward": AgglomerativeClustering(k),
        "Ward on the grid": AgglomerativeClustering(k, connectivity=graph),
    }
    for name in names:
        labels = np.full(known.size, -1)
        labels[known] = peers[name].fit_predict(points)
        yield name, labels


def write_table(record):
    """Means over the seeds, as reStructuredText."""
    header = ["scan", "domains", "found", "ours", "each seed", *PEERS]
    header += ["glasses", "crystals of 8"]
    rows = []
    for name, seeds in record.items():

        def mean(key, seeds=seeds):
            values = [row[key] for row in seeds if key in row]
            return f"{np.mean(values):.2f}" if values else ""

        found = ", ".join(str(row["found"]) for row in seeds)
        each = ", ".join(f"{row['ours']:.2f}" for row in seeds)
        crystals = ", ".join(str(row["crystals"]) for row in seeds if "crystals" in row)
        rows.append([name, seeds[0]["true"], found, mean("ours"), each])
        rows[-1] += [*map(mean, PEERS), mean("glasses"), crystals]
    title = "Scans of dynamical simulations, adjusted Rand indices over all positions:"
    return f"{title}\n\n{simple_table(header, rows)}"
