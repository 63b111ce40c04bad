"""Whether what lies between two parts are mixtures of them, or a path that goes on.

A boundary between two domains mixes their patterns: such points lie on a straight line
between two crowds. Where a crystal bends, patterns change all along a curve; a linear
projection can cut the curve such that few points lie near the cut, but each of these
has as few neighbours on either side.
"""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from hyperspy_4dphase.estimators.domains._clusters import k_means, sampled

_N_ENDS = 12
_N_BRIDGING = 100
_N_CROWD = 6000
_N_NEIGHBOURS = 5
_N_SPACINGS = 300
_CROWDED = 0.4
_N_DEVIATIONS = 3.0
_ALLOWED = 0.03
_MOST = 0.7
_MOST_OF_PART = 0.15
_INSIDE = 0.05
_FEWEST = 5


def is_bridged(points, values, valley, random_state):
    """Whether too many of the points in a valley are no mixtures of two crowds.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
        Of unit noise.
    values : numpy.ndarray, shape (n,)
        Their projections, in which the valley is.
    valley : Valley
    random_state : numpy.random.RandomState

    Returns
    -------
    bool
    """
    low, high = _wide_enough(values, valley)
    inside = (values > low) & (values < high)
    n_inside = int(inside.sum())
    if n_inside < _FEWEST:
        return False
    sides = [points[values <= low], points[values >= high]]
    if min(map(len, sides)) < _FEWEST:
        return False
    bridging = sampled(points[inside], _N_BRIDGING, random_state)
    unmixed = not_mixed(bridging, points[inside], sides, random_state).mean()
    n_unmixed = unmixed * n_inside
    allowed = _ALLOWED * valley.n_smaller
    if n_unmixed <= allowed + 2 * np.sqrt(allowed):
        return False
    return bool(unmixed > _MOST or n_unmixed > _MOST_OF_PART * valley.n_smaller)


def _wide_enough(values, valley):
    """Edges of the valley, moved apart until enough lies between them."""
    ordered = np.sort(values)
    first, last = np.searchsorted(ordered, (valley.low, valley.high))
    n_wanted = int(_INSIDE * valley.n_smaller)
    n_more = max(0, -(-(n_wanted - (last - first)) // 2))
    if not n_more:
        return valley.low, valley.high
    first, last = max(first - n_more - 1, 0), min(last + n_more, ordered.size - 1)
    return ordered[first], ordered[last]


def not_mixed(bridging, inside, sides, random_state):
    """Which points lie on no line between two crowds.

    A line goes through the point and the middle of a cell of either side. There are
    crowds at both ends if, within noise of the line, many more points lie there than in
    between.
    """
    ends = [_cells(side, random_state) for side in sides]
    # The same share of all, so that numbers compare.
    step = -(-(len(sides[0]) + len(sides[1])) // _N_CROWD)
    groups = [np.asarray(group[::step]) for group in (inside, *sides)]
    if not all(map(len, groups)):
        groups = [inside, *sides]
    radius = max(
        squared_tube_radius(bridging.shape[1]),
        *(_squared_spacing(group, random_state) for group in groups[1:]),
    )
    mixed = np.zeros(len(bridging), dtype=bool)
    for end in np.concatenate(ends):
        left = np.flatnonzero(~mixed)
        if not left.size:
            break
        lines = bridging[left] - end
        lines /= np.maximum(np.linalg.norm(lines, axis=1, keepdims=True), 1e-30)
        between, one, other = (_n_near(group - end, lines, radius) for group in groups)
        # Of few points, so many more may be there by chance.
        mixed[left] = between - np.sqrt(between) < _CROWDED * np.minimum(one, other)
    return ~mixed


def squared_tube_radius(n_features):
    """Squared distance from a line within which noise of unit variance stays."""
    n_across = n_features - 1
    return n_across + _N_DEVIATIONS * np.sqrt(2 * max(n_across, 1))


def _squared_spacing(points, random_state):
    """Typical squared distance of a point to its nearest few.

    Patterns of one domain may scatter by more than noise, in many directions.
    """
    n_neighbors = min(_N_NEIGHBOURS, len(points) - 1)
    found = NearestNeighbors(n_neighbors=n_neighbors + 1).fit(points)
    distances = found.kneighbors(sampled(points, _N_SPACINGS, random_state))[0]
    return float(np.median(distances[:, -1]) ** 2)


def _n_near(points, lines, squared_radius):
    """How many points lie near each line through the origin."""
    along = points @ lines.T
    return ((points**2).sum(axis=1)[:, None] - along**2 < squared_radius).sum(axis=0)


def _cells(points, random_state):
    sample = sampled(points, 4000, random_state)
    n_cells = min(_N_ENDS, max(1, len(sample) // 8))
    return k_means(sample, n_cells, random_state, max_iter=20).cluster_centers_
