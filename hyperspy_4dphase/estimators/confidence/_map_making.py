"""Which maps an ensemble is made of, and how they are made."""

from collections.abc import Callable
from itertools import cycle, islice
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_array, check_consistent_length

from hyperspy_4dphase.estimators._checks import check_positions
from hyperspy_4dphase.estimators.confidence import _map_kinds as kinds
from hyperspy_4dphase.estimators.confidence._domain_model import DomainModel
from hyperspy_4dphase.estimators.confidence._ensemble_votes import vote_from_model
from hyperspy_4dphase.estimators.domains._evidence import Evidence
from hyperspy_4dphase.estimators.domains._shapes import CompressedShapes, FeatureShapes

DOUBTS = ("distortion", "resampling", "kinds", "noise")
# Of maps of a part of the patterns, one in so many is sought anew; the others are that
# of all patterns, fitted to the part. Clustering by density is quick, and always anew.
# Historical: chosen by trial in 2026 for speed, not calibrated.
_ONE_SOUGHT_ANEW_IN = 6


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


def plan_maps(n_maps, doubts, of_features, has_model, random_state):
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

    Returns
    -------
    list of Task
    """
    first, *others = kinds.FEATURE_KINDS if of_features else kinds.PATTERN_KINDS
    anew = [first] if of_features else [first, *(_ONE_SOUGHT_ANEW_IN - 1) * [None]]
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


class PatternMaps:
    """What ensembles of one scan have in common, whatever its features are.

    Parameters
    ----------
    X : CompressedPatterns
        (n_patterns, n_pixels).
    positions : array-like of int, shape (n_patterns, n_axes), optional
        Where patterns are in the scan.

    Attributes
    ----------
    shapes : CompressedShapes
    votes : dict of int to MapVote
        Of maps of the patterns themselves, by their number in the ensemble.
    """

    def __init__(self, X, positions=None):
        if positions is not None:
            positions = check_positions(positions, X.shape[0])
        self.shapes = CompressedShapes.from_compressed(X, positions)
        self.votes = {}
        self._evidence = None

    def divide(self, random_state):
        """Labels (n_patterns,) of a tree; what the scan says is found once for all."""
        if self._evidence is None and self.shapes.positions is not None:
            self._evidence = Evidence(self.shapes, random_state)
        return kinds.divide_shapes(self.shapes, random_state, self._evidence)


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
        if self.has_features:
            features = check_array(features, dtype=np.float64)
            check_consistent_length(features, self.shapes.points)
            self.clustered = FeatureShapes.from_features(features)
            self.clustered.known &= self.shapes.known

    def make_first(self, random_state):
        """Make a map of all patterns.

        Returns
        -------
        numpy.ndarray of int, shape (n_patterns,)
            -1 for none.
        """
        if not self.has_features:
            return self._patterns.divide(random_state)
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
        if not task.of_patterns:
            clustered = self.clustered
            if distorted is not None:
                clustered = FeatureShapes.from_features(distorted)
            labels = self._map_part(task.kind, own, clustered, random_state)
            return self.find_vote(labels, random_state)
        votes = self._patterns.votes
        if task.number not in votes:
            labels = self._patterns.divide(random_state)
            votes[task.number] = self.find_vote(labels, random_state)
        return votes[task.number]

    def find_vote(self, labels, random_state):
        """Find the vote of a map, given noise and mixtures.

        Returns
        -------
        MapVote
        """
        model = DomainModel(self.shapes, labels, random_state)
        return vote_from_model(model, self.shapes.known, self._noise)

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
