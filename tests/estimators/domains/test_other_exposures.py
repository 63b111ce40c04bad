"""Trees of what another exposure might have given, and the choice among them."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators import DivisiveDomains, compress_patterns
from hyperspy_4dphase.estimators.domains import _other_exposures as module
from hyperspy_4dphase.estimators.domains._directions import measure_strength
from hyperspy_4dphase.estimators.domains._evidence import Evidence
from hyperspy_4dphase.estimators.domains._field import Field
from hyperspy_4dphase.estimators.domains._scan_growth import make_growth
from hyperspy_4dphase.estimators.domains._shapes import CompressedShapes
from hyperspy_4dphase.estimators.domains._splits import find_local_points

from ..domain_points import UnitNoise

SHAPE = (18, 22)
POSITIONS = np.indices(SHAPE).reshape(2, -1).T
LABELS = (np.indices(SHAPE)[1] * 3 // SHAPE[1]).ravel()


@pytest.fixture(scope="module")
def shapes():
    rng = np.random.default_rng(0)
    patterns = rng.gamma(0.3, 9, (3, 120))
    compressed = compress_patterns(rng.poisson(patterns[LABELS]), random_state=0)
    return CompressedShapes.from_compressed(compressed, POSITIONS)


def grown(shapes):
    state = np.random.RandomState(0)
    growth = make_growth(shapes, 10, None, state, evidence=Evidence(shapes, state))
    growth.run()
    return growth


def trees(shapes, n_others=3, callback=None):
    state = np.random.RandomState(0)
    growth = make_growth(shapes, 10, None, state, callback)
    seeds = module.draw_seeds(np.random.RandomState(1), n_others)
    given = shapes, growth.evidence, seeds, 10
    return list(module.grow_trees(*given, own=growth))


def choose(shapes, callback=None):
    return module.choose_tree(trees(shapes, callback=callback), 10)


def named(*growths):
    """As they come from `grow_trees`."""
    return [module.GrownTree(each.result().labels, each) for each in growths]


def test_another_exposure_is_another_scan(shapes):
    """Of the same domains; the same for the same seed; the scan stays as it is."""
    before = shapes.points.copy()
    evidence = Evidence(shapes, np.random.RandomState(0))
    trees = [module.grow_another(shapes, evidence, seed, 10) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(shapes.points, before)
    labels = [tree.result().labels for tree in trees]
    np.testing.assert_array_equal(labels[0], labels[1])
    for own in labels:
        assert adjusted_rand_score(LABELS, own) == 1
    assert not np.array_equal(trees[0].shapes.points, trees[2].shapes.points)
    np.testing.assert_array_equal(trees[0].shapes.points, trees[1].shapes.points)


def test_the_same_whatever_the_threads(monkeypatch):
    """Other trees grow, and kinds of inclusions are described, in threads."""
    rng = np.random.default_rng(0)
    patterns = rng.gamma(0.3, 9, (3, 120))
    compressed = compress_patterns(rng.poisson(patterns[LABELS]), random_state=0)
    found = []
    for n_threads in ("1", "3"):
        # Never more than there are processors.
        monkeypatch.setenv("LOKY_MAX_CPU_COUNT", n_threads)
        model = DivisiveDomains(random_state=0).fit(compressed, positions=POSITIONS)
        found.append(model.labels_)
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("is_first", [True, False])
def test_the_same_in_processes(shapes, monkeypatch, is_first):
    """Whether the first tree grows here, as in a new session, or there, too."""
    expected = choose(shapes)
    monkeypatch.setattr(module, "effective_n_jobs", lambda n: 2)
    monkeypatch.setattr(module, "_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(module, "has_compiled", lambda: not is_first)
    # What is changed here is not changed there.
    monkeypatch.setattr(module, "make_growth", None)
    calls = []
    found = choose(shapes, lambda *given: calls.append(given))
    np.testing.assert_array_equal(found.result().labels, expected.result().labels)
    for one, other in zip(found.nodes, expected.nodes, strict=True):
        np.testing.assert_array_equal(one.rows, other.rows)
        if one.split is not None:
            assert one.split.strength == other.split.strength
    assert found.shapes is shapes
    assert found.evidence.exists
    done = [n for n, _ in calls]
    assert calls[-1] == (len(LABELS), len(LABELS))
    assert done == sorted(done)
    assert len(set(done)) > 2


def test_processes_are_stopped(shapes, monkeypatch):
    """By whatever the callback raises, without a word, and start again."""
    monkeypatch.setattr(module, "effective_n_jobs", lambda n: 2)
    monkeypatch.setattr(module, "_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(module, "has_compiled", lambda: True)

    def stop(n_done, n_points):
        raise KeyboardInterrupt

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with pytest.raises(KeyboardInterrupt):
            choose(shapes, stop)
    assert not told
    assert choose(shapes).result().labels.max() == 2


def test_others_do_not_change_the_first(shapes):
    """However many there are, and whatever becomes of them."""
    found = [trees(shapes, n)[0].labels for n in (0, 1, 3)]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    few, many = (trees(shapes, n)[1:] for n in (1, 3))
    np.testing.assert_array_equal(few[0].labels, many[0].labels)
    # They hold none of what the scan is, of which there may be much.
    assert many[2].growth.shapes is None
    assert many[2].growth.evidence is None


def test_strengths_are_those_of_the_scan_as_it_is(shapes):
    growth = grown(shapes)
    other = module.grow_another(shapes, growth.evidence, 1, 10)
    noisier = other.nodes[0].split.strength
    other.adopt(shapes, growth.evidence)
    # Which of the three is split off first may differ from tree to tree.
    first = other.nodes[0]
    side = np.isin(first.rows, first.children[0].rows)
    points = find_local_points(shapes.points[first.rows], shapes.noise(first.rows))
    expected = measure_strength(points, side)
    assert other.nodes[0].split.strength == pytest.approx(expected, rel=1e-3)
    # Noise that was added makes distances shorter in its units.
    assert noisier < 0.95 * expected


def test_the_one_with_the_borders(shapes):
    growth = grown(shapes)
    merged = grown(shapes)
    leaf = merged.leaves()[0]
    merged.nodes[0].children = []
    merged.nodes = merged.nodes[:1]
    assert merged.result().labels.max() == 0
    assert leaf not in merged.nodes

    others = [grown(shapes) for _ in range(3)]
    chosen = module.choose_tree(named(merged, *others), 10)
    assert chosen is not merged
    assert adjusted_rand_score(LABELS, chosen.result().labels) == 1
    # Of equally good ones it is the first.
    assert module.choose_tree(named(growth, *others), 10) is growth


def test_what_added_noise_hides_is_no_evidence(shapes):
    """Others that lack a border are not chosen, however many they are."""
    growth, others = grown(shapes), []
    for _ in range(3):
        merged = grown(shapes)
        merged.nodes[0].children = []
        merged.nodes = merged.nodes[:1]
        others.append(merged)
    assert module.choose_tree(named(growth, *others), 10) is growth


def grid_of(clean):
    """Shapes of unit noise at positions of a grid, and what the scan says of them."""
    points = clean + np.random.default_rng(0).normal(size=clean.shape)
    points = points.reshape(-1, clean.shape[-1])
    shapes = UnitNoise.of(points)
    shapes.positions = np.indices(clean.shape[:-1]).reshape(2, -1).T
    return shapes, Evidence(shapes, np.random.RandomState(0))


def test_a_gradual_interface_that_most_maps_have():
    """A bend explains it better than a jump, so that none at all has the larger sum."""
    x = np.indices((30, 44))[1]
    right = (x >= 22).astype(int).ravel()
    clean = np.zeros((30, 44, 5))
    clean[..., 2] = 0.05 * np.maximum(x - 18, 0) ** 2
    shapes, evidence = grid_of(clean)
    rows = np.flatnonzero(shapes.known)
    field = Field(evidence.points[rows], shapes.positions[rows])
    moved = np.roll(right.reshape(30, 44), 1, axis=1).ravel()
    assert module.sum_jumps(right, field).total < 0
    lacking, options = np.zeros_like(right), (shapes, evidence, 10)
    for maps in ([lacking, right, right, moved], [right, lacking, right, right]):
        best, labels = module.choose_map(maps, *options)
        assert maps[best] is right
        np.testing.assert_array_equal(labels > 0, right > 0)
    # Where most lack it, the one that has it is not taken.
    assert module.choose_map([right, lacking, lacking, lacking], *options)[0] != 0


def test_common_is_the_mean_of_all_others():
    one, other = np.arange(60) // 20, np.arange(60) // 30
    alike = adjusted_rand_score(one, other)
    found = module.measure_common([one, one, other])
    np.testing.assert_allclose(found, [(1 + alike) / 2] * 2 + [alike])
    np.testing.assert_array_equal(module.measure_common([one]), [1])


def test_large_scans_are_mapped_once(shapes, monkeypatch):
    assert module.count_others(shapes) == 3
    monkeypatch.setattr(module, "_MOST_POSITIONS", 300)
    assert module.count_others(shapes) == 0
    growth = grown(shapes)
    assert module.choose_tree(named(growth), 10) is growth


def test_lists_of_patterns_are_mapped_once():
    points = UnitNoise.of(np.random.default_rng(0).normal(size=(50, 3)))
    points.positions = None
    assert module.count_others(points) == 0


def test_depth_that_was_asked_for(shapes):
    rng = np.random.default_rng(0)
    counts = rng.poisson(rng.gamma(0.3, 9, (3, 120))[LABELS])
    for depth, n in ((0, 1), (None, 3)):
        model = DivisiveDomains(max_depth=depth, random_state=0)
        model.fit(counts, positions=POSITIONS)
        assert model.n_domains_ == n
