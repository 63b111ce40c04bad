"""Scans with known domains, simulated and others', and peers that cluster them."""

from dataclasses import dataclass, replace
from functools import partial

import hyperspy.api as hs
import numpy as np
from orix.quaternion import Rotation
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, BisectingKMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

import hyperspy_4dphase
from hyperspy_4dphase import data
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.data import Camera, crystal_pattern, simulate_scan, zone_rotation
from hyperspy_4dphase.data.strained_flake import flake_patterns
from hyperspy_4dphase.estimators.domains._shapes import CompressedShapes, whitening
from tests.benchmarks.run import ROOT

SHARED = ROOT.parent / "shared" / "data"
DOSES = (300, 2000, 10_000)
UNMIXED = 0.2
_SHAPE, _CAMERA = (72, 80), Camera(signal_shape=(64, 60))
_PRECIPITATE = (4, 5)
_N_TILTS = 41
_N_WARD = 8000


@dataclass
class Truth:
    """What a scan's map is compared to, one value a position."""

    domain: np.ndarray
    mixedness: np.ndarray
    phase: np.ndarray

    @classmethod
    def of(cls, truth):
        """From a ScanTruth, or any other object with the same maps."""
        maps = truth.domain, truth.mixedness, truth.phase
        return cls(*(np.ravel(values) for values in maps))

    def indices(self, labels):
        """Adjusted Rand index over all positions, and over those hardly mixed."""
        parts = slice(None), self.mixedness < UNMIXED
        return [float(adjusted_rand_score(self.domain[i], labels[i])) for i in parts]


def positives():
    """Scans of more than one domain.

    Returns
    -------
    dict of str to callable
        Each returns a signal and its `Truth`.
    """
    scenes = {}
    shapes = {
        "strained_flake": (),
        "domain_phantom": ((150, 160), (64, 60)),
        "battery_interface": ((96, 104), (96, 90)),
        "oxide_bilayer": ((96, 104), (96, 90)),
    }
    for kind, shape in shapes.items():
        for dose in (300, None, 10_000):
            name = f"{kind}, {'default' if dose is None else dose}"
            scenes[name] = partial(_simulated, kind, dose, shape)
    for bent in (False, True):
        name = "precipitates, bent matrix" if bent else "precipitates"
        scenes[name] = partial(precipitates, bent)
    for dose in (1000, 5000):
        scenes[f"polycrystal, {dose}"] = partial(polycrystal, dose)
    if SHARED.is_dir():
        scenes |= {"naphi classes": naphi, "two_lattices grains": two_lattices}
    return scenes


def _simulated(kind, dose, shapes=(), random_state=1):
    dose = {} if dose is None else {"dose": dose}
    scan, truth = getattr(data, kind)(*shapes, random_state=random_state, **dose)
    return scan, Truth.of(truth)


def precipitates(bent=False, dose=1000, random_state=0):
    """Two precipitates of 20 positions each in one crystal, flat or bent."""
    rotations = [zone_rotation(data.structure("Al"), z) for z in ((0, 1, 1), (1, 1, 1))]
    inside = [crystal_pattern("Al", rotation, _CAMERA) for rotation in rotations]
    matrix = tilt_series(15.0) if bent else tilt_series(0.0, 1)
    label = np.zeros(_SHAPE, int)
    for i, (row, column) in enumerate([(20, 20), (50, 30)]):
        rows, columns = _PRECIPITATE
        label[row : row + rows, column : column + columns] = i + 1
    weights = np.eye(3)[label]
    weights = gaussian_filter(weights, (0.5, 0.5, 0), mode="nearest")
    constant = np.broadcast_to(np.stack(inside)[:, np.newaxis], (2, *matrix.shape))
    y, x = unit_grid()
    bend = _stretched(x + 0.3 * np.sin(7 * x + 3 * y)) * (len(matrix) - 1)
    scan, truth = simulate_scan(
        np.concatenate([matrix[np.newaxis], constant]),
        weights,
        dose,
        random_state=random_state,
        variant=bend if bent else None,
        camera=_CAMERA,
    )
    return scan, Truth.of(truth)


def polycrystal(dose=5000, random_state=0, n_grains=60, shape=(36, 36)):
    """Grains of Al on [001], cells of random points, turned at random in the plane."""
    rng = np.random.default_rng(random_state)
    seeds = rng.uniform(0, 1, (n_grains, 2)) * shape
    positions = np.indices(shape).reshape(2, -1).T
    grain = cKDTree(seeds).query(positions)[1].reshape(shape)
    turns = np.deg2rad(rng.uniform(0, 90, n_grains))
    base = zone_rotation(data.structure("Al"), (0, 0, 1))
    about = Rotation.from_axes_angles((0, 0, 1), turns)
    patterns = [crystal_pattern("Al", base * turn, _CAMERA) for turn in about]
    weights = gaussian_filter(np.eye(n_grains)[grain], (0.6, 0.6, 0), mode="nearest")
    scan, _ = simulate_scan(
        np.stack(patterns), weights, dose, random_state=random_state, camera=_CAMERA
    )
    mixed = 1 - weights.max(axis=-1)
    return scan, Truth(grain.ravel(), mixed.ravel(), np.ones(grain.size, int))


def naphi():
    """Real average patterns on a real label map: classes and phases."""
    folder = SHARED / "naphi_real_endmembers"
    truth = np.load(folder / "ground_truth.npz")
    scan = hs.load(folder / "naphi_50x50x64x64.hspy")
    mixed = 1 - truth["abundance"].max(axis=-1)
    maps = truth["class_id"], mixed, truth["phase_id"]
    return scan, Truth(*(values.ravel() for values in maps))


def two_lattices():
    """Six grains of two lattices, simulated by others."""
    folder = SHARED / "two_lattices_sim"
    truth = np.load(folder / "truth.npz")
    scan = hs.load(folder / "scan_32x32x64x64.hspy")
    maps = truth["grain_id"], 1 - truth["purity"], truth["phase_id"]
    return scan, Truth(*(values.ravel() for values in maps))


def tilt_series(reach, n=_N_TILTS, thickness=30.0):
    """Patterns of Al near [001], tilted by up to +-`reach` mrad off the rows."""
    phase = data.structure("Al")
    base = zone_rotation(phase, (0, 0, 1))
    tilts = np.linspace(-reach, reach, n) * 1e-3 if n > 1 else [0.0]
    turns = [Rotation.from_axes_angles((1, 0.3, 0), tilt) for tilt in tilts]
    patterns = [
        crystal_pattern(phase, base * turn, _CAMERA, thickness=thickness)
        for turn in turns
    ]
    return np.stack(patterns)


def controls():
    """Scans of one domain.

    Returns
    -------
    dict of str to callable
        Each takes a dose and a seed, and returns a signal.
    """
    tilted, beam = tilt_series(25.0), data.vacuum_pattern(_CAMERA)[np.newaxis]
    sheet = flake_patterns(_CAMERA, 0.02, np.linspace(-130, 130, 27))[0]
    glass = data.amorphous_pattern("SiO2", _CAMERA)[np.newaxis]
    y, x = unit_grid()
    left = np.exp(-1.5 * x)
    flat = np.ones((*_SHAPE, 1))

    def amorphous(dose, seed):
        weights = np.clip(0.2 + x + 0.2 * np.sin(3 * y + seed), 0.05, None)
        return _control(glass, weights[..., np.newaxis], dose, seed)

    film = np.concatenate([beam, glass]), np.stack([left, 1 - left], axis=-1)
    return {
        "crystal, bent": partial(_bent, tilted),
        "WS2 sheet, bent": partial(_bent, sheet),
        "amorphous, brightness": amorphous,
        "amorphous, beam decays": partial(_control, *film),
        "pure noise": partial(_control, np.ones((1, *_CAMERA.signal_shape)), flat),
        "vacuum": partial(_control, beam, flat),
    }


def _control(patterns, weights, dose, seed, **options):
    options |= {"random_state": seed, "camera": _CAMERA}
    return simulate_scan(patterns, weights, dose, **options)[0]


def _bent(series, dose, seed):
    """One crystal of varying thickness, bent in one of three ways."""
    rng = np.random.default_rng(seed)
    rough, thickness = (
        gaussian_filter(rng.standard_normal(_SHAPE), width) for width in (12, 15)
    )
    y, x = unit_grid()
    ways = x + 0.3 * np.sin(7 * x + 3 * y), (x - 0.5) ** 2 + (y - 0.4) ** 2, rough
    bend = _stretched(ways[seed % 3]) * (len(series) - 1)
    weights = 0.4 + np.clip(15 * thickness, -0.3, 2)
    return _control(
        series[np.newaxis], weights[..., np.newaxis], dose, seed, variant=bend
    )


def unit_grid():
    """Rows and columns from 0 to 1."""
    return np.mgrid[0 : 1 : _SHAPE[0] * 1j, 0 : 1 : _SHAPE[1] * 1j]


def _stretched(values):
    return (values - values.min()) / np.ptp(values)


def compressed(scan, random_state=0):
    """Compressed patterns of a scan, and their positions as `positions` of a fit."""
    patterns = hyperspy_4dphase.compress(scan, random_state=random_state).patterns
    return patterns, {"positions": Scan.from_signal(scan).positions}


def in_a_square(patterns, rows=slice(None)):
    """Positions of some patterns of a square scan, as `positions` of a fit."""
    side = round(len(patterns.Q) ** 0.5)
    return {"positions": np.indices((side, side)).reshape(2, -1).T[rows]}


def enlarged(compressed, truth, random_state=0):
    """The compressed scan of any true map, without simulating its patterns.

    Each position's true pattern is projected onto the directions of a compressed scan
    of the same patterns, and Gaussian noise of the covariance that counting noise has
    there is added: each component of a mixture brings its own.

    Parameters
    ----------
    compressed : CompressedPatterns
        Of a smaller scan.
    truth : ScanTruth
        Of the large one.
    random_state : int

    Returns
    -------
    CompressedPatterns
    """
    compressed = compressed.with_broad()
    norms = np.linalg.norm(compressed.B, axis=1)
    directions = compressed.B / norms[:, np.newaxis]
    points = _drawn(compressed, directions, truth, np.random.default_rng(random_state))
    n = len(points)
    growth = np.sqrt(len(compressed.Q) / n)
    return replace(
        compressed,
        Q=points / norms * growth,
        B=compressed.B / growth,
        row_scale=np.full(n, np.median(compressed.row_scale)),
        singular_values=compressed.singular_values / growth,
        noise_edge=compressed.noise_edge / growth,
        residual=np.ones(n),
        squared_norm=compressed.squared_norm / growth**2,
        sums=None,
    )


def _drawn(compressed, directions, truth, rng):
    scale = compressed.column_scale * np.median(compressed.row_scale)
    patterns = truth.patterns.reshape(truth.n_components, -1) * truth.dose
    abundance = truth.abundance.reshape(-1, truth.n_components)
    points = (abundance @ ((patterns * scale) @ directions.T)).astype(np.float32)
    for share, pattern in zip(abundance.T, patterns, strict=True):
        rows = np.flatnonzero(share)
        covariance = (directions * (pattern * scale**2)) @ directions.T
        values, vectors = np.linalg.eigh(covariance)
        root = (vectors * np.sqrt(np.maximum(values, 0))).T.astype(np.float32)
        noise = rng.standard_normal((rows.size, len(root)), dtype=np.float32) @ root
        points[rows] += np.sqrt(share[rows])[:, np.newaxis].astype(np.float32) * noise
    return points


def features(patterns):
    """The points that `DivisiveDomains` splits first, white; and which are known."""
    shapes = CompressedShapes.from_compressed(patterns)
    covariance = shapes.noise(np.flatnonzero(shapes.known))
    return shapes.points @ whitening(covariance), shapes.known


def ward(points, k):
    """Ward's method on a random part, others to the nearest centroid."""
    n_part = min(_N_WARD, len(points))
    part = np.random.default_rng(0).choice(len(points), n_part, replace=False)
    found = AgglomerativeClustering(k, linkage="ward").fit_predict(points[part])
    return NearestCentroid().fit(points[part], found).predict(points)


def density(points, k):
    """HDBSCAN, which takes no number; what it leaves out goes to the nearest."""
    size = max(10, len(points) // 400)
    found = HDBSCAN(min_cluster_size=size, copy=True).fit_predict(points)
    sure = found >= 0
    if not sure.any():
        return np.zeros(len(points), int)
    return KNeighborsClassifier(1).fit(points[sure], found[sure]).predict(points)


def hyperspy_clusters(points, k):
    """``cluster_analysis`` of a signal of the points."""
    signal = hs.signals.Signal1D(points)
    signal.cluster_analysis(signal, n_clusters=k, random_state=0, algorithm="kmeans")
    return signal.learning_results.cluster_labels.argmax(axis=0)


PEERS = {
    "BisectingKMeans": lambda points, k: BisectingKMeans(k, random_state=0).fit_predict(
        points
    ),
    "Ward": ward,
    "HDBSCAN": density,
    "cluster_analysis": hyperspy_clusters,
}
