"""Map the phases of a scan: simulated, or any file that HyperSpy reads.

``make demo`` calls this; ``python map_phases.py --help`` tells the options. It prints a
table, saves the mapped scan and draws figures into the output folder.
"""

import argparse
import time
from pathlib import Path

import hyperspy.api as hs
import numpy as np
from _drawing import (
    component_names,
    draw_components,
    draw_confidence,
    draw_domains,
    draw_latent,
    draw_map,
    stack,
    strongest,
)
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import HDBSCAN
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import KNeighborsClassifier

from hyperspy_4dphase import compress
from hyperspy_4dphase.data import battery_interface, structure

# So few positions are no clusters.
FEWEST = 50
# Probability from which on the demo calls a label sure.
SURE = 0.95
# What the crystals of the simulated scan might be; they are the first.
CANDIDATES = ("NMC622", "SrTiO3", "Si", "Al")


def load(path):
    """The first scan in a file, opened lazily, as a diffraction signal."""
    signals = hs.load(path, lazy=True)
    signals = signals if isinstance(signals, list) else [signals]
    scans = [s for s in signals if s.axes_manager.navigation_dimension]
    if not scans:
        raise SystemExit(f"{path} holds no scan: no signal in it has navigation axes.")
    scan = scans[0]
    if not hasattr(scan, "decomposition_rnmf"):
        scan.set_signal_type("electron_diffraction")
    return scan


def peak_memory():
    """Largest memory of this process so far, in MB, or None where it is not told."""
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(function, **options):
    """Call it, and say how long it took."""
    before, start = peak_memory(), time.perf_counter()
    result = function(**options)
    seconds = time.perf_counter() - start
    print(f"\n{'time':<28}{seconds:10.1f} s")
    if before is not None and peak_memory() > before:
        print(f"{'additional peak memory':<28}{peak_memory() - before:10.0f} MB")
    return result


def compare(scan, truth):
    """Print the match of found and true components; return their order."""
    found = stack(scan.get_decomposition_loadings())
    found = found.reshape(len(found), -1)
    true = np.moveaxis(truth.abundance, -1, 0).reshape(truth.n_components, -1)
    norms = np.linalg.norm(true, axis=1)[:, None] * np.linalg.norm(found, axis=1)
    cosine = true @ found.T / norms
    rows, columns = linear_sum_assignment(-cosine)
    print(f"\n{'true component':<28}{'found as':>10}{'cosine of maps':>17}")
    for row, column in zip(rows, columns, strict=True):
        print(
            f"{truth.component_names[row]:<28}{column:>10}{cosine[row, column]:>17.4f}"
        )
    print(f"{'number: true, found':<28}{len(true):>10}{len(found):>17}")
    rest = np.setdiff1d(np.arange(len(found)), columns)
    return [*columns, *rest]


def embed(scan, compression, seed, path):
    """The latent embedding, saved and reloaded; None for a handful of positions."""
    n = scan.axes_manager.navigation_size
    if n < FEWEST:
        print(f"\nlatent embedding left out: {n} positions, at least {FEWEST} needed")
        return None
    print("\nlatent embedding")
    options = {"compression": compression, "random_state": seed}
    embedding = measured(scan.vae_embed, **options)
    embedding.save(path, overwrite=True)
    print(f"saved and reloaded: {path}")
    return hs.load(path)


def find_domains(embedding):
    """Clusters in latent space: each position is in the nearest; -1 where masked."""
    points = embedding.data.reshape(-1, embedding.latent_dim)
    used = ~np.isnan(points).any(axis=1)
    smallest = max(10, used.sum() // 100)
    found = HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(points[used])
    sure = found >= 0
    domains = np.full(len(points), -1)
    domains[used] = 0
    if sure.any():
        nearest = KNeighborsClassifier(1).fit(points[used][sure], found[sure])
        nearby = nearest.predict(points[used])
        # The largest is 0.
        domains[used] = np.argsort(np.argsort(-np.bincount(nearby)))[nearby]
    print(f"{'domains in latent space':<28}{domains.max() + 1:>10}")
    return domains.reshape(embedding.data.shape[:-1])


def cluster(scan, compression, seed, path):
    """The domains of the compressed scan, saved and reloaded with their patterns."""
    print("\ndomains")
    options = {"compression": compression, "random_state": seed}
    domains = measured(scan.cluster_hierarchical, **options)
    domains.mean_patterns(scan)
    domains.save(path, overwrite=True)
    print(f"saved and reloaded: {path}")
    domains = hs.load(path)
    print(f"\n{'tree of domains':<28}{'positions':>10}   strength, or why not split")
    print_tree(domains.tree)
    unassigned = (domains.labels < 0).sum()
    if unassigned:
        print(f"{'unassigned':<28}{unassigned:>10}")
    return domains


def print_tree(tree, number=0, depth=0):
    """Print a node, and what it was split into."""
    node = tree[number]
    name = f"node {number}" if node.children else f"domain {node.label}"
    name, why = "  " * depth + name, node.reason
    if node.children:
        why = f"{node.strength:.1f}"
    print(f"{name:<28}{node.size:>10}   {why}")
    for child in node.children:
        print_tree(tree, child, depth + 1)


def judge(scan, domains, compression, seed, path):
    """How probable each label of the map is right, saved and reloaded."""
    print("\nconfidence")
    options = {"compression": compression, "random_state": seed}
    confidence = measured(scan.domain_confidence, domains=domains, **options)
    confidence.mean_patterns(scan)
    confidence.save(path, overwrite=True)
    print(f"saved and reloaded: {path}")
    confidence = hs.load(path)
    share = mean = "not resolved"
    if confidence.is_resolved:
        known = confidence.data[~np.isnan(confidence.data)]
        share, mean = f"{(known >= SURE).mean():.1%}", f"{known.mean():.4f}"
    print(f"{f'sure to {SURE:.0%} at least':<28}{share:>12}")
    print(f"{'mean confidence':<28}{mean:>12}")
    return confidence


def name_domains(scan, domains, structures, path):
    """What each domain is, saved and reloaded, and the figure of it."""
    print("\nphases")
    classes = measured(domains.classify, signal=scan)
    if not structures:
        print(f"{classes}\nno structures were given to name domains: --structures")
        return None
    phases = measured(
        domains.identify, structures=structures, signal=scan, classes=classes
    )
    phases.save(path.with_suffix(".hspy"), overwrite=True)
    print(f"saved and reloaded: {path.with_suffix('.hspy')}\n")
    phases = hs.load(path.with_suffix(".hspy"))
    print(phases.report())
    phases.plot().savefig(path.with_suffix(".png"), dpi=150)
    return phases


def compare_confidence(confidence, truth):
    """Print whether it is calibrated, and whether it finds what is wrong."""
    found = confidence.reliability(truth.domain)
    print(f"{'labels that are right':<28}{1 - found['error']:>12.4f}")
    right = 1 - found["error_without_least_sure"]
    print(f"{'without the least sure 5 %':<28}{right:>12.4f}")


def compare_domains(domains, truth):
    """Print how well domains agree with the truth, by the adjusted Rand index."""
    sets = {"all positions": truth.mixedness >= 0, "pure": truth.mixedness < 0.2}
    for name, chosen in sets.items():
        index = adjusted_rand_score(truth.domain[chosen], domains[chosen])
        print(f"{f'adjusted Rand index, {name}':<38}{index:.4f}")


def main():
    """Load or simulate, map, save, reload, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scan", default="", help="file to map; default: simulate")
    parser.add_argument("--output", default="demo_output", help="folder for results")
    parser.add_argument(
        "--structures", nargs="*", default=[], help="CIF files of what it may hold"
    )
    parser.add_argument("--seed", type=int, default=0, help="random state")
    options = parser.parse_args()
    output = Path(options.output)
    output.mkdir(parents=True, exist_ok=True)

    if options.scan:
        scan, truth, name = load(options.scan), None, Path(options.scan).stem
    else:
        scan, truth = battery_interface(random_state=options.seed)
        name = "battery_interface"
    seed = options.seed
    print(f"{name}: {scan}\n\ncompression")
    compression = measured(compress, signal=scan, random_state=seed)
    print("\ndecomposition")
    measured(scan.decomposition_rnmf, compression=compression, random_state=seed)
    saved = output / f"{name}_mapped.hspy"
    scan.save(saved, overwrite=True)
    print(f"\nsaved and reloaded: {saved}")
    scan = hs.load(saved)
    n_found = scan.learning_results.output_dimension
    order = list(range(n_found)) if truth is None else compare(scan, truth)
    draw_components(scan, order, output / f"{name}_components.png")
    draw_map(scan, order, truth, output / f"{name}_map.png")

    embedding = embed(scan, compression, seed, output / f"{name}_embedding.hspy")
    if embedding is not None:
        domains = find_domains(embedding)
        if truth is not None:
            compare_domains(domains, truth)
        labels = strongest(scan.get_decomposition_loadings(), order)
        names = component_names(order, truth)
        draw_latent(embedding, names, labels, domains, output / f"{name}_latent.png")

    domains = cluster(scan, compression, seed, output / f"{name}_domains.hspy")
    if truth is not None:
        compare_domains(domains.labels, truth)
    draw_domains(domains, output / f"{name}_domains.png")

    saved = output / f"{name}_confidence.hspy"
    confidence = judge(scan, domains, compression, seed, saved)
    if truth is not None and confidence.is_resolved:
        compare_confidence(confidence, truth)
    draw_confidence(confidence, output / f"{name}_confidence.png")
    structures = options.structures
    if truth is not None and not structures:
        structures = [structure(candidate) for candidate in CANDIDATES]
    name_domains(scan, domains, structures, output / f"{name}_phases")
    print(f"figures: {output / name}_*.png")


if __name__ == "__main__":
    main()
