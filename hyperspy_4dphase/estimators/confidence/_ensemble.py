"""Many maps of one scan, and how sure they are of it together."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits

from hyperspy_4dphase.estimators._checks import check_number, check_positions
from hyperspy_4dphase.estimators.confidence._consensus import MapConsensus
from hyperspy_4dphase.estimators.confidence._domain_model import DomainModel
from hyperspy_4dphase.estimators.confidence._ensemble_votes import (
    EnsembleVotes,
    by_size,
)
from hyperspy_4dphase.estimators.confidence._map_inputs import check_reference
from hyperspy_4dphase.estimators.confidence._map_kinds import (
    divisive_map,
    numbered,
    settled,
    subset,
)
from hyperspy_4dphase.estimators.confidence._map_plan import DOUBTS, first_kind, planned
from hyperspy_4dphase.estimators.confidence._overlap import (
    alike,
    map_weights,
    merges,
    overlap_confidence,
    rand_similarities,
)
from hyperspy_4dphase.estimators.domains._gaps import join_clusters
from hyperspy_4dphase.estimators.domains._shapes import CompressedShapes, FeatureShapes


class MapEnsemble(BaseEstimator):
    """Maps a scan many times over, and tells how sure each label is.

    The scan is clustered once with all its patterns, and again with what might have
    been otherwise, one source of doubt after the other:

    - ``"distortion"``: HDBSCAN in latent spaces distorted by the decoder ([1]_);
    - ``"resampling"``: other random parts of the patterns, and other seeds;
    - ``"kinds"``: clusterings of other kinds: k-means, normal distributions, HDBSCAN;
      for features, the splits of the patterns themselves;
    - ``"noise"``: what counting noise and mixing leave open in each map: the domains of
      the map are fitted as a mixture of distributions, with what is mixed of two of
      them, and each pattern has a probability for each (:class:`DomainModel`).

    The maps vote (:class:`MapConsensus`). Domains of features are those of the patterns
    where these are as many, or where features merge them; parts of a latent space that
    no gap parts are joined.

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
    callback : callable, optional
        Called as ``callback("Mapping", n_done, n_maps)``.

    Attributes
    ----------
    labels_ : numpy.ndarray of int32, shape (n_patterns,)
        The consensus, 0 for the largest domain; -1 where it is less sure than
        `threshold`. Of a `reference`, its own labels.
    consensus_ : numpy.ndarray of int32, shape (n_patterns,)
        The same without threshold.
    confidence_ : numpy.ndarray of float32, shape (n_patterns,)
        Probability that the label of `consensus_` is right.
    posterior_ : numpy.ndarray of float32, shape (n_patterns, n_domains)
    overlap_ : numpy.ndarray of float64, shape (n_patterns,)
        As published ([1]_), of the maps as labels.
    doubts_ : dict of str to numpy.ndarray of float32, shape (n_patterns,)
        ``"boundary"``: probability that another domain is the larger part of a mixture;
        ``"noise"``: that it is of another domain, unmixed; for each other source, what
        its maps deny the consensus beyond these.
    maps_ : numpy.ndarray of int16, shape (n_maps, n_patterns)
        Labels as drawn from each map's probabilities.
    map_sources_ : list of str
        ``"all patterns"`` for the first, and the source of doubt of the others.
    n_effective_ : float
        Effective number of independent maps, as `MapConsensus` estimates it.
    n_domains_ : int

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
        self,
        X,
        y=None,
        *,
        features=None,
        model=None,
        reference=None,
        positions=None,
    ):
        """Map compressed patterns many times.

        Parameters
        ----------
        X : CompressedPatterns
            (n_patterns, n_pixels).
        y : None
            Ignored.
        features : numpy.ndarray, shape (n_patterns, n_features), optional
            What is clustered; by default the compressed patterns.
        model : Model, optional
            The autoencoder whose latent means the features are.
        reference : numpy.ndarray of int, shape (n_patterns,), optional
            The map that is asked about; -1 for no label.
        positions : array-like of int, shape (n_patterns, n_axes), optional
            Where patterns are in the scan; see :meth:`DivisiveDomains.fit`.

        Returns
        -------
        MapEnsemble

        Raises
        ------
        ValueError
            If a parameter is out of range, or shapes do not fit.
        """
        self._check_parameters(features, model)
        if reference is not None:
            reference = check_reference(reference, X.shape[0])
        random_state = check_random_state(self.random_state)
        if positions is not None:
            positions = check_positions(positions, X.shape[0])
        self._shapes = CompressedShapes.from_compressed(X, positions)
        self._clustered = self._shapes
        if features is not None:
            features = check_array(features, dtype=np.float64)
            if len(features) != X.shape[0]:
                raise ValueError(
                    f"There are features of {len(features)} patterns; expected "
                    f"{X.shape[0]}."
                )
            self._clustered = FeatureShapes.from_features(features)
            self._clustered.known &= self._shapes.known
        # Products of this size gain nothing from threads, which others may hold up.
        # Rough fits serve. Only here, not in each thread, can warnings be held back.
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            own, votes = self._vote(features, model, random_state)
            self._conclude(own, votes, reference, random_state)
        del self._shapes, self._clustered, self._joins, self._is_of_patterns
        return self

    def _check_parameters(self, features, model):
        if not isinstance(self.n_maps, Integral) or self.n_maps < 2:
            raise ValueError(f"n_maps={self.n_maps!r}; expected 2 maps at least.")
        check_number("threshold", self.threshold, 0, 1)
        unknown = [name for name in self.doubts if name not in DOUBTS]
        if unknown:
            raise ValueError(f"doubts holds {unknown}; expected some of {DOUBTS}.")
        if model is not None and features is None:
            raise ValueError("There is a model without features: its latent means.")

    def _vote(self, features, model, random_state):
        """A map of all patterns, and the votes of all maps."""
        shapes = self._shapes
        votes = EnsembleVotes(shapes.known, "noise" in self.doubts)
        self._joins = model is not None
        own = self._first_map(features, random_state)
        votes.add("all patterns", *votes.of(DomainModel(shapes, own, random_state)))
        # Domains that are most probable nowhere are none.
        own = numbered(votes.labels[0])
        tasks = planned(
            self.n_maps, self.doubts, features is not None, self._joins, random_state
        )
        self._is_of_patterns = np.array([False] + [task.of_patterns for task in tasks])
        distorted = self._distorted(features, model, tasks, random_state)
        self._tell(1)
        # In threads, since most of the time is spent outside of Python.
        found = Parallel(self.n_jobs or -1, prefer="threads", return_as="generator")(
            delayed(self._voted)(
                votes, own, task, next(distorted) if _distorts(task) else None
            )
            for task in tasks
        )
        for n_done, (task, vote) in enumerate(zip(tasks, found, strict=True), 2):
            votes.add(task.source, *vote)
            self._tell(n_done)
        return own, votes

    def _first_map(self, features, random_state):
        if features is None:
            return divisive_map(self._shapes, random_state)
        everywhere = np.where(self._clustered.known, 0, -1)
        rows = subset(everywhere, random_state)
        return self._map(
            first_kind(True), everywhere, rows, self._clustered, random_state
        )

    def _voted(self, votes, own, task, distorted):
        """The vote of a map that is made for one source of doubt."""
        random_state = np.random.RandomState(task.seed)
        if task.of_patterns:
            labels = divisive_map(self._shapes, random_state)
        else:
            clustered = self._clustered
            if distorted is not None:
                clustered = FeatureShapes.from_features(distorted)
            rows = subset(own, random_state)
            labels = self._map(task.kind, own, rows, clustered, random_state)
        return votes.of(DomainModel(self._shapes, labels, random_state))

    def _map(self, kind, own, rows, clustered, random_state):
        """Labels of some rows, by a kind of clustering; -1 for the other rows."""
        labels = np.full(len(own), -1)
        labels[rows] = own[rows]
        if kind is None or len(rows) < 2:
            return labels
        n_domains = int(labels.max()) + 1
        found = kind(clustered.take(rows), random_state, n_domains, own[rows])
        if found.max() < 0:
            # Density clustering may find nothing at all, which says nothing.
            return labels
        shapes = self._shapes.taken(rows)
        labels[rows] = settled(shapes, found, random_state)
        return labels

    def _distorted(self, features, model, tasks, random_state):
        n = sum(_distorts(task) for task in tasks)
        if not n:
            return None
        from hyperspy_4dphase.estimators.vae._distortion import latent_distortions

        return latent_distortions(
            features,
            model,
            n,
            method=self.distortion,
            image_shape=self.image_shape,
            excluded_pixels=self.excluded_pixels,
            random_state=random_state,
        )

    def _conclude(self, own, votes, reference, random_state):
        is_given = reference is not None
        own = reference if is_given else own
        consensus = self._consensus(votes, own, is_given, random_state)
        posterior, labels = consensus.posterior_, consensus.consensus_
        if is_given:
            names = np.unique(own[own >= 0])
            labels = np.searchsorted(names, own).clip(0, names.size - 1)
            labels = np.where(own < 0, -1, labels)
        denied = votes.by_source(consensus, labels)
        self.doubts_ = {k: v for k, v in denied.items() if k in self.doubts}
        if not is_given:
            posterior, labels = by_size(posterior, labels)
        unknown = (labels < 0) | ~self._shapes.known
        confidence = posterior[np.arange(len(labels)), labels]
        confidence = np.where(unknown, 0, confidence).astype(np.float32)
        if "noise" in self.doubts:
            self.doubts_ = votes.from_all(1 - confidence) | self.doubts_
        labels = own if is_given else labels
        self.posterior_, self.confidence_ = posterior, confidence
        self.consensus_ = np.where(unknown, -1, labels).astype(np.int32)
        self.labels_ = np.where(confidence < self.threshold, -1, self.consensus_)
        self.n_domains_ = posterior.shape[1]
        self.maps_ = votes.drawn(random_state)
        self.map_sources_ = votes.sources
        self.overlap_ = overlap_confidence(self.maps_)
        similarities = rand_similarities(self.maps_)
        self.n_effective_ = map_weights(alike(similarities))[1]

    def _consensus(self, votes, own, is_given, random_state):
        # The maps are of a sample and a seed each: none is a copy by construction.
        consensus = MapConsensus(n_independent=self.n_maps)
        maps, soft = votes.labels, votes.soft()
        if is_given or self._clustered is self._shapes:
            return consensus.fit(maps, reference=own, **soft)
        # Of features, no map is a better judge than the others.
        consensus.fit(maps, **soft)
        named = self._named(consensus.consensus_, maps, random_state)
        if not np.array_equal(named, consensus.consensus_):
            consensus.fit(maps, reference=named, **soft)
        return consensus

    def _named(self, labels, maps, random_state):
        """Domains that features agree on, mended by what the patterns tell apart."""
        if self._joins:
            # A latent space has nothing that the patterns do not have.
            labels = join_clusters(self._shapes, self._clustered, labels, random_state)
            labels = numbered(labels)
        for of_patterns in maps[self._is_of_patterns][:1]:
            if of_patterns.max() >= labels.max() or merges(labels, of_patterns):
                labels = of_patterns
        return labels

    def _tell(self, n_done):
        if self.callback is not None:
            self.callback("Mapping", n_done, self.n_maps)


def _distorts(task):
    return task.source == "distortion"
