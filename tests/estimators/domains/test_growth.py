"""Trees grow as far as domains go, on simulated and on measured scans."""

import h5py
import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase import data
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.data.strained_flake import flake_patterns
from hyperspy_4dphase.estimators import DivisiveDomains
from hyperspy_4dphase.estimators.domains._growth import Growth

from ..domain_points import UnitNoise, crowds

NAVIGATION, SIGNAL = (30, 34), (40, 44)


def grown(points, min_size=10, max_depth=None, seed=0, callback=None):
    shapes = UnitNoise.of(points)
    state = np.random.RandomState(seed)
    growth = Growth(shapes, min_size, max_depth, state, callback)
    growth.grow()
    return growth


def four(seed=0):
    """Two pairs: near within, far between."""
    corners = [[0, 0, 0], [12, 0, 0], [0, 60, 0], [0, 60, 12]]
    return crowds((200, 150, 100, 50), corners, seed)


def test_leaves_are_the_domains():
    points, true = four()
    growth = grown(points)
    labels, tree = growth.result()
    assert adjusted_rand_score(true, labels) > 0.99
    assert tree.size[1:3].tolist() == pytest.approx([350, 150], abs=3)
    assert [node.level for node in tree] == [0, 1, 1, 2, 2, 2, 2]
    assert {node.reason for node in tree if node.label >= 0} <= {"noise", "no gap"}


def test_parts_of_parts_as_distinct_share_a_level():
    points, _ = crowds((300, 300, 300), 30 * np.eye(3))
    tree = grown(points).result()[1]
    assert (tree.n_domains, tree.n_levels) == (3, 1)
    assert len(tree.join().children(0)) == 3


def test_unknown_points_have_no_label():
    points, true = four()
    growth = grown(points)
    growth.shapes.known[::7] = False
    growth = Growth(growth.shapes, 10, None, np.random.RandomState(0))
    growth.grow()
    growth.dissolve_boundaries()
    labels, tree = growth.result()
    np.testing.assert_array_equal(labels < 0, ~growth.shapes.known)
    assert tree.size[0] == growth.shapes.known.sum()
    assert tree.n_domains == 4


@pytest.mark.parametrize(("depth", "n_domains"), [(0, 1), (1, 2), (2, 4), (None, 4)])
def test_depth(depth, n_domains):
    tree = grown(four()[0], max_depth=depth).result()[1]
    assert tree.n_domains == n_domains
    ended = {node.reason for node in tree if node.label >= 0} == {"depth"}
    assert ended == (depth in (0, 1))


def test_callback_rises_to_all():
    calls = []
    points, _ = four()
    grown(points, callback=lambda *values: calls.append(values))
    done, total = np.transpose(calls)
    assert (np.diff(done) > 0).all()
    assert set(total) == {done[-1]} == {500}


def test_boundaries_are_given_back():
    """A few positions half way are no domain; the tree says nothing of them."""
    corners = [[0, 0, 0], [40, 0, 0], [0, 50, 0], [20, 0, 0]]
    points, true = crowds((250, 200, 150, 30), corners)
    growth = grown(points)
    assert len(growth.leaves()) > 3
    growth.dissolve_boundaries()
    labels, tree = growth.result()
    assert (tree.n_domains, len(tree)) == (3, 5)
    assert adjusted_rand_score(true[true < 3], labels[true < 3]) == 1
    assert set(labels[true == 3]) <= {labels[0], labels[250]}
    for node in tree:
        assert sum(tree[child].size for child in node.children) in (0, node.size)
    assert (np.bincount(labels) == tree.size[np.argsort(tree.label)][-3:]).all()


def test_reach():
    points, _ = four()
    growth = grown(points)
    growth.reach(4)
    assert len(growth.leaves()) == 4
    spread = np.concatenate([points[:350], 31 * points[350:]])
    growth = grown(spread.astype(np.float32))
    n = len(growth.leaves())
    growth.reach(n + 2)
    assert len(growth.leaves()) == n + 2
    reasons = [leaf.reason for leaf in growth.leaves()]
    assert 2 <= reasons.count("n_domains") <= 4
    assert sum(leaf.rows.size for leaf in growth.leaves()) == 500


def domains(scan, seed=0):
    return DivisiveDomains(random_state=seed, device="cpu").fit(PatternBlocks(scan, 2))


@pytest.fixture
def read(shared_data):
    """Counts of a .hspy file, and an array of its truth."""

    def read_file(folder, name, truth, key):
        with h5py.File(shared_data / folder / name) as file:
            found = []
            file.visititems(
                lambda name, item: (
                    found.append(item[()])
                    if name.endswith("/data") and getattr(item, "ndim", 0) == 4
                    else None
                )
            )
        (scan,) = found
        with np.load(shared_data / folder / truth) as arrays:
            return scan, arrays[key].ravel()

    return read_file


@pytest.mark.parametrize(
    ("path", "least"),
    [
        (
            (
                "naphi_real_endmembers",
                "naphi_50x50x64x64.hspy",
                "ground_truth.npz",
                "class_id",
            ),
            0.96,
        ),
        (
            ("two_lattices_sim", "scan_32x32x64x64.hspy", "truth.npz", "grain_id"),
            0.98,
        ),
    ],
)
@pytest.mark.accuracy
def test_measured_scans(read, path, least):
    scan, true = read(*path)
    model = domains(scan)
    # A few positions where three meet may be one more.
    assert 6 <= model.n_domains_ <= 7
    assert adjusted_rand_score(true, model.labels_) >= least


@pytest.mark.parametrize("scene", ["battery_interface", "oxide_bilayer"])
@pytest.mark.accuracy
def test_simulated_scans(scene):
    signal, truth = getattr(data, scene)((48, 56), (64, 60), random_state=1)
    model = domains(signal.data)
    assert abs(model.n_domains_ - truth.n_components) <= 1
    pure = truth.mixedness.ravel() < 0.05
    true = truth.domain.ravel()[pure]
    assert adjusted_rand_score(true, model.labels_[pure]) >= 0.95


@pytest.fixture(scope="module")
def single():
    """What there is but one of: patterns, abundances and where each bends."""
    camera = data.Camera(signal_shape=SIGNAL)
    along = np.indices(NAVIGATION)[1] / NAVIGATION[1]
    even, wedge = np.ones((*NAVIGATION, 1)), 0.2 + 1.6 * along[..., np.newaxis]
    film = data.amorphous_pattern("SiO2", camera)
    sheet = flake_patterns(camera, 0.0, np.linspace(-100, 100, 13))[:1]
    return {
        "vacuum": (data.vacuum_pattern(camera)[np.newaxis], even, None),
        "noise": (np.full((1, *SIGNAL), 1.0), even, None),
        "amorphous wedge": (film[np.newaxis], wedge, None),
        "bent sheet": (sheet, even, 12 * along),
    }


@pytest.mark.parametrize(("dose", "seed"), [(1000, 0), (10_000, 1)])
@pytest.mark.parametrize("name", ["vacuum", "noise", "amorphous wedge", "bent sheet"])
@pytest.mark.accuracy
def test_one_is_not_split(single, name, dose, seed):
    patterns, weights, variant = single[name]
    signal, _ = data.simulate_scan(
        patterns, weights, dose, random_state=seed, variant=variant
    )
    model = domains(signal.data, seed)
    assert model.n_domains_ == 1
    assert model.tree_[0].reason in ("noise", "no gap", "continuum")
    assert (model.labels_ == 0).all()
