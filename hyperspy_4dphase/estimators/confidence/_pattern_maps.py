"""What maps of one scan have in common: its patterns, what it says, and its trees."""

import copy

from hyperspy_4dphase.estimators._checks import check_positions
from hyperspy_4dphase.estimators.confidence import _map_kinds as kinds
from hyperspy_4dphase.estimators.confidence._numbering import number_labels
from hyperspy_4dphase.estimators.domains._evidence import Evidence
from hyperspy_4dphase.estimators.domains._other_exposures import (
    choose_map,
    count_others,
    draw_seeds,
    grow_trees,
)
from hyperspy_4dphase.estimators.domains._scan_growth import make_growth
from hyperspy_4dphase.estimators.domains._shapes import CompressedShapes


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
    trees : list of numpy.ndarray of int, shape (n_patterns,)
        Labels; see :meth:`grow`.
    reason : str or None
        Why the first of them was not split, or ``"split"``.
    """

    def __init__(self, X, positions=None):
        if positions is not None:
            positions = check_positions(positions, X.shape[0])
        self.shapes = CompressedShapes.from_compressed(X, positions)
        self.votes, self.trees, self.reason = {}, [], None
        self._evidence = self._chosen = self._stream = None

    def grow(self, n_trees, random_state, n_jobs, tell=None):
        """Grow trees, the first of the patterns, the others of other exposures.

        They stay in `trees`, and are grown once.

        Parameters
        ----------
        n_trees : int
        random_state : numpy.random.RandomState
        n_jobs : int
        tell : callable, optional
            Called as ``tell(n_done, n_trees)``.
        """
        own, options = None, (kinds.MIN_CLUSTER, None)
        if not self.trees:
            evidence = self.find_evidence(random_state)
            own = make_growth(self.shapes, *options, random_state, evidence=evidence)
            self._stream = copy.deepcopy(random_state)
        seeds = draw_seeds(self._stream, max(n_trees - max(len(self.trees), 1), 0))
        found = grow_trees(
            self.shapes, self._evidence, seeds, *options, n_jobs, own=own
        )
        for grown in found:
            if not self.trees:
                self.reason = grown.growth.nodes[0].reason
            self.trees.append(grown.labels)
            if tell is not None and n_trees > 1:
                tell(len(self.trees), n_trees)

    def choose(self):
        """Choose the tree that names the domains.

        Where positions are known it is the one that :class:`DivisiveDomains` chooses;
        else there is one tree only.

        Returns
        -------
        numpy.ndarray of int, shape (n_patterns,)
            -1 for none.
        """
        if self._chosen is None:
            shapes, evidence = self.shapes, self._evidence
            trees = self.trees[: 1 + count_others(shapes)]
            maps = [number_labels(tree) for tree in trees]
            self._chosen = maps[0]
            if evidence is not None and evidence.exists:
                size = kinds.MIN_CLUSTER
                self._chosen = choose_map(maps, shapes, evidence, size)[1]
        return self._chosen

    def find_evidence(self, random_state):
        """What the scan says of domains, or None if positions are not known."""
        if self._evidence is None and self.shapes.positions is not None:
            self._evidence = Evidence(self.shapes, random_state)
        return self._evidence
