"""The tree of domains: what was split into what."""

from textwrap import wrap
from typing import NamedTuple

import numpy as np
from matplotlib.ticker import MaxNLocator

from hyperspy_4dphase.plot._checks import (
    check_extent,
    check_length,
    check_names,
    check_patterns,
    check_real,
    check_tree,
)
from hyperspy_4dphase.plot._layout import make_figure
from hyperspy_4dphase.plot._maps import draw_scale_bar
from hyperspy_4dphase.plot._palette import domain_colors
from hyperspy_4dphase.plot._pattern import (
    draw_pattern,
    format_count,
    highest,
    proportion,
)
from hyperspy_4dphase.plot._style import SMALLEST, WIDEST
from hyperspy_4dphase.plot._text import AS_TYPED

_FONTSIZE = 8
# In inches: a character and a line of that size, and the stem above the root.
_CHARACTER, _LINE, _STEM = 0.068, 0.15, 0.2
# In inches: the narrowest and widest pattern, the narrowest one with a scale bar, and
# the narrowest leaf with a reason. All historical: chosen by eye.
_LEAST_THUMBNAIL, _MOST_THUMBNAIL, _LEAST_WITH_BAR = 0.34, 1.4, 0.6
_LEAST_WITH_REASON = 0.75
_MOST_LINES = 3
# The part of the width of the figure that leaves share.
_USED = 0.94
# What is clearly below, as a fraction of an even step down. Historical: by eye.
_LEAST_STEP = 0.3


class _Tree(NamedTuple):
    """Where nodes are: leaves at whole numbers and height 0, the root mostly at 1.

    The stem of a node goes from (x, y) to (x, top), that of the root to infinity. The
    bar of an inner node goes from the x of its first child to that of its last.
    """

    x: np.ndarray
    y: np.ndarray
    top: np.ndarray
    bars: np.ndarray
    leaves: list
    inner: np.ndarray
    depth: int
    by_score: bool


class _Room(NamedTuple):
    """In inches: from leaf to leaf, the height of the tree, and a thumbnail or 0."""

    leaf: float
    tree: float
    width: float
    height: float


def plot_tree(
    parent,
    size,
    label,
    *,
    score=None,
    reason=None,
    patterns=None,
    pattern_extent=None,
    pattern_units="px",
    names=None,
    fig=None,
):
    """Show the tree of domains, with their mean patterns at the leaves.

    Each joint says how many probe positions it has. Joints are as high as the square
    root of their scores if each is then clearly above those below it. Otherwise their
    height says only how deep they are in the tree, and scores are written beside them.

    What there is no room for is left out: patterns and reasons where leaves are close
    together, sizes and scores where joints are.

    Parameters
    ----------
    parent : numpy.ndarray of int, shape (n_nodes,)
        -1 for the first, the root; each other comes after its parent. A node has no
        children, or two or more.
    size : numpy.ndarray of int, shape (n_nodes,)
        Probe positions.
    label : numpy.ndarray of int, shape (n_nodes,)
        The domain of a leaf, which gives it its colour; -1 for the others.
    score : numpy.ndarray, shape (n_nodes,), optional
        How separate the parts of a node are; NaN for leaves.
    reason : sequence of str, optional
        Why a node was not split, for each; that of a leaf is shown.
    patterns : numpy.ndarray, shape (n_domains, nky, nkx) or (n_domains, nk), optional
        Mean pattern of each domain, on one intensity scale.
    pattern_extent : tuple of float, optional
        Left, right, bottom and top edge of a pattern in `pattern_units`, as for
        :func:`matplotlib.pyplot.imshow`; for curves, the first and last abscissa.
    pattern_units : str, default "px"
        Of `pattern_extent`.
    names : sequence of str, optional
        One for each domain. "domain 0" and so on by default.
    fig : matplotlib.figure.Figure or SubFigure, optional
        A new figure by default.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If these are no nodes of a tree in such an order, if a leaf has no label or
        another node has one, or if lengths do not fit.

    Examples
    --------
    >>> from hyperspy_4dphase.plot import plot_tree
    >>> fig = plot_tree([-1, 0, 0], [80, 48, 32], [-1, 0, 1])
    """
    parent, size, label = check_tree(parent, size, label)
    if score is not None:
        score = check_real(score, "score")
        check_length(score, "score", len(parent))
        score[label >= 0] = np.nan
    reason = check_names(reason, len(parent), "", "reason")
    tree, n_domains = _place_nodes(parent, score), label.max() + 1
    domains = label[tree.leaves]
    leaf = _leaf_width(fig, len(domains))
    default = "domain {}" if leaf > _width(["domain 10"]) else "{}"
    names = check_names(names, n_domains, default)
    if patterns is not None:
        patterns = check_patterns(patterns, "patterns", n_domains)[domains]
        check_extent(pattern_extent, patterns.ndim - 1, "pattern_extent")
    unit = "" if tree.depth else " positions"
    sizes = [format_count(n) + unit for n in size]
    texts = [(names[label[i]], sizes[i], reason[i]) for i in tree.leaves]
    lines = _wrap_texts(leaf, texts)
    figure, room = _make_room(fig, leaf, tree.depth, patterns, pattern_extent, lines)
    axes = _add_axes(figure, tree, room, score)
    colors = domain_colors(n_domains)[domains]
    _draw_branches(axes, tree, room, colors)
    _draw_joints(axes, tree, room, size, score)
    _draw_ends(axes, room, colors, patterns, pattern_extent, pattern_units)
    _write_leaves(axes, lines)
    return figure


def _place_nodes(parent, score):
    """Put leaves side by side as a walk down the tree finds them, joints between."""
    children = [np.flatnonzero(parent == node) for node in range(len(parent))]
    depth = np.zeros(len(parent), int)
    leaves, left = [], [0]
    while left:
        node = left.pop()
        left.extend(children[node][::-1])
        depth[children[node]] = depth[node] + 1
        if not len(children[node]):
            leaves.append(node)
    inner = np.setdiff1d(np.arange(len(parent)), leaves)
    x, bars = np.zeros(len(parent)), np.zeros((len(parent), 2))
    x[leaves] = np.arange(len(leaves))
    for node in inner[::-1]:
        bars[node] = x[children[node][[0, -1]]]
        x[node] = bars[node].mean()
    y, by_score = _find_heights(parent, inner, depth, score)
    top = np.append(np.inf, y[parent[1:]])
    return _Tree(x, y, top, bars, leaves, inner, depth.max(), by_score)


def _find_heights(parent, inner, depth, score):
    """Return heights, and True if they are roots of scores or False if depths."""
    y = np.zeros(len(parent))
    scores = score[inner] if score is not None else np.zeros(0)
    if scores.size and (np.isfinite(scores) & (scores > 0)).all():
        y[inner] = np.sqrt(scores / scores.max())
        if (y[parent[1:]] - y[1:] >= _LEAST_STEP / depth.max()).all():
            return y, True
    y[inner] = 1 - depth[inner] / max(depth.max(), 1)
    return y, False


def _wrap_texts(leaf, texts):
    """Return the lines below each leaf; a single one where it must be upright."""
    if _width(text for own in texts for text in own[:2]) > leaf:
        return [[f"{name}: {size}"] for name, size, _ in texts]
    if leaf < _LEAST_WITH_REASON:
        return [[name, size] for name, size, _ in texts]
    limits = {"max_lines": _MOST_LINES, "placeholder": "…"}
    n_characters = int(leaf / _CHARACTER)
    return [[n, size, *wrap(why, n_characters, **limits)] for n, size, why in texts]


def _leaf_width(figure, n_leaves):
    width = np.clip(1.15 * n_leaves + 0.5, 2.4, WIDEST)
    if figure is not None:
        width = figure.bbox.width / figure.dpi
    return _USED * width / n_leaves


def _make_room(figure, leaf, depth, patterns, extent, lines):
    """Return the figure, and what there is room for."""
    width = min(0.88 * leaf, _MOST_THUMBNAIL)
    if patterns is None or width < _LEAST_THUMBNAIL:
        width = 0
    height = width and width * proportion(patterns.shape[1:], extent)
    upright = len(lines[0]) == 1
    text = _width(sum(lines, [])) if upright else _LINE * max(map(len, lines))
    others = _STEM + height + text + 0.15
    tree = np.clip(0.55 * depth, 1.0 if depth else 0.2, 6)
    if figure is not None:
        total = figure.bbox.height / figure.dpi
        tree = max(total - others, 0.3 * total)
    figure = make_figure(figure, (leaf * len(lines) / _USED, tree + others))
    return figure, _Room(leaf, tree, width, height)


def _add_axes(figure, tree, room, score):
    """Add axes for the tree, with thumbnails below zero."""
    axes = figure.add_subplot()
    low, high = -room.height / room.tree, 1 + _STEM / room.tree
    edges = -0.5, len(tree.leaves) - 0.5
    axes.set(xlim=edges, ylim=(low, high), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    if tree.by_score:
        top = np.nanmax(score)
        ticks = MaxNLocator(3).tick_values(0, top)
        ticks = ticks[ticks <= top]
        axes.set_yticks(np.sqrt(ticks / top), [f"{tick:g}" for tick in ticks])
        axes.tick_params(axis="y", labelsize=_FONTSIZE)
        axes.spines.left.set(visible=True, bounds=(0, 1))
        axes.set_ylabel("score", fontsize=_FONTSIZE, y=(0.5 - low) / (high - low))
    return axes


def _draw_branches(axes, tree, room, leaf_colors):
    """Draw leaves in their colours, and what leads to them in grey."""
    x, y, inner, leaves = tree.x, tree.y, tree.inner, tree.leaves
    top = np.minimum(tree.top, 1 + 0.9 * _STEM / room.tree)
    style = {"colors": "0.35", "linewidths": 1.4, "capstyle": "projecting"}
    axes.vlines(x[inner], y[inner], top[inner], **style)
    axes.hlines(y[inner], *tree.bars[inner].T, **style)
    axes.vlines(x[leaves], y[leaves], top[leaves], colors=leaf_colors, linewidths=3)


def _draw_joints(axes, tree, room, size, score):
    """Write sizes right of the stems; left of them scores, unless they are heights."""
    sizes = {node: format_count(size[node]) for node in tree.inner}
    scores = {}
    if score is not None and not tree.by_score:
        scores = {n: f"{score[n]:.3g}" for n in tree.inner if np.isfinite(score[n])}
    # Neighbours of one height may be only two leaves apart.
    if _width(sizes.values()) + _width(scores.values()) + 0.2 > 2 * room.leaf:
        scores = {}
    if 0 in sizes:
        sizes[0] += " positions"
    if 0 in scores:
        scores[0] = f"score {scores[0]}"
    for texts, side, color in [(sizes, 1, "0.1"), (scores, -1, "0.45")]:
        style = {"ha": "left" if side > 0 else "right", "va": "bottom", "color": color}
        for node, text in texts.items():
            if _width([text]) + 0.1 < _gap(tree, room, node, side):
                place = tree.x[node], tree.y[node]
                _write(axes, text, place, (4 * side, 2.5), **style)


def _gap(tree, room, node, side):
    """Return inches from the stem of a node to the next stem on one side."""
    crossing = (tree.y < tree.y[node] + _LINE / room.tree) & (tree.top > tree.y[node])
    distance = side * (tree.x[crossing] - tree.x[node])
    return distance[distance > 0].min(initial=np.inf) * room.leaf


def _draw_ends(axes, room, colors, patterns, extent, units):
    """Draw a pattern below each leaf, or a dot at it."""
    places = np.arange(len(colors))
    if not room.width:
        style = {"c": colors, "marker": "s", "s": 30, "zorder": 3, "clip_on": False}
        axes.scatter(places, 0 * places, **style)
        return
    top = highest(patterns)
    width, height = room.width / room.leaf, room.height / room.tree
    for x, pattern, color in zip(places, patterns, colors, strict=True):
        bounds = (x - width / 2, -height, width, height)
        inset = axes.inset_axes(bounds, transform=axes.transData, anchor="N")
        draw_pattern(inset, pattern, extent, top=top)
        inset.spines[:].set(color=color, linewidth=2)
    if patterns.ndim == 3 and room.width >= _LEAST_WITH_BAR:
        draw_scale_bar(axes.child_axes[0], units, SMALLEST)


def _write_leaves(axes, lines):
    """Write below the thumbnails: at their own edges the layout would not settle."""
    bottom, _ = axes.get_ylim()
    for x, own in enumerate(lines):
        upright = len(own) == 1
        for i, line in enumerate(own):
            style = {
                "rotation": 90 if upright else 0,
                "weight": "bold" if i == 0 and not upright else "normal",
                "color": "0.1" if i < 2 else "0.45",
            }
            offset = 0, -4 - 72 * _LINE * i
            _write(axes, line, (x, bottom), offset, ha="center", va="top", **style)


def _write(axes, text, place, offset, **style):
    """Write at so many points from a place, be it at the edge."""
    style |= {"xytext": offset, "textcoords": "offset points", "fontsize": _FONTSIZE}
    axes.annotate(text, place, annotation_clip=False, **style, **AS_TYPED)


def _width(texts):
    """Return the width in inches of the longest text."""
    return _CHARACTER * max(map(len, texts), default=0)
