"""The tree of domains: nothing crosses, and everything is in its place."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_tree
from hyperspy_4dphase.plot._palette import domain_colors

# Vacuum | flake -> WS2 (core, rim) | WSe2 (three sides).
PARENT = np.array([-1, 0, 0, 2, 2, 3, 3, 4, 4, 4])
LABEL = np.array([-1, 0, -1, -1, -1, 5, 4, 2, 3, 1])
SIZE = np.array([4608, 3278, 1330, 420, 910, 173, 247, 303, 303, 304])
SCORE = np.array([60, np.nan, 24, 7, 9, *[np.nan] * 5])
LEAVES = [1, 5, 6, 7, 8, 9]
PATTERNS = np.random.default_rng(0).gamma(1, 5, (6, 5, 8))


def random_tree(n_leaves, seed=0):
    """Parents, sizes and labels of a tree that was split at random."""
    generator = np.random.default_rng(seed)
    parent, leaves = [-1], [0]
    while len(leaves) < n_leaves:
        node = leaves.pop(generator.integers(len(leaves)))
        for _ in range(min(generator.choice([2, 2, 3]), n_leaves - len(leaves))):
            leaves.append(len(parent))
            parent.append(node)
    parent = np.array(parent)
    label = np.full(len(parent), -1)
    label[leaves] = generator.permutation(len(leaves))
    size = np.where(label < 0, 0, generator.integers(1, 3000, len(parent)))
    for node in range(len(parent) - 1, 0, -1):
        size[parent[node]] += size[node]
    return parent, size, label


def caterpillar(n_leaves):
    """At each step one leaf is split off."""
    nodes = np.arange(2 * n_leaves - 1)
    parent = np.maximum(nodes - 1, 0) // 2 * 2
    parent[0] = -1
    leaf = (nodes % 2 == 1) | (nodes == nodes[-1])
    label = np.full(len(nodes), -1)
    label[leaf] = np.arange(n_leaves)
    return parent, np.where(leaf, 10, 20 * n_leaves), label


def lines(figure):
    """Stems of the inner nodes, bars, and stems of the leaves, each start and end."""
    collections = figure.axes[0].collections[:3]
    return tuple(np.reshape(one.get_segments(), (-1, 2, 2)) for one in collections)


def texts(axes):
    return [text for text in axes.texts if text.get_text()]


def word(figure):
    return [text.get_text() for text in texts(figure.axes[0])]


def below(figure, x):
    """The texts below a leaf, from top to bottom."""
    axes = figure.axes[0]
    found = [t for t in texts(axes) if t.xy == (x, axes.get_ylim()[0])]
    found.sort(key=lambda text: -text.xyann[1])
    return [text.get_text() for text in found]


def descendants(parent, node):
    found = {node}
    for child in range(node + 1, len(parent)):
        if parent[child] in found:
            found.add(child)
    return found


TREES = [
    (PARENT, SIZE, LABEL),
    random_tree(2),
    *(random_tree(n, seed) for n in (13, 40) for seed in (0, 1)),
    caterpillar(12),
]


@pytest.mark.parametrize("tree", TREES)
def test_nothing_crosses(tree):
    stems, bars, leaves = lines(plot_tree(*tree))
    np.testing.assert_array_equal(leaves[:, 0, 0], np.arange(len(leaves)))
    np.testing.assert_array_equal(leaves[:, 0, 1], 0)
    assert len(stems) == len(bars) == len(tree[0]) - len(leaves)
    for (left, y), (right, _) in bars:
        for (x, low), (_, high) in (*stems, *leaves):
            inside = left < x < right
            assert low < high
            # A stem ends at a bar, begins at it, or is elsewhere.
            assert not inside or y <= low or y >= high


@pytest.mark.parametrize("tree", TREES)
def test_every_joint_is_over_its_own_leaves(tree):
    parent, size, label = tree
    figure = plot_tree(*tree)
    stems, bars, leaves = lines(figure)
    inner = np.flatnonzero(label < 0)
    colors = figure.axes[0].collections[2].get_colors()[:, :3]
    # Labels in the order of the leaves, by their colours.
    drawn = [np.abs(domain_colors(len(leaves)) - c).sum(1).argmin() for c in colors]
    place = {domain: x for x, domain in enumerate(drawn)}
    for node, stem, bar in zip(inner, stems, bars, strict=True):
        own = [place[label[n]] for n in descendants(parent, node) if label[n] >= 0]
        assert max(own) - min(own) + 1 == len(own)
        assert min(own) <= bar[0, 0] < stem[0, 0] < bar[1, 0] <= max(own)
        np.testing.assert_allclose(stem[0, 0], bar[:, 0].mean())
        np.testing.assert_allclose(stem[0, 1], bar[:, 1])
        for child in np.flatnonzero(parent == node):
            x = stems[inner == child][0, 0, 0] if label[child] < 0 else None
            x = place[label[child]] if x is None else x
            assert bar[0, 0] <= x <= bar[1, 0]


def test_leaves_in_the_order_of_the_tree():
    figure = plot_tree(PARENT, SIZE, LABEL)
    colors = figure.axes[0].collections[2].get_colors()[:, :3]
    np.testing.assert_allclose(colors, domain_colors(6)[LABEL[LEAVES]])
    for x, leaf in enumerate(LEAVES):
        name, size = below(figure, x)
        assert name == f"domain {LABEL[leaf]}"
        assert size == f"{SIZE[leaf]:,}".replace(",", " ")


def test_sizes_at_joints():
    figure = plot_tree(PARENT, SIZE, LABEL)
    assert {"4 608 positions", "1 330", "420", "910"} <= set(word(figure))
    stems, _, _ = lines(figure)
    for stem, size in zip(stems, ["4 608 positions", "1 330"], strict=False):
        (text,) = [t for t in texts(figure.axes[0]) if t.get_text() == size]
        assert text.xy == tuple(stem[0])


def test_heights_are_scores():
    stems, bars, _ = lines(figure := plot_tree(PARENT, SIZE, LABEL, score=SCORE))
    heights = bars[:, 0, 1]
    np.testing.assert_allclose(heights, np.sqrt(np.array([60, 24, 7, 9]) / 60))
    axes = figure.axes[0]
    for place, tick in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True):
        np.testing.assert_allclose(60 * place**2, float(tick.get_text()))
    assert axes.get_ylabel() == "score"
    assert not any("score" in text for text in word(figure))


@pytest.mark.parametrize(
    "changed",
    [
        {2: 70},
        {2: 59.9},
        {3: 23.5},
        {3: 0.001},
        {3: 0},
        {3: -1},
        {3: np.nan},
        {0: np.inf},
    ],
)
def test_heights_are_depths_where_scores_would_mislead(changed):
    score = SCORE.copy()
    for node, value in changed.items():
        score[node] = value
    figure = plot_tree(PARENT, SIZE, LABEL, score=score)
    _, bars, _ = lines(figure)
    np.testing.assert_allclose(bars[:, 0, 1], [1, 2 / 3, 1 / 3, 1 / 3])
    assert figure.axes[0].get_ylabel() == ""
    shown = [text for text in word(figure) if text.startswith("score ")]
    assert shown == (["score 60"] if np.isfinite(score[0]) else [])
    assert "9" in word(figure)
    assert "nan" not in word(figure)


def test_scores_of_leaves_do_not_matter():
    score = np.where(LABEL < 0, SCORE, 1000)
    _, bars, _ = lines(plot_tree(PARENT, SIZE, LABEL, score=score))
    _, expected, _ = lines(plot_tree(PARENT, SIZE, LABEL, score=SCORE))
    np.testing.assert_array_equal(bars, expected)


@pytest.mark.parametrize("extent", [None, (-1, 1, 0.5, -0.5)])
def test_thumbnails(extent):
    figure = plot_tree(
        PARENT, SIZE, LABEL, patterns=PATTERNS, pattern_extent=extent, score=SCORE
    )
    axes = figure.axes[0]
    figure.canvas.draw()
    colors = domain_colors(6)
    assert len(axes.child_axes) == 6
    bottom = axes.transData.transform([(x, 0) for x in range(6)])
    for x, (inset, leaf) in enumerate(zip(axes.child_axes, LEAVES, strict=True)):
        (image,) = inset.images
        np.testing.assert_array_equal(image.get_array(), PATTERNS[LABEL[leaf]])
        assert image.get_clim() == (0, PATTERNS.max())
        assert image.norm.gamma == 0.3
        assert image.origin == "upper"
        frame = inset.spines.left.get_edgecolor()[:3]
        np.testing.assert_allclose(frame, colors[LABEL[leaf]])
        box = inset.get_window_extent()
        np.testing.assert_allclose((box.x0 + box.x1) / 2, bottom[x, 0], atol=1)
        np.testing.assert_allclose(box.y1, bottom[x, 1], atol=1)
        proportion = 5 / 8 if extent is None else 1 / 2
        np.testing.assert_allclose(box.height / box.width, proportion, rtol=0.03)


def test_thumbnails_hang_on_their_stems_in_a_narrow_figure():
    figure = plt.Figure(figsize=(1.4, 6), dpi=200)
    options = {"patterns": PATTERNS[:2], "score": [12.0, np.nan, np.nan]}
    plot_tree([-1, 0, 0], [9, 5, 4], [-1, 0, 1], fig=figure, **options)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    _, top = axes.transData.transform((0, 0))
    assert len(axes.child_axes) == 2
    for inset in axes.child_axes:
        np.testing.assert_allclose(inset.get_window_extent().y1, top, atol=1)


def test_curves():
    patterns = PATTERNS[:, 0]
    patterns[2, 3] = np.nan
    figure = plot_tree(PARENT, SIZE, LABEL, patterns=patterns, pattern_units="1/Å")
    figure.canvas.draw()
    shown = [inset.lines[0].get_ydata() for inset in figure.axes[0].child_axes]
    expected = patterns[LABEL[LEAVES]] ** 0.3
    np.testing.assert_allclose(shown, expected)


def test_scale_of_the_thumbnails():
    options = {"patterns": PATTERNS, "pattern_extent": (-1, 1, 0.6, -0.6)}
    for units, n_bars in [("1/Å", 1), ("px", 0)]:
        figure = plot_tree(PARENT, SIZE, LABEL, pattern_units=units, **options)
        first, *others = figure.axes[0].child_axes
        assert sum(bool(inset.artists) for inset in others) == 0
        assert len(first.artists) == n_bars


def test_names_and_reasons():
    names = ["vacuum", "side 3", "side 1", "side 2", "rim", "core"]
    reason = [None, "nothing above noise", *[""] * 3, "no gap " * 30, *["few"] * 4]
    figure = plot_tree(PARENT, SIZE, LABEL, names=names, reason=reason)
    name, size, *lines = below(figure, 0)
    assert (name, size) == ("vacuum", "3 278")
    assert " ".join(lines) == "nothing above noise"
    name, size, *lines = below(figure, 1)
    assert name == "core"
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert below(figure, 5) == ["side 3", "304", "few"]


@pytest.mark.parametrize("with_patterns", [False, True])
@pytest.mark.parametrize(
    "tree",
    [([-1], [4608], [0]), ([-1, 0, 0], [9, 5, 4], [-1, 0, 1]), *TREES],
)
def test_no_text_over_anything_else(tree, with_patterns):
    parent, size, label = tree
    options = {"reason": ["no gap: it is a gradient"] * len(parent)}
    options["score"] = np.random.default_rng(0).uniform(1, 100, len(parent))
    if with_patterns:
        options["patterns"] = PATTERNS[np.arange(max(label) + 1) % 6]
    figure = plot_tree(*tree, **options)
    figure.canvas.draw()
    (axes,) = figure.axes
    boxes = [text.get_window_extent() for text in texts(axes)]
    width, height = figure.bbox.size
    for i, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height
        assert not any(box.padded(-1).overlaps(other) for other in boxes[:i])
        assert not any(box.overlaps(a.get_window_extent()) for a in axes.child_axes)
    assert len(boxes) > len([n for n in label if n >= 0])
    for ends in np.concatenate(lines(figure)):
        (x0, y0), (x1, y1) = axes.transData.transform(ends)
        for box in boxes:
            beside = x1 <= box.x0 or x0 >= box.x1
            # The box of a text holds room for letters that reach low.
            assert beside or y1 <= box.y0 + 3 or y0 >= box.y1 - 1


def test_thumbnails_only_where_they_are_seen():
    for n_leaves, some in [(13, True), (40, False)]:
        patterns = PATTERNS[np.arange(n_leaves) % 6]
        figure = plot_tree(*random_tree(n_leaves), patterns=patterns)
        assert bool(figure.axes[0].child_axes) == some
        assert figure.get_figwidth() <= 10.01


def test_single_domain():
    figure = plot_tree([-1], [4608], [0], patterns=PATTERNS[:1], score=[np.nan])
    assert below(figure, 0) == ["domain 0", "4 608 positions"]
    _, _, leaves = lines(figure)
    assert len(leaves) == 1


def test_two_leaves_of_one_domain():
    label = np.where(LABEL == 5, 4, LABEL)
    figure = plot_tree(PARENT, SIZE, label, patterns=PATTERNS[:5])
    assert below(figure, 1)[0] == below(figure, 2)[0] == "domain 4"


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
def test_patterns_without_any_counts(value):
    for shape in [(6, 4, 5), (6, 4)]:
        patterns = np.full(shape, value)
        plot_tree(PARENT, SIZE, LABEL, patterns=patterns).canvas.draw()


@pytest.mark.parametrize("sub", [False, True])
def test_given_figure_is_used(sub):
    figure = plt.Figure(figsize=(9, 4))
    place = figure.subfigures(1, 2)[0] if sub else figure
    options = {"patterns": PATTERNS, "score": SCORE}
    assert plot_tree(PARENT, SIZE, LABEL, fig=place, **options) is place
    figure.draw_without_rendering()
    assert len(place.axes) == 1
    assert tuple(figure.get_size_inches()) == (9, 4)
    assert plt.get_fignums() == []


def test_arguments_are_not_changed():
    arrays = [PARENT, SIZE, LABEL, SCORE, PATTERNS]
    before = [array.copy() for array in arrays]
    plot_tree(PARENT, SIZE, LABEL, score=SCORE, patterns=PATTERNS)
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, old)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"parent": PARENT[::-1]}, "node 0 has the parent 4"),
        (
            {"parent": [-1, 0, 3, 2, 2, 3, 3, 4, 4, 4]},
            "node 2 has the parent 3",
        ),
        (
            {"parent": [-1, 0, -1, 2, 2, 3, 3, 4, 4, 4]},
            "node 2 has the parent -1",
        ),
        ({"parent": [-1, 0, 0, 2, 2, 3, 4, 4, 4, 4]}, "node 3 has .* 1 children"),
        ({"parent": PARENT[:-1]}, r"shapes \(9,\), \(10,\), \(10,\)"),
        ({"parent": PARENT[:0], "size": SIZE[:0], "label": LABEL[:0]}, r"\(0,\)"),
        ({"size": SIZE[:-1]}, r"shapes \(10,\), \(9,\), \(10,\)"),
        ({"label": LABEL[:, None]}, r"shapes \(10,\), \(10,\), \(10, 1\)"),
        (
            {"label": np.where(LABEL == 5, -1, LABEL)},
            "node 5 has .* 0 children and the label -1",
        ),
        (
            {"label": np.where(SIZE == 420, 6, LABEL)},
            "node 3 .* 2 children and the label 6",
        ),
        ({"score": SCORE[1:]}, "score must be 10.*are 9"),
        ({"reason": ["few"] * 9}, "reason must be 10.*are 9"),
        ({"reason": ["few"] * 11}, "reason must be 10.*are 11"),
        ({"names": ["a"] * 5}, "names must be 6.*are 5"),
        ({"patterns": PATTERNS[1:]}, "patterns must be 6.*are 5"),
        ({"patterns": PATTERNS[..., None]}, r"patterns must have.*\(6, 5, 8, 1\)"),
        ({"patterns": PATTERNS, "pattern_extent": (0, 1)}, "pattern_extent must be"),
    ],
)
def test_refused(options, match):
    arguments = {"parent": PARENT, "size": SIZE, "label": LABEL, **options}
    with pytest.raises(ValueError, match=match):
        plot_tree(**arguments)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"parent": PARENT.astype(float)}, "parent must be integers.*float64"),
        ({"size": SIZE / 2}, "size must be integers"),
        ({"score": list("abcdefghij")}, "score must hold real numbers"),
        ({"patterns": PATTERNS > 1}, "patterns must hold real numbers.*bool"),
    ],
)
def test_refused_types(options, match):
    with pytest.raises(TypeError, match=match):
        plot_tree(**{"parent": PARENT, "size": SIZE, "label": LABEL, **options})
    assert plt.get_fignums() == []
