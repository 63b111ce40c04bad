"""Whether patterns like one are of its domain elsewhere in the scan, too."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from hyperspy_4dphase.estimators.confidence._numbering import find_chances

# Patterns that are like one; from 10 to 40 makes no difference.
_N_LIKE = 20
# Log odds where all of them have its label.
MOST_LIKENESS = np.log((_N_LIKE + 0.5) / 0.5)
# Positions within this distance along every axis have the same pattern because they are
# near, and say nothing.
_NEAR = 3
# Patterns among which they are sought, and those of each domain at least.
_N_TOTAL, _N_EACH = 6000, 100
# Rows that are looked up together, so that little memory is needed.
_BLOCK = 20_000


def measure_likeness(points, positions, labels, random_state):
    """Find which part of the patterns most like each one has its label.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
        Means of neighbours, which have less noise.
    positions : numpy.ndarray of int, shape (n, n_axes)
    labels : numpy.ndarray of int, shape (n,)
        From 0 on.
    random_state : numpy.random.RandomState

    Returns
    -------
    numpy.ndarray, shape (n,)
        Log odds of the label among those patterns, away from the position itself.
    """
    chance = find_chances(labels, _N_TOTAL, _N_EACH)
    sample = np.flatnonzero(random_state.random_sample(len(labels)) < chance)
    if not sample.size:
        return np.zeros(len(labels))
    n_near = (2 * _NEAR + 1) ** positions.shape[1]
    n_asked = min(_N_LIKE + n_near, sample.size)
    points = points.astype(np.float32)
    model = NearestNeighbors(n_neighbors=n_asked, algorithm="brute")
    model.fit(points[sample])
    odds = np.empty(len(labels))
    for start in range(0, len(labels), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(labels)))
        like = sample[model.kneighbors(points[rows], return_distance=False)]
        offsets = np.abs(positions[like] - positions[rows][:, None])
        used = offsets.max(axis=2) > _NEAR
        used &= np.cumsum(used, axis=1) <= _N_LIKE
        # Of a small domain more were drawn than of others.
        weight = used / chance[like]
        weight /= np.maximum(weight.max(axis=1, keepdims=True), 1e-30)
        same = (weight * (labels[like] == labels[rows][:, None])).sum(axis=1)
        other = weight.sum(axis=1) - same
        odds[rows] = np.log((same + 0.5) / (other + 0.5))
    return odds
