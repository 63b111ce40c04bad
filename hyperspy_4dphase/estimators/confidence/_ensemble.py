"""Many maps of one scan, and how sure they are of it together."""

import copy
import warnings
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed

from hyperspy_4dphase._scalars import check_integer, check_number
from hyperspy_4dphase._threads import available_threads, limited_threads
from hyperspy_4dphase.estimators.confidence import _numbering as numbering
from hyperspy_4dphase.estimators.confidence import _overlap as overlap
from hyperspy_4dphase.estimators.confidence._consensus import MapConsensus
from hyperspy_4dphase.estimators.confidence._ensemble_votes import EnsembleVotes
from hyperspy_4dphase.estimators.confidence._map_inputs import check_labels
from hyperspy_4dphase.estimators.confidence._map_making import (
    DOUBTS,
    DOUBTS_FOUND,
    MapMaker,
    plan_maps,
)
from hyperspy_4dphase.estimators.confidence._pattern_maps import PatternMaps
from hyperspy_4dphase.estimators.domains._gaps import join_clusters
from hyperspy_4dphase.estimators.vae import latent_distortions


class MapEnsemble(BaseEstimator):
    """Maps a scan many times over, and tells how sure each label is.

    The scan is clustered with all its patterns, and again with what might have been
    otherwise, one source of doubt after the other:

    - ``"distortion"``: HDBSCAN in latent spaces distorted by the decoder ([1]_);
    - ``"resampling"``: trees of what other exposures might have given, with noise
      added, and the domains as found fitted to other random parts of the patterns;
      without positions, trees of such parts; for features, HDBSCAN of such parts;
    - ``"kinds"``: clusterings of other kinds: k-means, normal distributions, HDBSCAN;
      for features, trees of the patterns themselves;
    - ``"noise"``: what counting noise and mixing leave open in each map: each pattern
      has a probability for each domain, as this is around its position, and for
      mixtures of those that meet there (``LocalModel``); without positions, for
      each domain as a whole (:class:`DomainModel`);
    - ``"structure"``: whether the domains are those that the scan tells apart, see
      ``judge_structure``. It takes positions, and is not judged without.

    The maps vote (:class:`MapConsensus`). Domains are those of the tree that
    :class:`DivisiveDomains` chooses, which is the first map. Domains of features are
    those of the patterns where these are as many, or where features merge them; parts
    of a latent space that no gap parts are joined.

    Parameters
    ----------
    n_maps : int, optional
        Number of maps, 2 at least. Default is 25.
    doubts : sequence of str, optional
        The sources of doubt that are looked into. Default is all.
    threshold : float, optional
        Positions less sure than this are unassigned. Default is 0.5.
    distortion : {"jacobian", "ssim"}, optional
        See :func:`latent_distortions`.
    image_shape : tuple of int, optional
        Shape of a pattern, for ``distortion="ssim"``.
    excluded_pixels : numpy.ndarray of bool, optional
        Flat mask of the patterns, for ``distortion="ssim"``.
    random_state : int, numpy.random.RandomState or None, optional
        For samples, seeds, distortions and draws.
    n_jobs : int, optional
        Number of threads. By default one for each processor. The result is the same.
        Trees of 2,500 patterns or more grow in processes instead, four at most.
    callback : callable, optional
        Called as ``callback("Growing trees", n_done, n_trees)`` and then as
        ``callback("Mapping", n_done, n_maps)``.

    Attributes
    ----------
    labels_ : numpy.ndarray of int32, shape (n_patterns,)
        The consensus, 0 for the largest domain; -1 where it is less sure than
        `threshold`. Of a `reference`, its own labels.
    consensus_ : numpy.ndarray of int32, shape (n_patterns,)
        The same without threshold.
    confidence_ : numpy.ndarray of float32, shape (n_patterns,)
        Probability that the label of `consensus_` is right. NaN everywhere if nothing
        was resolved: if there is one domain, in all trees of the patterns.
    posterior_ : numpy.ndarray of float32, shape (n_patterns, n_domains)
        Its sum is less than 1 by the probability that the pattern is of none of these
        domains, as they are; 1 where structure is not judged.
    overlap_ : numpy.ndarray of float64, shape (n_patterns,)
        As published ([1]_), of the maps as labels.
    doubts_ : dict of str to numpy.ndarray of float32, shape (n_patterns,)
        ``"boundary"``: probability that another domain is the larger part of a mixture;
        ``"noise"``: that it is of another domain, unmixed; for each other source, what
        its maps deny the consensus beyond these; with ``"structure"`` also
        ``"domain"`` (its size, and its distance to the next one), ``"unresolved"``
        (other trees, and which domain patterns like these are of elsewhere) and
        ``"misfit"``: what each takes off the probability.
    maps_ : numpy.ndarray of int16, shape (n_maps, n_patterns)
        Labels as drawn from each map's probabilities.
    map_sources_ : list of str
        ``"all patterns"`` for the first, and the source of doubt of the others. The
        first is also among the others if it is a tree of another exposure.
    n_effective_ : float
        Effective number of independent maps, as `MapConsensus` estimates it.
    n_domains_ : int
    lost_ : list of int
        Sizes, in positions, of those domains of the tree that names them which are in
        no place the most probable. Empty for a `reference`, and for features.
    reason_ : str
        Of a single domain: why it is not split, as :class:`TreeNode` says it;
        ``"consensus"`` where any tree of the patterns is split.

    References
    ----------
    .. [1] A. Bridger et al., npj Comput. Mater. 9 (2023), 14,
       doi:10.1038/s41524-022-00960-y.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_4dphase.estimators import MapEnsemble, compress_patterns
    >>> rng = np.random.default_rng(0)
    >>> patterns = rng.gamma(0.3, 9, (3, 120))
    >>> counts = rng.poisson(patterns[rng.integers(3, size=600)])
    >>> model = MapEnsemble(n_maps=5, random_state=0)
    >>> model = model.fit(compress_patterns(counts, random_state=0))
    >>> model.n_domains_, bool(model.confidence_.min() > 0.95)
    (3, True)
    """

    def __init__(
        self,
        n_maps=25,
        *,
        doubts=DOUBTS,
        threshold=0.5,
        distortion="jacobian",
        image_shape=None,
        excluded_pixels=None,
        random_state=None,
        n_jobs=None,
        callback=None,
    ):
        self.n_maps = n_maps
        self.doubts = doubts
        self.threshold = threshold
        self.distortion = distortion
        self.image_shape = image_shape
        self.excluded_pixels = excluded_pixels
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.callback = callback

    def fit(
        self, X, y=None, *, features=None, model=None, reference=None, positions=None
    ):
        """Map compressed patterns many times.

        Parameters
        ----------
        X : CompressedPatterns or PatternMaps
            (n_patterns, n_pixels). `PatternMaps` of them, which other ensembles of the
            same scan have had, spare what does not depend on features.
        y : None
            Ignored.
        features : numpy.ndarray, shape (n_patterns, n_features), optional
            What is clustered; by default the compressed patterns.
        model : Model, optional
            The autoencoder whose latent means the features are.
        reference : numpy.ndarray of int, shape (n_patterns,), optional
            The map that is asked about; -1 for no label.
        positions : array-like of int, shape (n_patterns, n_axes), optional
            Where patterns are in the scan; see :meth:`DivisiveDomains.fit`. Without,
            domains are taken as a whole, and structure is not judged. `PatternMaps`
            have their own.

        Returns
        -------
        MapEnsemble

        Raises
        ------
        TypeError
            If `n_maps` is no integer.
        ValueError
            If a parameter is out of range, or shapes do not fit.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import MapEnsemble, compress_patterns
        >>> model = MapEnsemble(n_maps=5, random_state=0)
        >>> model.fit(compress_patterns(counts, random_state=0)).confidence_.shape
        (400,)
        """
        self._check_parameters(features, model)
        patterns = X if isinstance(X, PatternMaps) else PatternMaps(X, positions)
        if reference is not None:
            n = len(patterns.shapes.points)
            reference = check_labels(reference, "The reference", n)
        random_state = check_random_state(self.random_state)
        maker = MapMaker(patterns, features, "noise" in self.doubts)
        # Products of this size gain nothing from threads, which others may hold up.
        # Rough fits serve. Only here, not in each thread, can warnings be held back.
        with limited_threads(1), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            votes = EnsembleVotes()
            own, tasks = self._make_maps(maker, votes, model, random_state)
            # The maps are of a sample and a seed each: none is a copy by construction.
            consensus = MapConsensus(n_independent=self.n_maps)
            if reference is None and maker.has_features:
                self._fit_features(
                    consensus, maker, votes.stack(), tasks, model, random_state
                )
            else:
                names = own if reference is None else reference
                consensus.fit(**votes.stack(), reference=names)
            self._conclude(consensus, maker, votes, reference, random_state)
            self._describe_maps(votes, random_state)
        return self

    def _check_parameters(self, features, model):
        check_integer("n_maps", self.n_maps, 2)
        check_number("threshold", self.threshold, 0, 1)
        unknown = [name for name in self.doubts if name not in DOUBTS]
        if unknown:
            raise ValueError(f"doubts holds {unknown}; expected some of {DOUBTS}.")
        if model is not None and features is None:
            raise ValueError("There is a model without features: its latent means.")

    def _make_maps(self, maker, votes, model, random_state):
        """Add the votes of all maps; return the first map, and what the others are."""
        tasks = plan_maps(
            self.n_maps,
            self.doubts,
            maker.has_features,
            model is not None,
            # Trees are to be those that `DivisiveDomains` grows with this seed.
            copy.deepcopy(random_state),
            len(maker.shapes.points),
        )
        n_jobs = self.n_jobs or available_threads()
        structure = "structure" in self.doubts
        tell = self.callback and partial(self.callback, "Growing trees")
        maker.grow_trees(tasks, structure, random_state, n_jobs, tell)
        first = maker.find_vote(maker.make_first(random_state), random_state)
        votes.add("all patterns", first)
        # Domains that are most probable nowhere are none.
        own = numbering.number_labels(first.first)
        distorted = self._distort(maker.clustered.points, model, tasks, random_state)
        self._tell(1)
        # In threads, since most of the time is spent outside of Python.
        found = Parallel(n_jobs, prefer="threads", return_as="generator")(
            delayed(maker.make_vote)(task, own, features)
            for task, features in zip(tasks, distorted, strict=True)
        )
        for n_done, (task, vote) in enumerate(zip(tasks, found, strict=True), 2):
            votes.add(task.source, vote)
            self._tell(n_done)
        return own, tasks

    def _distort(self, latent, model, tasks, random_state):
        """Distort latent means for each task that asks for it; None for others."""
        distorts = [task.source == "distortion" for task in tasks]
        if not any(distorts):
            return [None] * len(tasks)
        distorted = latent_distortions(
            latent,
            model,
            sum(distorts),
            method=self.distortion,
            image_shape=self.image_shape,
            excluded_pixels=self.excluded_pixels,
            random_state=random_state,
        )
        return (next(distorted) if distort else None for distort in distorts)

    def _fit_features(self, consensus, maker, stacked, tasks, model, random_state):
        """Find what features agree on, mended by what the patterns tell apart."""
        # Of features, no map is a better judge than the others.
        agreed = labels = consensus.fit(**stacked).consensus_
        if model is not None:
            # A latent space has nothing that the patterns do not have.
            labels = join_clusters(maker.shapes, maker.clustered, labels, random_state)
            labels = numbering.number_labels(labels)
        of_patterns = [task.of_patterns for task in tasks]
        for found in stacked["maps"][1:][of_patterns][:1]:
            if found.max() >= labels.max() or overlap.merges_domains(labels, found):
                labels = found
        if not np.array_equal(labels, agreed):
            consensus.fit(**stacked, reference=labels)

    def _conclude(self, consensus, maker, votes, reference, random_state):
        labels, posterior = consensus.consensus_, consensus.posterior_
        if reference is not None:
            labels = numbering.number_labels(reference)
            labels[~maker.shapes.known] = -1
        elif not maker.has_features:
            labels, posterior = maker.keep_inclusions(labels, posterior)
        denials = votes.find_denials(consensus, labels)
        if reference is None:
            labels, posterior = _order_domains(labels, posterior)
        confidence = posterior[np.arange(len(labels)), labels]
        confidence = np.where(labels < 0, np.float32(0), confidence)
        self.doubts_ = {k: v for k, v in denials.items() if k in self.doubts}
        if "noise" in self.doubts:
            self.doubts_ = votes.average_doubts(1 - confidence) | self.doubts_
        if "structure" in self.doubts:
            given = reference is not None
            structure = maker.judge_structure(labels, random_state, given)
            if structure is not None:
                self.doubts_ |= structure.doubts
                posterior = posterior * structure.probability[:, np.newaxis]
                confidence = confidence * structure.probability
        self.doubts_ = {n: self.doubts_[n] for n in DOUBTS_FOUND if n in self.doubts_}
        if not maker.has_resolved and (posterior.shape[1] == 1 or maker.knows_trees):
            # That there is nothing else to be is no reason to be sure.
            posterior, confidence = (
                np.full_like(values, np.nan) for values in (posterior, confidence)
            )
        self.lost_ = []
        if reference is None and not maker.has_features:
            tree = maker.make_first(random_state)
            lost = numbering.find_lost(tree, labels)
            self.lost_ = np.bincount(tree[tree >= 0])[lost].tolist()
        names = labels if reference is None else reference
        self.consensus_ = np.where(labels < 0, -1, names).astype(np.int32)
        self.labels_ = np.where(confidence < self.threshold, -1, self.consensus_)
        self.posterior_, self.confidence_ = posterior, confidence
        self.n_domains_, self.reason_ = posterior.shape[1], maker.reason

    def _describe_maps(self, votes, random_state):
        self.maps_ = votes.draw_labels(random_state)
        self.map_sources_ = votes.sources
        self.overlap_ = overlap.overlap_confidence(self.maps_)
        similarities = overlap.compare_maps(self.maps_)
        self.n_effective_ = overlap.weigh_maps(similarities).n_effective

    def _tell(self, n_done):
        if self.callback is not None:
            self.callback("Mapping", n_done, self.n_maps)


def _order_domains(labels, posterior):
    """Number domains by size, without those that have no position."""
    n_domains = np.unique(labels[labels >= 0]).size
    order = numbering.order_by_size(labels)[:n_domains]
    posterior = posterior[:, order]
    posterior = posterior / posterior.sum(axis=1, keepdims=True)
    return numbering.renumber(labels, order), posterior
