"""The figures of the demo, ``map_phases.py``."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

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
        fig.colorbar(
            shown, ax=bottom, shrink=0.7, label="counts" if k == order[-1] else ""
        )
    axes[0, 0].set_ylabel(f"$k_y$ ({units})")
    fig.savefig(path, dpi=110)
    plt.close(fig)


def norm_of(patterns):
    """A scale on which rings and spots show beside a direct beam."""
    top = np.nanmax(patterns)
    return mpl.colors.PowerNorm(0.3, vmin=0, vmax=top)


def strongest(maps, order):
    """Of each position the place in `order` of the component with most counts."""
    return np.argsort(order)[stack(maps).argmax(axis=0)]


def draw_map(scan, order, truth, path):
    """The component that has most counts at each position, and the true one."""
    maps = scan.get_decomposition_loadings()
    if maps.axes_manager.signal_dimension != 2:
        return
    labels = strongest(maps, order)
    panels = [("mapped", labels)]
    if truth is not None:
        panels.append(("truth", truth.domain))
    area, length = extent(maps.axes_manager.signal_axes)
    names = component_names(order, truth)
    colours = colour_map(len(order))
    fig, axes = plt.subplots(
        1, len(panels), figsize=(4.2 * len(panels) + 1.8, 4), layout="constrained"
    )
    for ax, (title, image) in zip(np.atleast_1d(axes), panels, strict=True):
        draw_labels(ax, image, colours, area, length)
        ax.set_title(title)
    finish(fig, names, colours, path)


def draw_latent(embedding, names, labels, domains, path):
    """The latent plane, coloured by component, beside the map of domains.

    ``labels`` has each position's strongest component, of those in ``names``;
    ``domains`` its cluster in latent space, -1 where masked.
    """
    n_domains = domains.max() + 1
    colours, domain_colours = colour_map(len(names)), colour_map(n_domains)
    fig, (plane, area) = plt.subplots(1, 2, figsize=(10.4, 4), layout="constrained")
    x, y = embedding.data.reshape(-1, 2).T
    size = np.clip(10000 / len(x), 1, 30)
    plane.scatter(x, y, c=colours(labels.ravel()), s=size, linewidths=0)
    plane.set(title="latent plane", xlabel="dimension 0", ylabel="dimension 1")
    axes = embedding.axes_manager.navigation_axes
    if len(axes) == 2:
        draw_labels(area, domains, domain_colours, *extent(axes))
    else:
        area.scatter(np.arange(domains.size), domains, c=domain_colours(domains), s=12)
        area.set(xlabel="probe position", ylabel="domain")
    area.set_title(f"{n_domains} domains found in latent space")
    finish(fig, names, colours, path, "colours of the plane:\nstrongest component")


def draw_domains(domains, path):
    """The map of domains above the tree that they come from, with mean patterns."""
    n = domains.n_domains
    fig = plt.figure(figsize=(np.clip(1.2 * n, 7, 14), 8), layout="constrained")
    top, bottom = fig.subfigures(2, 1, height_ratios=(1, 1))
    title = "1 domain" if n == 1 else f"{n} domains"
    domains.plot(title=title, ax=top.add_subplot())
    domains.plot_tree(fig=bottom)
    fig.savefig(path, dpi=110)
    plt.close(fig)


def draw_confidence(confidence, path):
    """How sure each label is, and the map, paler where it is less sure."""
    fig = confidence.plot()
    fig.savefig(path, dpi=110)
    plt.close(fig)


def draw_labels(ax, image, colours, area, length):
    """A map of labels; nothing where they are -1."""
    ax.imshow(
        np.ma.masked_less(image, 0),
        extent=area,
        cmap=colours,
        vmin=-0.5,
        vmax=colours.N - 0.5,
        interpolation="nearest",
    )
    ax.set(xlabel=f"x ({length})", ylabel=f"y ({length})")


def component_names(order, truth):
    """What the legend calls components, in this order."""
    names = [f"component {k}" for k in order]
    if truth is not None:
        names[: truth.n_components] = truth.component_names
    return names


def colour_map(n):
    """One colour for each of n labels; the first ones are told apart best."""
    colours = [*COLOURS, *map(mpl.colors.to_hex, plt.colormaps["tab20b"].colors)]
    return mpl.colors.ListedColormap([colours[i % len(colours)] for i in range(n)])


def finish(fig, names, colours, path, title=None):
    """Add a legend and save."""
    handles = [
        mpl.patches.Patch(color=colours(i), label=name) for i, name in enumerate(names)
    ]
    fig.legend(handles=handles, loc="outside right center", title=title)
    fig.savefig(path, dpi=110)
    plt.close(fig)
