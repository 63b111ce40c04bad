"""Which maps an ensemble is made of, and how they are made."""

from collections.abc import Callable
from itertools import cycle, islice
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_array, check_consistent_length

from hyperspy_4dphase.estimators.confidence import _map_kinds as kinds
from hyperspy_4dphase.estimators.confidence._domain_model import DomainModel
from hyperspy_4dphase.estimators.confidence._ensemble_votes import (
    vote_from_labels,
    vote_from_model,
)
from hyperspy_4dphase.estimators.confidence._local_model import LocalModel
from hyperspy_4dphase.estimators.confidence._overlap import compare_maps
from hyperspy_4dphase.estimators.confidence._structure import (
    judge_structure,
    keep_inclusions,
)
from hyperspy_4dphase.estimators.domains._other_exposures import count_others
from hyperspy_4dphase.estimators.domains._shapes import FeatureShapes

DOUBTS = ("distortion", "resampling", "kinds", "noise", "structure")
# What comes of each of them, in the order in which it is told.
DOUBTS_FOUND = {
    "boundary": "noise",
    "noise": "noise",
    "resampling": "resampling",
    "kinds": "kinds",
    "distortion": "distortion",
    "domain": "structure",
    "unresolved": "structure",
    "misfit": "structure",
}
# Of maps of a part of the patterns, one in so many is sought anew; the others are that
# of all patterns, fitted to the part. Clustering by density is quick, and always anew.
# Historical: chosen by trial in 2026 for speed, not calibrated.
_ONE_SOUGHT_ANEW_IN = 3
# The same of more patterns than this: each tree takes long.
_ONE_OF_LARGE, _LARGE = 6, 20_000
# Adjusted Rand index from which on one map is taken for what another was made of.
_SAME = 0.98
# Fewest trees of other exposures that structure is judged by.
_FEWEST_OTHERS = 2


class Task(NamedTuple):
    """A map that is to be made.

    Parameters
    ----------
    number : int
        Of the map, 0 for the one after the first.
    source : str
        The doubt that it looks into.
    kind : callable or None
        How it is clustered; None if it is that of all patterns, fitted to a part.
    seed : int
    of_patterns : bool
        Whether the patterns are clustered, all of them, though there are features.
    """

    number: int
    source: str
    kind: Callable | None
    seed: int
    of_patterns: bool


def plan_maps(n_maps, doubts, of_features, has_model, random_state, n_patterns=0):
    """Plan the maps after the first, one source of doubt after the other.

    Parameters
    ----------
    n_maps : int
    doubts : sequence of str
    of_features : bool
        Whether features are clustered. The tree among the kinds is then that of the
        patterns themselves.
    has_model : bool
        Whether there is a decoder, to distort latent spaces with.
    random_state : numpy.random.RandomState
        For seeds.
    n_patterns : int, default 0
        Of many, fewer trees are grown.

    Returns
    -------
    list of Task
    """
    first, *others = kinds.FEATURE_KINDS if of_features else kinds.PATTERN_KINDS
    one_in = _ONE_OF_LARGE if n_patterns > _LARGE else _ONE_SOUGHT_ANEW_IN
    anew = [first] if of_features else [first, *(one_in - 1) * [None]]
    turns = {
        "distortion": cycle([kinds.cluster_density]),
        "resampling": cycle(anew),
        "kinds": cycle(others),
    }
    possible = DOUBTS[:3] if has_model else DOUBTS[1:3]
    # With none of these, maps differ by their samples only.
    sources = [name for name in possible if name in doubts] or ["resampling"]
    tasks = []
    for number, source in enumerate(islice(cycle(sources), n_maps - 1)):
        kind, seed = next(turns[source]), random_state.randint(2**31 - 1)
        of_patterns = of_features and kind is kinds.divide_shapes
        tasks.append(Task(number, source, kind, seed, of_patterns))
    return tasks


class MapMaker:
    """Makes the maps of one ensemble, whether of patterns or of features.

    Parameters
    ----------
    patterns : PatternMaps
        Votes of maps of the patterns themselves are taken from it, or added to it.
    features : array-like, shape (n_patterns, n_features), or None
        What is clustered; if None, the patterns.
    noise : bool
        Whether probabilities count as votes.

    Attributes
    ----------
    shapes : CompressedShapes
        The patterns.
    clustered : Shapes
        What is clustered.
    has_features : bool
        Whether these are features.

    Raises
    ------
    ValueError
        If features are of another number of patterns, or not finite.
    """

    def __init__(self, patterns, features, noise):
        self.has_features = features is not None
        self.shapes = self.clustered = patterns.shapes
        self._patterns, self._noise = patterns, noise
        self._tree_of = {}
        if self.has_features:
            features = check_array(features, dtype=np.float64)
            check_consistent_length(features, self.shapes.points)
            self.clustered = FeatureShapes.from_features(features)
            self.clustered.known &= self.shapes.known

    def grow_trees(self, tasks, structure, random_state, n_jobs, tell=None):
        """Grow the trees that tasks ask for, and those that structure is judged by.

        Parameters
        ----------
        tasks : list of Task
        structure : bool
            Whether domains are to be judged by what the scan says of them.
        random_state : numpy.random.RandomState
        n_jobs : int
        tell : callable, optional
            Called as ``tell(n_done, n_trees)``.
        """
        if self.shapes.positions is None and not self.has_features:
            # Parts of the patterns are divided instead.
            self._patterns.grow(1, random_state, n_jobs, tell)
            return
        numbers = [task.number for task in tasks if task.kind is kinds.divide_shapes]
        self._tree_of = {number: k for k, number in enumerate(numbers, 1)}
        has_positions = self.shapes.positions is not None
        n_named = count_others(self.shapes)
        n_judging = _FEWEST_OTHERS if structure and has_positions else 0
        n_others = max(len(numbers), n_named, n_judging)
        self._patterns.grow(1 + n_others, random_state, n_jobs, tell)

    def make_first(self, random_state):
        """Make a map of all patterns.

        Returns
        -------
        numpy.ndarray of int, shape (n_patterns,)
            -1 for none.
        """
        if not self.has_features:
            return self._patterns.choose()
        kind, everywhere = kinds.FEATURE_KINDS[0], np.where(self.clustered.known, 0, -1)
        return self._map_part(kind, everywhere, self.clustered, random_state)

    def make_vote(self, task, own, distorted):
        """Make a map for one source of doubt, and ask it for its vote.

        Parameters
        ----------
        task : Task
        own : numpy.ndarray of int, shape (n_patterns,)
            The map of all patterns.
        distorted : numpy.ndarray, shape (n_patterns, n_features), or None
            Features that are clustered instead of those of the ensemble.

        Returns
        -------
        MapVote
        """
        random_state = np.random.RandomState(task.seed)
        if task.number in self._tree_of:
            votes = self._patterns.votes
            if task.number not in votes:
                labels = self._patterns.trees[self._tree_of[task.number]]
                votes[task.number] = self._find_vote(labels, random_state)
            return votes[task.number]
        clustered = self.clustered
        if distorted is not None:
            clustered = FeatureShapes.from_features(distorted)
        labels = self._map_part(task.kind, own, clustered, random_state)
        return self._find_vote(labels, random_state)

    def _find_vote(self, labels, random_state):
        """The vote of a map; of its labels alone, if noise is not to be looked at.

        A model of its domains would undo what makes it differ from others.
        """
        if self._noise:
            return self.find_vote(labels, random_state)
        return vote_from_labels(np.where(self.shapes.known, labels, -1))

    def find_vote(self, labels, random_state):
        """Find the vote of a map, given noise and mixtures.

        Returns
        -------
        MapVote
        """
        if self.shapes.positions is None:
            model = DomainModel(self.shapes, labels, random_state)
        else:
            model = LocalModel(self.shapes, labels)
        return vote_from_model(model, self.shapes.known, self._noise)

    def keep_inclusions(self, labels, posterior):
        """Keep what was placed in thin inclusions; see :func:`keep_inclusions`."""
        evidence = self._patterns.find_evidence(None)
        if evidence is None or not evidence.exists:
            return labels, posterior
        own = self._patterns.choose()
        return keep_inclusions(evidence, own, labels, posterior)

    @property
    def has_resolved(self):
        """bool: Whether any tree of the patterns has more than one domain."""
        return any(tree.max() > 0 for tree in self._patterns.trees)

    @property
    def knows_trees(self):
        """bool: Whether trees of what other exposures might have given are known."""
        return self.shapes.positions is not None and len(self._patterns.trees) > 1

    @property
    def reason(self):
        """str: Why the patterns are one domain, as a `TreeNode` says it."""
        return "consensus" if self.has_resolved else self._patterns.reason

    def judge_structure(self, labels, random_state, given=False):
        """Judge the domains of a map by what the scan says of them.

        Parameters
        ----------
        labels : numpy.ndarray of int, shape (n_patterns,)
            -1 for none.
        given : bool, default False
            Whether the map is another one than the scan's own.

        Returns
        -------
        Structure or None
            None where positions are not known, if patterns differ by noise only, or
            if none has a label.
        """
        evidence = self._patterns.find_evidence(random_state)
        if evidence is None or not evidence.exists or labels.max() < 0:
            return None
        misfit = LocalModel(self.shapes, labels).misfit
        trees = self._patterns.trees
        # A map does not confirm itself.
        same = [compare_maps(np.stack([tree, labels]))[0, 1] for tree in trees]
        if max(same) > _SAME:
            trees = [tree for k, tree in enumerate(trees) if k != int(np.argmax(same))]
        return judge_structure(
            evidence, self.shapes, labels, misfit, trees, random_state, given=given
        )

    def _map_part(self, kind, own, clustered, random_state):
        """Labels of random rows, by a kind of clustering; -1 for the other rows."""
        rows = kinds.draw_subset(own, random_state)
        labels = np.full(len(own), -1)
        labels[rows] = own[rows]
        if kind is None or len(rows) < 2:
            return labels
        found = kinds.make_map(kind, clustered.take(rows), own[rows], random_state)
        # Density clustering may find nothing at all, which says nothing.
        if found.max() >= 0:
            shapes = self.shapes.take(rows)
            labels[rows] = kinds.remove_boundaries(shapes, found, random_state)
        return labels
