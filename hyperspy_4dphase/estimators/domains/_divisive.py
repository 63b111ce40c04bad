"""Divisive hierarchical clustering of diffraction patterns."""

import copy
import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils import check_array, check_random_state

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase._scalars import check_integer
from hyperspy_4dphase._threads import limited_threads
from hyperspy_4dphase.estimators._checks import check_positions
from hyperspy_4dphase.estimators.compression import (
    CompressedPatterns,
    compress_patterns,
)
from hyperspy_4dphase.estimators.domains._descriptions import Descriptions
from hyperspy_4dphase.estimators.domains._other_exposures import (
    choose_tree,
    count_others,
    draw_seeds,
    grow_trees,
)
from hyperspy_4dphase.estimators.domains._published import grow_published, parse_plan
from hyperspy_4dphase.estimators.domains._scan_growth import make_growth
from hyperspy_4dphase.estimators.domains._shapes import CompressedShapes, FeatureShapes

_NOISES = ("poisson", "uniform", None)
# Patterns of a domain. Historical: chosen by trial in 2026, not calibrated.
_MIN_SIZE = 10


class DivisiveDomains(ClusterMixin, BaseEstimator):
    """Domains of like patterns: a tree of splits that knows when to stop.

    All patterns are one domain, which is split into two, and these again, each with
    features of its own ([1]_): the directions in which its patterns differ by more than
    counting noise, in units of that noise, with their brightness (thickness, beam
    current) taken out. A split must stand these tests:

    - There is more than counting noise. Along its direction, sought on one half of the
      patterns, the other half shows a valley as well (a low-density hyperplane, [2]_).
    - What lies in the valley are mixtures of the two parts, as boundaries are, and not
      a path along which the patterns change, as where a crystal bends. Two halves must
      find the split, and two more than take it for the cut of a path; where the first
      two are not of one mind, the patterns are halved anew.

    Of those that stand this, the strongest is taken, unless the halves agree better on
    one that is nearly as strong. Where positions are known, three things more count:

    - Neighbours must confirm the gap: it must be there, and no path, in means of each
      pattern and those around it that are alike. A step decides whether it is a path:
      a change between neighbouring positions that exceeds both counting noise and what
      is usual around there. What is refused, since there is none, is kept.
    - Where single patterns show no gap, sums of neighbours undergo the same tests:
      counting noise hides less there.
    - At last, domains are parted where the pattern makes a step in real space, though
      patterns leave no gap: dense clusters grow until they meet on the ridges of the
      map of steps, and are joined again where there is no step between them. In scans
      of fewer than 12 positions across, steps must be larger.

    Parts that are nothing but mixtures of what surrounds them are given back. Thin
    inclusions, which add a weak pattern to one that changes smoothly, are left out
    until the end, and become parts of what they are in.

    Parameters
    ----------
    n_domains : int, optional
        Number of domains. By default there are as many as can be told apart. If fewer
        are asked for, the strongest splits are made; if more, domains are split that
        have no gap.
    max_depth : int, optional
        Most levels of the tree. By default there is no limit.
    min_size : int, optional
        Fewest patterns of a domain. Default is 10, chosen by trial: fewer may make a
        domain of chance, and with more a small one may be missed.
    noise : {"poisson", "uniform", None}, optional
        ``"poisson"`` (default) for counts, also times a gain; ``"uniform"`` for
        patterns with the same noise everywhere; None for features that are no patterns:
        they are taken as they are, and their noise is judged by their neighbours.
    n_parts : int, sequence of int, or nested, optional
        The published method ([1]_) instead, for comparison: k-means at each node, of
        the counts of those pixels that vary most within it, with k given, and no test.
        One k for a single split, ``(2, 3)`` for one a level, ``(2, (None, 3))`` to
        split the smaller part only. Not together with `n_domains`, `max_depth`,
        `min_size` or `noise`.
    random_state : int, numpy.random.RandomState or None, optional
        For the halves, and for searches.
    device : None, str or torch.device, optional
        Where patterns are compressed.
    callback : callable, optional
        Called as ``callback(n_done, n_patterns)``, where trees grow in processes of
        their own after each of them.

    Attributes
    ----------
    labels_ : numpy.ndarray of int32, shape (n_patterns,)
        0 is the largest domain; -1 marks patterns with too few counts to tell.
    tree_ : DomainTree
        Every node with its size, the scores of its split, or why there is none.
    n_domains_ : int
        Number of domains.
    steps_ : numpy.ndarray of float32, shape (n_patterns,)
        The largest step from each pattern to one at a neighbouring position, in units
        of what is usual around there: about 1 within a domain, also where it bends or
        grows thicker, and about 1.95 or more at a border. NaN where there is no
        neighbour, and everywhere without positions, with `n_parts`, or in noise.
    along_ : numpy.ndarray of float32, shape (n_patterns,)
        Place of each pattern along the direction in which its domain varies most, in
        standard deviations of the noise of one pattern; the sign is arbitrary, and 0 is
        a domain whose patterns are all alike. NaN in no domain, in domains that were
        joined since fewer were asked for, and with `n_parts`.
    refused_ : numpy.ndarray of int8, shape (n_patterns,)
        1 and 2 for the two sides of a gap inside a domain that was not split, since it
        cuts a path along which patterns change; 0 elsewhere, and with `n_parts`.
    n_features_in_ : int
        Number of pixels, or features.

    See Also
    --------
    MapConsensus : How sure such a map is.

    References
    ----------
    .. [1] C. Shi et al., npj Comput. Mater. 8 (2022), 114,
       doi:10.1038/s41524-022-00793-9.
    .. [2] N. G. Pavlidis, D. P. Hofmeyr, S. K. Tasoulis, Minimum density hyperplanes,
       J. Mach. Learn. Res. 17 (2016), 1.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_4dphase.estimators import DivisiveDomains
    >>> rng = np.random.default_rng(0)
    >>> patterns = rng.gamma(0.3, 9, (3, 120))
    >>> counts = rng.poisson(patterns[rng.integers(3, size=600)])
    >>> model = DivisiveDomains(random_state=0).fit(counts)
    >>> model.n_domains_
    3
    >>> model.tree_[0].reason, model.tree_[0].size
    ('split', 600)
    """

    def __init__(
        self,
        n_domains=None,
        *,
        max_depth=None,
        min_size=None,
        noise="poisson",
        n_parts=None,
        random_state=None,
        device=None,
        callback=None,
    ):
        self.n_domains = n_domains
        self.max_depth = max_depth
        self.min_size = min_size
        self.noise = noise
        self.n_parts = n_parts
        self.random_state = random_state
        self.device = device
        self.callback = callback

    def fit(self, X, y=None, positions=None):
        """Find domains.

        Parameters
        ----------
        X : numpy.ndarray, PatternBlocks or CompressedPatterns
            (n_patterns, n_pixels); with ``noise=None`` an array of features.
        y : None
            Ignored.
        positions : array-like of int, shape (n_patterns, n_axes), optional
            Where patterns are in the scan, counted in its steps: neighbours must then
            confirm gaps, what noise hides is sought in their sums, and steps between
            them part domains. By default patterns alone decide.

        Returns
        -------
        DivisiveDomains

        Raises
        ------
        ValueError
            If a parameter is out of range, there are fewer than two patterns, or fewer
            than `n_domains`; or if positions are not those of the patterns, or given
            with ``noise=None``.

        Warns
        -----
        UserWarning
            If there are fewer domains than asked for, since the patterns within them
            differ by no more than noise.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import DivisiveDomains
        >>> model = DivisiveDomains(random_state=0).fit(counts)
        >>> np.unique(model.labels_).tolist()
        [0, 1, 2]
        """
        self.check_parameters(positions=positions)
        random_state = check_random_state(self.random_state)
        fit = self._fit_tree if self.n_parts is None else self._fit_published
        self.labels_, self.tree_, descriptions = fit(X, positions, random_state)
        self.steps_, self.along_, self.refused_ = descriptions
        self.n_domains_ = self.tree_.n_domains
        return self

    def check_parameters(self, *, positions=None, **others):
        """Refuse parameters out of range, and what does not go together.

        Parameters
        ----------
        positions : object, optional
            As for :meth:`fit`.
        **others
            What else was given, None for nothing: the published method takes only
            counts.

        Raises
        ------
        TypeError, ValueError

        Examples
        --------
        >>> from hyperspy_4dphase.estimators import DivisiveDomains
        >>> DivisiveDomains(n_domains=4).check_parameters()
        >>> DivisiveDomains(min_size=0).check_parameters()
        Traceback (most recent call last):
            ...
        ValueError: min_size must be at least 1, not 0.
        """
        for name, least in (("n_domains", 1), ("max_depth", 0), ("min_size", 1)):
            check_integer(name, getattr(self, name), least, optional=True)
        if self.noise not in _NOISES:
            raise ValueError(f"noise={self.noise!r}; expected one of {_NOISES}.")
        if self.n_parts is not None:
            names = "n_domains", "max_depth", "min_size"
            others = {"positions": positions} | others
            others |= {name: getattr(self, name) for name in names}
            given = [name for name, value in others.items() if value is not None]
            if given:
                raise ValueError(
                    f"n_parts was given together with {' and '.join(given)}: the "
                    "published method takes none of these. Leave one of them out."
                )
            if not parse_plan(self.n_parts)[0]:
                raise ValueError(
                    f"n_parts={self.n_parts!r}; expected numbers of parts from 2 on."
                )
        if positions is not None and self.noise is None:
            raise ValueError(
                "positions were given with noise=None: what neighbours have less noise "
                "in together is not known of features."
            )

    def _fit_published(self, X, positions, random_state):
        """Fit as published, see :func:`grow_published`.

        Returns
        -------
        labels : numpy.ndarray of int, shape (n_patterns,)
        tree : DomainTree
        descriptions : Descriptions
            Nothing is known.
        """
        if not isinstance(X, PatternBlocks):
            X = PatternBlocks.wrap(check_array(X, ensure_min_samples=2))
        self.n_features_in_ = X.shape[1]
        labels, tree = grow_published(X, self.n_parts, random_state)
        return labels, tree, Descriptions.unknown(len(labels))

    def _fit_tree(self, X, positions, random_state):
        """Fit a tree that knows when to stop.

        Returns
        -------
        labels : numpy.ndarray of int32, shape (n_patterns,)
        tree : DomainTree
        descriptions : Descriptions
        """
        shapes = self._to_shapes(X, random_state)
        n = len(shapes.points)
        if positions is not None:
            shapes.positions = check_positions(positions, n)
        if self.n_domains is not None and self.n_domains > n:
            raise ValueError(
                f"n_domains={self.n_domains} domains were asked for, but there are "
                f"only {n} patterns."
            )
        size = _MIN_SIZE if self.min_size is None else self.min_size
        options = size, self.max_depth
        growth = make_growth(shapes, *options, random_state, self.callback)
        # Products of this size gain nothing from threads, which others may hold up.
        with limited_threads(1):
            evidence = growth.evidence
            has_more = evidence is not None and self.max_depth != 0
            stream = copy.deepcopy(random_state)
            seeds = draw_seeds(stream, count_others(shapes) * has_more)
            trees = grow_trees(shapes, evidence, seeds, *options, own=growth)
            growth = choose_tree(trees, size)
            growth.reach(self.n_domains or 0)
            descriptions = growth.describe()
        labels, tree = growth.result()
        n_domains = self.n_domains or tree.n_domains
        if tree.n_domains < n_domains:
            warnings.warn(
                f"There are {tree.n_domains} domains, not {n_domains}: within them "
                "patterns differ by no more than noise.",
                stacklevel=3,
            )
        if tree.n_domains > n_domains:
            tree, new = tree.prune(tree.cut(n_domains))
            is_merged = np.bincount(new)[new] > 1
            merged = (labels >= 0) & is_merged[labels]
            descriptions = descriptions.forget(merged)
            labels = np.where(labels < 0, labels, new[labels]).astype(np.int32)
        return labels, tree, descriptions

    def _to_shapes(self, X, random_state):
        if self.noise is None:
            X = check_array(X, dtype=np.float64, ensure_min_samples=2)
            self.n_features_in_ = X.shape[1]
            return FeatureShapes.from_features(X)
        if not isinstance(X, CompressedPatterns):
            if not isinstance(X, PatternBlocks):
                X = check_array(X, dtype=[np.float64, np.float32], ensure_min_samples=2)
            X = compress_patterns(
                X, noise=self.noise, random_state=random_state, device=self.device
            )
        if X.shape[0] < 2:
            raise ValueError(
                f"There are {X.shape[0]} patterns; clustering needs 2 at least."
            )
        self.n_features_in_ = X.shape[1]
        return CompressedShapes.from_compressed(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = self.noise is not None
        return tags

    def _more_tags(self):
        # The same for scikit-learn before 1.6.
        return {"requires_positive_X": self.noise is not None}
