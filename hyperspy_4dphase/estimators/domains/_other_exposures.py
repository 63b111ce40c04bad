"""Trees of what another exposure of the same scan might have given.

Which borders are found may hang on counting noise. Of several trees, the one at whose
borders patterns jump most, and bend least, is right more often than any.
"""

import multiprocessing
import warnings
from contextlib import nullcontext
from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np
from joblib import effective_n_jobs
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.parallel import Parallel, delayed

from hyperspy_4dphase._threads import limited_threads
from hyperspy_4dphase.estimators.domains._additions import add_domains
from hyperspy_4dphase.estimators.domains._evidence import Evidence
from hyperspy_4dphase.estimators.domains._field import Field
from hyperspy_4dphase.estimators.domains._growth import Growth
from hyperspy_4dphase.estimators.domains._jumps import sum_jumps
from hyperspy_4dphase.estimators.domains._scan_growth import make_growth
from hyperspy_4dphase.estimators.domains._valley import has_compiled

# Variance added to make another exposure, in units of that of the noise. More hides
# what is weak; with this much, maps of 76 simulated scans of 10 kinds are as right as
# without, but differ from each other where they are wrong.
_ADDED_NOISE = 0.25
# Other exposures of a scan that is mapped once; none of larger scans, whose borders are
# long, since each takes as long as the tree. On 19 simulated scans of 12 kinds the mean
# adjusted Rand index was 0.83 with none, 0.89 with two, 0.90 with three and with four.
_N_OTHERS, _MOST_POSITIONS = 3, 20_000
# Positions from which on a tree takes longer than to start a process, about 2 s.
_WORTH_A_PROCESS = 2500
# Each takes about 300 MB, beside what it works on.
_MOST_PROCESSES = 4
# By how much more borders of another exposure must jump for it to be taken, in units of
# what noise makes of their sum.
_LEAST_GAIN = 2.0
# Of a map that has less in common with the others (mean adjusted Rand index), jumps may
# be more only since it lacks a wide interface, at which patterns bend. Then it must be
# ahead by so many times what noise makes of the sum. Of 68 simulated scans nine had
# such a map; in five of them another one was taken, better by 0.3 to 1.
_COMMON, _CLEAR_GAIN = 0.75, 15.0


def count_others(shapes):
    """How many trees of other exposures a map of these shapes is chosen from."""
    is_small = len(shapes.points) <= _MOST_POSITIONS
    return _N_OTHERS if shapes.positions is not None and is_small else 0


def grow_another(shapes, evidence, seed, min_size, max_depth=None):
    """Grow a tree of what another exposure might have given.

    Parameters
    ----------
    shapes : CompressedShapes
    evidence : Evidence or None
        Of these shapes, if positions are known: its inclusions are taken.
    seed : int
    min_size, max_depth
        See :class:`Growth`.

    Returns
    -------
    Growth
        As it has grown.
    """
    random_state = np.random.RandomState(seed)
    shapes = shapes.add_noise(_ADDED_NOISE, random_state)
    if evidence is not None and evidence.exists:
        evidence = Evidence(shapes, random_state, evidence)
    growth = make_growth(shapes, min_size, max_depth, random_state, evidence=evidence)
    growth.run()
    return growth


class GrownTree(NamedTuple):
    """A tree of a scan, or of another exposure of it.

    Attributes
    ----------
    labels : numpy.ndarray of int, shape (n,)
        -1 for none.
    growth : Growth
        As it has grown; that of another exposure without its shapes.
    """

    labels: np.ndarray
    growth: Growth


def draw_seeds(stream, n):
    """Draw seeds of other trees.

    Parameters
    ----------
    stream : numpy.random.RandomState
        A copy of that with which the first tree grows, which then is the same however
        many others there are.
    n : int

    Returns
    -------
    numpy.ndarray of int
    """
    return stream.randint(2**31 - 1, size=n)


def grow_trees(shapes, evidence, seeds, min_size, max_depth=None, n_jobs=-1, own=None):
    """Grow trees of other exposures, and that of the scan itself.

    Where that takes long they grow in processes of their own. Threads would wait for
    each other, since much of a tree is many short steps. The first tree of a session
    grows in this process: compiled code is kept in files, which processes that compile
    at once would spoil for each other.

    Parameters
    ----------
    shapes, evidence, min_size, max_depth
        See :func:`grow_another`.
    seeds : sequence of int
        One for each exposure.
    n_jobs : int, optional
        How many to grow at once; by default as many as there are processors.
    own : Growth, optional
        Tree of the scan itself, before it runs. It may be a copy that does.

    Yields
    ------
    GrownTree
        The scan's own, if it is given, and the others in the order of their seeds.
    """
    options = min_size, max_depth
    calls = [partial(grow_another, shapes, evidence, seed, *options) for seed in seeds]
    n_jobs = min(effective_n_jobs(n_jobs), max(len(calls) + (own is not None), 1))
    # A process that dask has made may start none.
    may_start = n_jobs > 1 and not multiprocessing.current_process().daemon
    is_apart = may_start and len(shapes.points) >= _WORTH_A_PROCESS
    backend = "loky" if is_apart else "threading"
    n_jobs = min(n_jobs, _MOST_PROCESSES) if is_apart else n_jobs
    tell, n_points = None, len(shapes.points)
    if own is not None and is_apart and has_compiled():
        tell = own.take_callback()
        calls.insert(0, partial(_run, own))
    elif own is not None:
        own.run()
        yield GrownTree(own.result().labels, own)
    found = Parallel(n_jobs, backend=backend, return_as="generator")(
        delayed(_grow)(call, is_apart) for call in calls
    )
    try:
        for n_grown, tree in enumerate(found, 1):
            if n_grown == 1 and len(calls) > len(seeds):
                tree.growth.attach(shapes, evidence)
            if tell is not None:
                tell(n_points * n_grown // len(calls), n_points)
            yield tree
    finally:
        # Who stops it, by Ctrl-C for one, knows that tasks are cancelled.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.close()


def _run(growth):
    growth.run()
    return growth


def _grow(call, is_apart):
    # A new process may use all threads.
    with limited_threads(1) if is_apart else nullcontext():
        growth = call()
    labels = growth.result().labels
    growth.attach(None, None)
    return GrownTree(labels, growth)


def choose_tree(trees, min_size):
    """Choose among a tree and those of other exposures by what their borders show.

    Domains that only another one has are added, if patterns jump at their borders.

    Parameters
    ----------
    trees : iterable of GrownTree
        The scan's own first.
    min_size : int
        With which they have grown.

    Returns
    -------
    Growth
        One of them, with the shapes of the scan.
    """
    labels, trees = zip(*trees, strict=True)
    if len(trees) == 1:
        return trees[0]
    evidence, shapes = trees[0].evidence, trees[0].shapes
    best, labels = choose_map(labels, shapes, evidence, min_size)
    if best:
        trees[best].adopt(shapes, evidence)
    trees[best].part(labels)
    return trees[best]


def choose_map(maps, shapes, evidence, min_size):
    """Choose the sharpest of some maps, and add what others have beside it.

    Parameters
    ----------
    maps : list of numpy.ndarray of int, shape (n,)
        Labels, -1 for none: the scan's own, then those of other exposures.
    shapes : Shapes
        Of the scan itself.
    evidence : Evidence
        Of these.
    min_size : int
        Fewest points of a domain that is added.

    Returns
    -------
    best : int
        Which of them.
    labels : numpy.ndarray of int, shape (n,)
    """
    best = _find_sharpest(maps, shapes, evidence)
    others = maps[:best] + maps[best + 1 :]
    return best, add_domains(maps[best], others, shapes, evidence, min_size)


def _find_sharpest(maps, shapes, evidence):
    """Which map has borders that are jumps of the pattern rather than bends.

    The first one, unless noise does not explain by how much another is better. One that
    has little in common with the others must be better by far.
    """
    rows = np.flatnonzero(shapes.known)
    field = Field(evidence.points[rows], shapes.positions[rows])
    jumps = [sum_jumps(labels[rows], field) for labels in maps]
    best = int(np.argmax([own.total for own in jumps]))
    # Added noise makes borders less sharp: of nearly equal ones it is the first.
    error = max(jumps[0].error, jumps[best].error)
    if jumps[best].total - jumps[0].total <= _LEAST_GAIN * error:
        best = 0
    common = measure_common([labels[rows] for labels in maps])
    if common[best] >= _COMMON:
        return best
    error = max(own.error for own in jumps)
    lag = [jumps[best].total - own.total for own in jumps]
    near = [i for i, behind in enumerate(lag) if behind <= _CLEAR_GAIN * error]
    return max(near, key=lambda i: common[i])


def measure_common(maps):
    """Mean adjusted Rand index of each map and the others, 1 if there are none."""
    if len(maps) < 2:
        return np.ones(len(maps))
    table = np.ones((len(maps), len(maps)))
    for i, j in combinations(range(len(maps)), 2):
        table[i, j] = table[j, i] = adjusted_rand_score(maps[i], maps[j])
    return (table.sum(axis=1) - 1) / (len(maps) - 1)
