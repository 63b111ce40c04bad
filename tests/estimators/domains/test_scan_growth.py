"""Trees of scans: inclusions are parts of what they are in, and depth is kept to."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators.domains import _scan_growth
from hyperspy_4dphase.estimators.domains._evidence import Evidence
from hyperspy_4dphase.estimators.domains._scan_growth import ScanGrowth
from hyperspy_4dphase.estimators.domains._splits import Split, SplitResult
from tests.benchmarks.power import WhiteShapes

from ..field_points import interface

SHAPE = (40, 44)


def plates(seed=0, height=6.0):
    """A matrix that changes smoothly, vacuum beside it, and plates of one kind."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(SHAPE)
    plate = np.zeros(SHAPE, bool)
    for row, column in ((5, 6), (5, 20), (16, 10), (26, 5), (26, 20), (34, 12)):
        plate[row : row + 2, column : column + 9] = True
    vacuum = x >= 34
    signals = [8 * np.sin(y / 9), 8 * np.cos(x / 11), 60 * vacuum, height * plate]
    points = np.stack(signals + [0 * y] * 2, axis=-1).reshape(-1, 6)
    points += rng.normal(size=points.shape)
    known, positions = np.ones(len(points), bool), np.stack([y.ravel(), x.ravel()], 1)
    shapes = WhiteShapes(points, np.ones(len(points)), known, positions=positions)
    return shapes, plate.ravel(), vacuum.ravel()


def grains(n_grains=60, n_features=60, shape=(36, 36), seed=0, far=15.0):
    """Grains of five positions across, blurred, so that most positions are mixed."""
    rng = np.random.default_rng(seed)
    middles = rng.uniform(0, 1, (n_grains, 2)) * shape
    positions = np.indices(shape).reshape(2, -1).T
    grain = cKDTree(middles).query(positions)[1]
    shares = np.eye(n_grains)[grain].reshape(*shape, -1)
    shares = gaussian_filter(shares, (0.6, 0.6, 0), mode="nearest")
    patterns = far * rng.normal(size=(n_grains, n_features)) / np.sqrt(2)
    points = shares.reshape(-1, n_grains) @ patterns
    points += rng.normal(size=points.shape)
    known = np.ones(len(points), bool)
    options = {"positions": positions}
    return WhiteShapes(points, known.astype(float), known, **options), grain


def grown(shapes, max_depth=None, seed=0):
    growth = ScanGrowth(shapes, 10, max_depth, np.random.RandomState(seed))
    growth.run()
    return growth.result()


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


def test_plates_are_a_domain_in_what_they_are_in():
    shapes, plate, vacuum = plates()
    labels, tree = grown(shapes)
    found = [overlap(labels == label, plate) for label in range(tree.n_domains)]
    assert max(found) > 0.7
    (node,) = (n for n in tree if n.label == int(np.argmax(found)))
    beside = set(tree.leaves(node.parent).tolist()) - {node.label}
    matrix = np.bincount(labels[~plate & ~vacuum]).argmax()
    assert matrix in beside


@pytest.mark.parametrize(("far", "seed"), [(8.0, 1), (15.0, 2)])
def test_small_grains_are_told_though_most_positions_are_mixed(far, seed):
    """Mixtures with all neighbours fill the valley between a grain and the others."""
    shapes, grain = grains(seed=seed, far=far)
    labels, tree = grown(shapes, seed=seed)
    assert tree.n_domains > 40
    assert adjusted_rand_score(grain, labels) > 0.85


@pytest.mark.parametrize("width", [3, 4])
def test_lamellae_of_a_few_positions_are_of_two_kinds(width):
    """Mixtures of both are there in few amounts, each with many positions."""
    y, x = np.indices((48, 48))
    kind = ((x + 0.4 * y) // width % 2).astype(float)
    share = gaussian_filter(kind, 0.6, mode="nearest").ravel()
    points = np.zeros((share.size, 5))
    points[:, 0] = 80 * share
    points += np.random.default_rng(0).normal(size=points.shape)
    known = np.ones(len(points), bool)
    options = {"positions": np.stack([y.ravel(), x.ravel()], axis=1)}
    labels, tree = grown(WhiteShapes(points, known.astype(float), known, **options))
    assert tree.n_domains == 2
    assert adjusted_rand_score(kind.ravel(), labels) > 0.95


@pytest.mark.parametrize("depth", [0, 1])
def test_depth_holds_for_inclusions(depth):
    labels, tree = grown(plates()[0], depth)
    assert tree.n_levels <= depth
    assert (labels >= 0).all()
    assert tree.size[0] == labels.size


def test_a_kind_that_nothing_is_of():
    shapes, *_ = plates()
    evidence = Evidence(shapes, np.random.RandomState(0))
    # The first kind is left without a position, as after small places are dropped.
    evidence.inclusions[evidence.inclusions >= 0] = 1
    growth = ScanGrowth(shapes, 10, None, np.random.RandomState(0), evidence=evidence)
    growth.run()
    assert (growth.result().labels >= 0).all()


@pytest.mark.parametrize(
    ("support", "strength", "blur", "n_domains"),
    [(1.0, 2.0, 0.6, 2), (0.5, 2.0, 0.6, 1), (1.0, 0.5, 0.6, 1), (1.0, 2.0, 9, 1)],
)
def test_what_no_step_confirms_hides_no_stronger_split(
    support, strength, blur, n_domains, monkeypatch
):
    """If most halves find it, and there is a step."""
    clean, side = interface(height=12.0, blur=blur)
    points = clean + np.random.default_rng(0).normal(size=clean.shape)
    points = points.reshape(-1, clean.shape[-1])
    positions = np.indices(side.shape).reshape(2, -1).T
    known = np.ones(len(points), bool)
    shapes = WhiteShapes(points, known.astype(float), known, positions=positions)
    by_chance = np.random.default_rng(1).random(len(points)) < 0.5
    wrong = Split(by_chance, 1.0, 0.1, -9.0)
    refused = Split(side.ravel(), strength, 0.1, -9.0, support=support)

    def find(points, *args):
        if len(points) == side.size:
            return SplitResult(wrong, "split", refused)
        return SplitResult(None, "no gap")

    monkeypatch.setattr(_scan_growth, "find_split", find)
    monkeypatch.setattr(_scan_growth, "find_pooled_split", lambda *args: None)
    growth = ScanGrowth(shapes, 10, None, np.random.RandomState(0))
    growth.grow()
    assert len(growth.leaves()) == n_domains
