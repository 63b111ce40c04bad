"""The figures of the demo, ``map_phases.py``, which results do not draw themselves."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from hyperspy_4dphase.plot import plot_domains

mpl.use("agg")


def save(figure, path):
    """Save a figure, and close it."""
    figure.savefig(path, dpi=110)
    plt.close(figure)


def stack(results):
    """Data of components one above the other, also if there is one component only."""
    return results.data.reshape(-1, *results.axes_manager.signal_shape[::-1])


def draw_components(scan, path):
    """Each component's pattern and map."""
    save(scan.get_decomposition_result().plot_components(), path)


def draw_map(scan, order, truth, path):
    """The component that has most counts at each position, and the true one."""
    maps = scan.get_decomposition_loadings()
    if maps.axes_manager.signal_dimension != 2:
        return
    panels = {"mapped": np.argsort(order)[stack(maps).argmax(axis=0)]}
    if truth is not None:
        panels["truth"] = truth.domain
    names = component_names(order, truth)
    x, y = maps.axes_manager.signal_axes
    edges = [
        x.axis[0] - x.scale / 2,
        x.axis[-1] + x.scale / 2,
        y.axis[-1] + y.scale / 2,
        y.axis[0] - y.scale / 2,
    ]
    units = (isinstance(x.units, str) and x.units) or "px"
    fig, axes = plt.subplots(
        1, len(panels), figsize=(4.5 * len(panels), 3.4), layout="constrained"
    )
    for ax, (title, labels) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        place = {"extent": edges, "units": units, "ax": ax}
        plot_domains(labels, names=names, title=title, **place)
    save(fig, path)


def draw_domains(domains, path):
    """The map of domains above the tree that they come from, with mean patterns."""
    fig = plt.figure(figsize=(9, 8), layout="constrained")
    top, bottom = fig.subfigures(2, 1)
    n = domains.n_domains
    domains.plot(title=f"{n} domain{'s'[: n != 1]}", ax=top.add_subplot())
    domains.plot_tree(fig=bottom)
    save(fig, path)


def component_names(order, truth):
    """What the legend calls components, in this order."""
    names = [f"component {k}" for k in order]
    if truth is not None:
        names[: truth.n_components] = truth.component_names
    return names
