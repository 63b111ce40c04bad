"""Map the phases of a scan: simulated, or any file that HyperSpy reads.

``make demo`` calls this; ``python map_phases.py --help`` tells the options. It prints a
table, saves the mapped scan and draws figures into the output folder.
"""

import argparse
import time
from pathlib import Path

import hyperspy.api as hs
import numpy as np
from _drawing import draw_components, draw_domains, draw_map, save, stack
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


def keep(result, path):
    """Save a result, and reload it."""
    result.save(path, overwrite=True)
    print(f"saved and reloaded: {path}")
    return hs.load(path)


def tell_domains(domains, truth):
    """Print the tree of domains, and how well they agree with the truth."""
    print(f"\n{'tree of domains':<28}{'positions':>10}   strength, or why not split")
    print_tree(domains.tree)
    unassigned = (domains.labels < 0).sum()
    if unassigned:
        print(f"{'unassigned':<28}{unassigned:>10}")
    if truth is not None:
        compare_domains(domains.labels, truth)


def tell_confidence(confidence, truth):
    """Print how probable the labels are right, and whether that is so."""
    share = mean = "not resolved"
    if confidence.is_resolved:
        known = confidence.data[~np.isnan(confidence.data)]
        share, mean = f"{(known >= SURE).mean():.1%}", f"{known.mean():.4f}"
    print(f"\n{f'sure to {SURE:.0%} at least':<28}{share:>12}")
    print(f"{'mean confidence':<28}{mean:>12}")
    if truth is not None and confidence.is_resolved:
        compare_confidence(confidence, truth)


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
    draw_components(scan, output / f"{name}_components.png")
    draw_map(scan, order, truth, output / f"{name}_map.png")

    embedding = embed(scan, compression, seed, output / f"{name}_embedding.hspy")
    if embedding is not None:
        found = find_domains(embedding)
        if truth is not None:
            compare_domains(found, truth)
        save(embedding.plot_latent(found).figure, output / f"{name}_latent.png")

    structures = options.structures
    if truth is not None and not structures:
        structures = [structure(candidate) for candidate in CANDIDATES]
    print("\nphases")
    result = measured(
        scan.map_phases,
        structures=structures or None,
        compression=compression,
        random_state=seed,
        print_info=False,
    )
    result.domains.mean_patterns(scan)
    domains = keep(result.domains, output / f"{name}_domains.hspy")
    tell_domains(domains, truth)
    draw_domains(domains, output / f"{name}_domains.png")
    confidence = keep(result.confidence, output / f"{name}_confidence.hspy")
    tell_confidence(confidence, truth)
    save(confidence.plot(), output / f"{name}_confidence.png")
    if result.phases is not None:
        keep(result.phases, output / f"{name}_phases.hspy")
        save(result.plot(), output / f"{name}_phases.png")
    save(result.plot_phase_summary(), output / f"{name}_summary.png")
    print(f"figures: {output / name}_*.png\n\n{result}")
    if not structures:
        print("no structures were given to name domains: --structures")


if __name__ == "__main__":
    main()
