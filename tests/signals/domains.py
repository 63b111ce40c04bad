"""Scans with planted domains, and their maps. All dimensions differ."""

from dataclasses import replace

import numpy as np
from pyxem.signals import Diffraction1D, Diffraction2D, PolarDiffraction2D

from hyperspy_4dphase import DomainMap
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators.domains import Descriptions
from hyperspy_4dphase.estimators.domains._tree_edits import flat_tree, split_domain

from ..methods.conftest import calibrated

SHAPES = {
    "1-D navigation": (Diffraction2D, (60,), (9, 11)),
    "2-D navigation": (Diffraction2D, (12, 10), (9, 11)),
    "3-D navigation": (Diffraction2D, (3, 5, 7), (9, 11)),
    "1-D patterns": (Diffraction1D, (12, 10), (40,)),
    "1-D of both": (Diffraction1D, (60,), (40,)),
    "polar": (PolarDiffraction2D, (12, 10), (9, 11)),
}
N_DOMAINS = 4


def planted(form="2-D navigation", dtype="uint16"):
    """A scan, its labels and flat masks of a few positions and pixels."""
    cls, navigation, signal = SHAPES[form]
    n = int(np.prod(navigation))
    labels = np.repeat(np.arange(N_DOMAINS), [0.4 * n, 0.3 * n, 0.2 * n, 0.1 * n])
    labels = np.append(labels, np.zeros(n - labels.size, int)).reshape(navigation)
    rng = np.random.default_rng(0)
    patterns = rng.gamma(0.3, 40, (N_DOMAINS, *signal)) + 1
    scan = calibrated(rng.poisson(patterns[labels]).astype(dtype), cls)
    scan.metadata.set_item("Sample.description", "bilayer")
    excluded, pixels = np.zeros(n, bool), np.zeros(int(np.prod(signal)), bool)
    excluded[[1, n // 2, n - 1]] = pixels[[3, 8]] = True
    return scan, labels, excluded, pixels


def mapped(form="2-D navigation", masks=True, dtype="uint16"):
    """The map of a planted scan, the scan, and what `labels` must be."""
    scan, labels, excluded, pixels = planted(form, dtype)
    if not masks:
        excluded, pixels = np.zeros_like(excluded), None
    kept = labels.ravel()[~excluded]
    sizes = np.bincount(kept)
    tree = flat_tree([kept.size])
    tree, _, _ = split_domain(tree, 0, [sizes[[0, 2]].sum(), sizes[[1, 3]].sum()])
    tree, new, _ = split_domain(tree, 0, sizes[[0, 2]])
    tree, _, _ = split_domain(tree, new[1], sizes[[1, 3]])
    domains = DomainMap.from_scan(
        Scan.from_signal(scan).replace_masks(excluded if masks else None, pixels),
        kept,
        tree,
        provenance={"method": "planted", "random_state": 3},
    )
    return domains, scan, np.where(excluded.reshape(labels.shape), -1, labels)


def described(form="2-D navigation"):
    """A map that knows its steps, its scan, and the maps that it must have.

    Domains 0 and 2 are continua, and a split of domain 0 was refused.
    """
    domains, scan, labels = mapped(form)
    kept = labels.ravel() >= 0
    rng = np.random.default_rng(7)
    steps = rng.uniform(0.9, 3, kept.sum()).astype(np.float32)
    along = rng.normal(size=kept.sum()).astype(np.float32)
    refused = np.where(labels.ravel()[kept] == 0, 1 + (along > 0), 0).astype(np.int8)
    tree = domains.tree
    traits = {
        "n_directions": np.where(tree.label < 0, np.nan, 3 - tree.label),
        "spread": np.choose(tree.label + 1, [np.nan, 4.0, 0.5, 1.0, 0.0]),
        "refused": np.where(tree.label == 0, -7.5, np.nan),
    }
    known = Descriptions(steps, along, refused)
    own = DomainMap.from_scan(
        Scan.from_signal(scan).replace_masks(
            ~kept, domains._stored_map.excluded_pixels
        ),
        labels.ravel()[kept],
        replace(tree, **traits),
        provenance={"method": "planted"},
        descriptions=known,
    )
    maps = {}
    for name, values in known._asdict().items():
        maps[name] = np.zeros(labels.shape, values.dtype)
        if name != "refused":
            maps[name] = np.full(labels.shape, np.nan, values.dtype)
        maps[name][labels >= 0] = values
    return own, scan, labels, maps


def numpy_means(scan, labels, n_domains=N_DOMAINS):
    """Mean counts of each domain, the plain way."""
    rows = scan.data.reshape(labels.size, -1).astype(float)
    return np.stack([rows[labels.ravel() == i].mean(axis=0) for i in range(n_domains)])
