"""Map the phases of a scan: simulated, or any file that HyperSpy reads.

``make demo`` calls this; ``python map_phases.py --help`` tells the options. It prints a
table, saves the mapped scan and draws figures into the output folder.
"""

import argparse
import time
from pathlib import Path

import hyperspy.api as hs
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import linear_sum_assignment

from hyperspy_4dphase.data import battery_interface

mpl.use("agg")
# Okabe and Ito's colours, told apart by everybody.
COLOURS = [
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
    "#999999",
]


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


def map_scan(scan, seed):
    """Decompose, and say how long it took."""
    before, start = peak_memory(), time.perf_counter()
    model = scan.decomposition_rnmf(random_state=seed, return_info=True)
    seconds = time.perf_counter() - start
    print(f"\n{'time':<28}{seconds:10.1f} s")
    if before is not None:
        print(f"{'additional peak memory':<28}{peak_memory() - before:10.0f} MB")
    return model


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


def stack(results):
    """Data of components one above the other, also if there is one component only."""
    return results.data.reshape(-1, *results.axes_manager.signal_shape[::-1])


def extent(axes):
    """Edges and label of two navigation or signal axes for imshow."""
    x, y = axes
    edges = [
        x.axis[0] - x.scale / 2,
        x.axis[-1] + x.scale / 2,
        y.axis[-1] + y.scale / 2,
        y.axis[0] - y.scale / 2,
    ]
    units = (isinstance(x.units, str) and x.units) or "px"
    return edges, units


def draw_components(scan, order, path):
    """Each component's pattern and map."""
    maps, patterns = scan.get_decomposition_loadings(), scan.get_decomposition_factors()
    images, shown_maps = stack(patterns), stack(maps)
    n = len(order)
    fig, axes = plt.subplots(
        2, n, figsize=(2.4 * n + 0.8, 5), layout="constrained", squeeze=False
    )
    edges, units = extent(patterns.axes_manager.signal_axes)
    one_dimensional = maps.axes_manager.signal_dimension == 1
    for k, (top, bottom) in zip(order, axes.T, strict=True):
        top.imshow(images[k], extent=edges, norm=norm_of(images), cmap="inferno")
        top.set_title(f"component {k}")
        top.set(xlabel=f"$k_x$ ({units})")
        if one_dimensional:
            bottom.plot(shown_maps[k])
            continue
        area, length = extent(maps.axes_manager.signal_axes)
        shown = bottom.imshow(shown_maps[k], extent=area, cmap="gray", vmin=0)
        bottom.set(xlabel=f"x ({length})")
        fig.colorbar(shown, ax=bottom, shrink=0.7, label="counts" if k == n - 1 else "")
    axes[0, 0].set_ylabel(f"$k_y$ ({units})")
    fig.savefig(path, dpi=110)
    plt.close(fig)


def norm_of(patterns):
    """A scale on which rings and spots show beside a direct beam."""
    top = np.nanmax(patterns)
    return mpl.colors.PowerNorm(0.3, vmin=0, vmax=top)


def draw_map(scan, order, truth, path):
    """The component that has most counts at each position, and the true one."""
    maps = scan.get_decomposition_loadings()
    if maps.axes_manager.signal_dimension != 2:
        return
    labels = np.argsort(order)[stack(maps).argmax(axis=0)]
    panels = [("mapped", labels)]
    if truth is not None:
        panels.append(("truth", truth.domain))
    area, length = extent(maps.axes_manager.signal_axes)
    names = [f"component {k}" for k in order]
    if truth is not None:
        names[: truth.n_components] = truth.component_names
    colours = mpl.colors.ListedColormap(
        [COLOURS[i % len(COLOURS)] for i in range(len(order))]
    )
    fig, axes = plt.subplots(
        1, len(panels), figsize=(4.2 * len(panels) + 1.8, 4), layout="constrained"
    )
    for ax, (title, image) in zip(np.atleast_1d(axes), panels, strict=True):
        ax.imshow(
            image,
            extent=area,
            cmap=colours,
            vmin=-0.5,
            vmax=len(order) - 0.5,
            interpolation="nearest",
        )
        ax.set(title=title, xlabel=f"x ({length})", ylabel=f"y ({length})")
    handles = [
        mpl.patches.Patch(color=colours(i), label=name) for i, name in enumerate(names)
    ]
    fig.legend(handles=handles, loc="outside right center")
    fig.savefig(path, dpi=110)
    plt.close(fig)


def main():
    """Load or simulate, map, save, reload, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scan", default="", help="file to map; default: simulate")
    parser.add_argument("--output", default="demo_output", help="folder for results")
    parser.add_argument("--seed", type=int, default=0, help="random state")
    options = parser.parse_args()
    output = Path(options.output)
    output.mkdir(parents=True, exist_ok=True)

    if options.scan:
        scan, truth, name = load(options.scan), None, Path(options.scan).stem
    else:
        scan, truth = battery_interface(random_state=options.seed)
        name = "battery_interface"
    print(f"{name}: {scan}\n")
    map_scan(scan, options.seed)
    saved = output / f"{name}_mapped.hspy"
    scan.save(saved, overwrite=True)
    print(f"\nsaved and reloaded: {saved}")
    scan = hs.load(saved)
    n_found = scan.learning_results.output_dimension
    order = list(range(n_found)) if truth is None else compare(scan, truth)
    draw_components(scan, order, output / f"{name}_components.png")
    draw_map(scan, order, truth, output / f"{name}_map.png")
    print(f"figures: {output / name}_*.png")


if __name__ == "__main__":
    main()
