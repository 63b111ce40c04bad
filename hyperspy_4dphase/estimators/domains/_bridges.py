"""Whether what lies between two parts are mixtures of them, or a path that goes on.

A boundary between two domains mixes their patterns: such points lie on a straight line
between two crowds. Where a crystal bends, patterns change all along a curve; a linear
projection can cut the curve such that few points lie near the cut, but each of these
has as few neighbours on either side.
"""

import numpy as np

from hyperspy_4dphase.estimators.domains._clusters import (
    draw_sample,
    measure_neighbours,
)
from hyperspy_4dphase.estimators.domains._k_means import k_means
from hyperspy_4dphase.estimators.domains._tubes import (
    MAX_DENSITY_RATIO,
    draw_lines,
    measure_in_tubes,
    squared_tube_radius,
)

# All of these are historical: chosen by trial in 2026, not calibrated.
# Points between two parts that are no mixtures, as fractions of the smaller part: so
# many are allowed, and more than so many make a bridge.
_ALLOWED_UNMIXED = 0.03
_BRIDGING_UNMIXED = 0.15
# Fraction of what lies between that makes a bridge if it is no mixture.
_MAX_UNMIXED = 0.7
# So much must lie between to be judged, as a fraction of the smaller part, or the edges
# of the valley are moved apart.
_JUDGED = 0.05
# Fewest points between, and of a part, that are judged.
_MIN_POINTS = 5
# Sizes of samples, a compromise between time and noise: points between that are judged;
# points of both crowds that density is measured by.
_N_BRIDGING = 50
_N_CROWD = 6000
# Cells of a side at most, points that they are found in, and fewest points a cell.
_N_CELLS, _CELL_SAMPLE, _CELL_SIZE = 12, 4000, 8
# Neighbours of a point that tell how far points are apart, and points that are asked.
_N_NEIGHBOURS, _NEIGHBOUR_SAMPLE = 5, 100


def is_bridged(points, values, valley, random_state, margin=0.0, n_cells=_N_CELLS):
    """Whether too many of the points in a valley are no mixtures of two crowds.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
        Of unit noise.
    values : numpy.ndarray, shape (n,)
        Their projections, in which the valley is.
    valley : Valley
    random_state : numpy.random.RandomState
    margin : float, optional
        By how many of their standard deviations the crowds are taken to be fewer.
    n_cells : int, optional
        Crowds on either side that mixtures may be of.

    Returns
    -------
    bool
    """
    low, high = _widen(values, valley)
    inside = (values > low) & (values < high)
    groups = points[inside], points[values <= low], points[values >= high]
    if min(map(len, groups)) < _MIN_POINTS:
        return False
    n_inside = len(groups[0])
    bridging = draw_sample(groups[0], _N_BRIDGING, random_state)
    allowed = _ALLOWED_UNMIXED * valley.n_smaller
    bridged = min(_MAX_UNMIXED, _BRIDGING_UNMIXED * valley.n_smaller / n_inside)
    most = max((allowed + 2 * np.sqrt(allowed)) / n_inside, bridged)
    options = most, margin, n_cells
    unmixed = find_unmixed(bridging, *groups, random_state, *options)
    return bool(unmixed.mean() > most)


def _widen(values, valley):
    """Edges of the valley, moved apart until enough lies between them."""
    ordered = np.sort(values)
    first, last = np.searchsorted(ordered, (valley.low, valley.high))
    n_wanted = int(_JUDGED * valley.n_smaller)
    n_more = max(0, -(-(n_wanted - (last - first)) // 2))
    if not n_more:
        return valley.low, valley.high
    first, last = max(first - n_more - 1, 0), min(last + n_more, ordered.size - 1)
    return ordered[first], ordered[last]


def find_unmixed(
    bridging,
    inside,
    one,
    other,
    random_state,
    most=0.0,
    margin=0.0,
    n_cells=_N_CELLS,
):
    """Find which points lie on no line between two crowds.

    A line goes through the point and the middle of a cell of either side. There are
    crowds at both ends if, within noise of the line, points lie much denser there than
    in between. How many there are does not tell: an interface may be so wide that
    nearly as many positions are mixtures as are of the smaller domain.

    Parameters
    ----------
    bridging : numpy.ndarray, shape (n_bridging, n_features)
        The points to judge.
    inside, one, other : numpy.ndarray, shape (n, n_features)
        All that lies between both sides, and these.
    random_state : numpy.random.RandomState
    most : float, optional
        No more are looked for once at most this fraction of the points is left.
    margin, n_cells : float and int, optional
        See :func:`is_bridged`.

    Returns
    -------
    numpy.ndarray of bool, shape (n_bridging,)
    """
    ends = [_find_cells(side, n_cells, random_state) for side in (one, other)]
    # The same fraction of all, so that numbers compare.
    step = -(-(len(one) + len(other)) // _N_CROWD)
    inside, one, other = inside[::step], one[::step], other[::step]
    radius = max(
        squared_tube_radius(bridging.shape[1]),
        *(_squared_spacing(side, random_state) for side in (one, other)),
    )
    unmixed = np.ones(len(bridging), dtype=bool)
    for end in np.concatenate(ends):
        left = np.flatnonzero(unmixed)
        if left.size <= most * len(bridging):
            break
        lines, _ = draw_lines(end, bridging[left])
        (n_inside, length), *crowds = (
            measure_in_tubes(group, end, lines, radius)
            for group in (inside, one, other)
        )
        # Of few points, so many more may be there by chance.
        between = (n_inside - np.sqrt(n_inside)) / length
        beside = np.minimum(*((n - margin * np.sqrt(n)) / own for n, own in crowds))
        clear = between < MAX_DENSITY_RATIO * beside
        unmixed[left] = ~clear
    return unmixed


def _find_cells(points, n_cells, random_state):
    """Middles of cells that the points fill, (n_cells, n_features)."""
    sample = draw_sample(points, _CELL_SAMPLE, random_state)
    n_cells = min(n_cells, max(1, len(sample) // _CELL_SIZE))
    return k_means(sample, n_cells, random_state, max_iter=20).centers


def _squared_spacing(points, random_state):
    """Typical squared distance of a point to its nearest few.

    Patterns of one domain may scatter by more than noise, in many directions.
    """
    sample = draw_sample(points, _NEIGHBOUR_SAMPLE, random_state)
    distances = measure_neighbours(sample, points, _N_NEIGHBOURS)
    return float(np.median(distances[:, -1]) ** 2)
