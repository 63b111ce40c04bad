"""``python -m tests.benchmarks.power``: how often one domain is split, and two found.

Points of unit noise are drawn on a square grid, without patterns: what a map makes of
them depends on how many there are, how far two domains are apart, how wide the
interface is, and how much, and in how many directions, each domain varies.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators.domains._scan_growth import make_growth
from hyperspy_4dphase.estimators.domains._shapes import Shapes
from tests.benchmarks.command import read_options, write_result
from tests.benchmarks.report import simple_table

_N_SEEDS, _MIN_SIZE, _FOUND = 10, 10, 0.8
# Positions along each side; distance of two domains, 0 for one; positions from one
# domain to the other; spread of each, all in deviations of the noise of one pattern;
# directions in which it spreads.
_SIDES = 12, 24, 48
_DISTANCES = 0, 2, 4, 8, 16
_WIDTHS = 0.6, 1.5, 4.0
_SPREADS = 0, 5, 20
_DIRECTIONS = 2, 6
_USUAL = {"side": 24, "width": 0.6, "spread": 5, "directions": 2}


@dataclass
class WhiteShapes(Shapes):
    """Points of unit noise."""

    def noise(self, rows):
        return self.spread[rows].mean() * np.eye(self.points.shape[1])

    def average(self, groups, n_groups):
        """Means of groups of points, which have less noise."""
        counts = np.bincount(groups, minlength=n_groups)
        sums = [np.bincount(groups, each, n_groups) for each in self.points.T]
        known = np.ones(n_groups, bool)
        return WhiteShapes(np.stack(sums, axis=1) / counts[:, None], 1 / counts, known)


def draw(side, distance, width, spread, directions, seed):
    """Points on a grid, and which of two domains they are in.

    Each domain goes along a curve in so many directions, smoothly over the scan, as
    where a crystal bends; the interface is one more direction.
    """
    rng = np.random.default_rng(seed)
    smooth = gaussian_filter(
        rng.normal(size=(directions, side, side)), (0, side / 6, side / 6)
    )
    smooth /= smooth.std(axis=(1, 2), keepdims=True)
    y, x = np.mgrid[:side, :side]
    wave = 0.1 * side * np.sin(2 * np.pi * y / side + rng.uniform(0, 6))
    share = 1 / (1 + np.exp(-(x - side / 2 + wave) * 1.7 / width))
    points = np.concatenate([spread * smooth, distance * share[np.newaxis]])
    points = points.reshape(directions + 1, -1).T + rng.normal(
        size=(side**2, directions + 1)
    )
    positions = np.stack([y.ravel(), x.ravel()], axis=1)
    shapes = WhiteShapes(
        points, np.ones(len(points)), np.ones(len(points), bool), positions=positions
    )
    return shapes, (share > 0.5).ravel() if distance else np.zeros(side**2, bool)


def count(n_seeds=_N_SEEDS, **case):
    """Fraction of seeds of one domain that are split, or of two that are found."""
    n_right = 0
    for seed in range(n_seeds):
        shapes, truth = draw(seed=seed, **case)
        growth = make_growth(shapes, _MIN_SIZE, None, np.random.RandomState(seed))
        growth.run()
        labels = growth.result().labels
        if case["distance"]:
            n_right += adjusted_rand_score(truth, labels) > _FOUND
        else:
            n_right += labels.max() > 0
    return n_right / n_seeds


def measure(quick=False):
    """Each of the sizes, widths and spreads, the others as usual."""
    rows = []
    vary = {
        "side": _SIDES,
        "width": _WIDTHS,
        "spread": _SPREADS,
        "directions": _DIRECTIONS,
    }
    for name, values in vary.items():
        for value in values[: 1 if quick else None]:
            case = _USUAL | {name: value}
            found = [
                count(2 if quick else _N_SEEDS, distance=d, **case) for d in _DISTANCES
            ]
            rows.append(case | {"found": found})
            print(f"  {rows[-1]}", flush=True)
    return rows


def write_table(rows):
    """One table, as reStructuredText."""
    header = ["positions", "width", "spread", "directions", "one domain split"]
    header += [f"two found at {d}" for d in _DISTANCES[1:]]
    cells = [
        [row["side"] ** 2, row["width"], row["spread"], row["directions"]]
        + [f"{100 * v:.0f} %" for v in row["found"]]
        for row in rows
    ]
    return (
        "Domains found in points of unit noise, by their distance in standard "
        "deviations of the noise of one pattern:\n\n"
        + simple_table(header, cells)
        + "\n"
    )


def main(arguments=None):
    """Measure, print the table, write it."""
    options = read_options(__doc__, arguments)
    rows = measure(options.quick)
    write_result(options, "power", rows, write_table(rows))


if __name__ == "__main__":
    main()
