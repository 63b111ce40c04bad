"""How sure a map of domains is, from several maps of one scan."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hyperspy_4dphase._scalars import check_integer, check_number
from hyperspy_4dphase.estimators.confidence import _map_inputs as inputs
from hyperspy_4dphase.estimators.confidence import _numbering as numbering
from hyperspy_4dphase.estimators.confidence import _overlap as overlap
from hyperspy_4dphase.estimators.confidence._prior import find_prior
from hyperspy_4dphase.estimators.confidence._translation import translate_votes
from hyperspy_4dphase.estimators.confidence._vote_fractions import (
    Votes,
    measure_support,
)

# Where maps merge domains, sizes have this many votes beside those that tell. Measured
# on simulated maps: with 1 they come out much less sure than right.
_VOTES_OF_SIZES = 0.25


class MapConsensus(BaseEstimator):
    """Consensus of several maps of one scan, and how sure it is.

    Maps may have different numbers of domains, numbered in any way. Their overlap is
    that of [1]_. For a probability, they vote:

    - One partition names the domains: `reference`, or the map that the others agree
      with best (adjusted Rand index, [2]_). Domains that few positions of other maps
      confirm are lost to others; of a `reference`, all are kept.
    - Each map's clusters are translated to these domains. A cluster means the domains
      that lie in it mostly; where a map merges domains, it has no say between them and
      its vote is shared among them as the others vote, or by size if none of them tells
      them apart; where it splits a domain, both parts are votes for it. That maps err
      is not undone: where all have the same domains, votes are counted as they are.
    - The vote of a position is the mean over the maps that assign it. Maps are not
      multiplied, as if they erred independently: where 60 % say one thing and 40 %
      another, that is the answer, however many they are.
    - Copies of a map count as one map: weights and `n_effective_` follow from how much
      more alike two maps are than the average.
    - A symmetric Dirichlet prior adds what the votes of few maps cannot know:
      ``posterior = (n * votes + prior / n_domains) / (n + prior)``, with n the
      effective number of maps that assign the position.

    Parameters
    ----------
    threshold : float, optional
        Less sure positions are unassigned in `labels_`. In [0, 1]; default is 0.5.
    prior : float, optional
        Strength of the Dirichlet prior, in votes. By default that which makes the votes
        of all positions most likely, between 1e-4 and 10; or 1 where `n_effective_` is
        less than 1.5, since copies of one map do not tell.
    n_independent : float, optional
        Effective number of independent maps, from 1 to the number of maps, if known
        from how they were made; all maps weigh the same then, however alike they are.
        By default it is estimated from them.
    max_iter : int, optional
        Most rounds of translation. Default is 20; few are needed.
    tol : float, optional
        Translation ends when the mean part of votes that moves is less. Default 1e-3.

    Attributes
    ----------
    labels_ : numpy.ndarray of int32, shape (n_positions,)
        The consensus, 0 for the largest domain; -1 where it is not sure enough, or no
        map assigns the position.
    consensus_ : numpy.ndarray of int32, shape (n_positions,)
        The same without threshold. Of equal votes, the larger domain of the reference
        has it.
    posterior_ : numpy.ndarray of float32, shape (n_positions, n_domains)
        Probabilities; equal ones for positions that no map assigns.
    confidence_ : numpy.ndarray of float32, shape (n_positions,)
        The posterior of the consensus; 0 for positions that no map assigns.
    overlap_ : numpy.ndarray of float64, shape (n_positions,)
        Mean overlap over pairs of maps, of first labels; see [1]_.
    n_effective_ : float
        Effective number of independent maps.
    map_weights_ : numpy.ndarray of float64, shape (n_maps,)
        Their sum is 1.
    similarities_ : numpy.ndarray of float64, shape (n_maps, n_maps)
        Adjusted Rand indices.
    reference_index_ : int or None
        The map that named the domains; None if a reference was given.
    n_domains_ : int
        Number of domains.
    prior_ : float
        Strength of the prior.
    n_iter_ : int
        Rounds of translation.

    See Also
    --------
    DivisiveDomains : A map to be sure of.

    References
    ----------
    .. [1] A. Bridger et al., npj Comput. Mater. 9 (2023), 14,
       doi:10.1038/s41524-022-00960-y.
    .. [2] L. Hubert, P. Arabie, J. Classif. 2 (1985), 193, doi:10.1007/BF01908075.

    Examples
    --------
    Three maps: the second numbers domains in another way and differs at one position,
    and the third has no say between the last two.

    >>> import numpy as np
    >>> from hyperspy_4dphase.estimators import MapConsensus
    >>> first = np.repeat([0, 1, 2], [6, 5, 4])
    >>> second = 9 - first
    >>> second[5] = 8
    >>> model = MapConsensus(prior=0.5).fit([first, second, np.minimum(first, 1)])
    >>> model.consensus_
    array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2], dtype=int32)
    >>> model.confidence_[[0, 5, 6, 14]].round(2)
    array([0.9 , 0.63, 0.88, 0.87], dtype=float32)
    >>> model.agreement_of([1])[[0, 5]].round(2)
    array([1., 0.], dtype=float32)
    """

    def __init__(
        self, *, threshold=0.5, prior=None, n_independent=None, max_iter=20, tol=1e-3
    ):
        self.threshold = threshold
        self.prior = prior
        self.n_independent = n_independent
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, maps, y=None, *, reference=None, second=None, share=None):
        """Find the consensus.

        Parameters
        ----------
        maps : array_like of int, shape (n_maps, n_positions)
            Labels of any values; negative ones are unassigned.
        y : None
            Ignored.
        reference : array_like of int, shape (n_positions,), optional
            A map whose domains are asked for, one of these or another; it does not
            vote. The columns of the posterior are its labels in rising order, and are
            not sorted by size. By default it is the one of the maps that the others
            agree with best.
        second : array_like of int, shape (n_maps, n_positions), optional
            Second labels of doubtful positions; negative where there is none. They
            count only where there is a first.
        share : array_like of float, shape (n_maps, n_positions), optional
            Probability of the first label; the second has the rest. Needed with
            `second`, and without effect where there is none.

        Returns
        -------
        MapConsensus

        Raises
        ------
        TypeError
            If `max_iter` is no integer.
        ValueError
            If a parameter is out of range; there are fewer than two maps, of different
            length, or one of them assigns nothing; labels are not whole numbers; a
            share is outside [0, 1]; or the reference has another length or assigns
            nothing.

        Examples
        --------
        >>> from hyperspy_4dphase.estimators import MapConsensus
        >>> maps = [[0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 1]]
        >>> MapConsensus(prior=0.5).fit(maps).consensus_
        array([0, 0, 0, 1, 1, 1], dtype=int32)
        """
        maps = inputs.check_maps(maps)
        self._check_parameters(len(maps))
        second, share = inputs.check_second_labels(second, share, maps.shape)
        is_given = reference is not None
        if is_given:
            reference = inputs.check_labels(reference, "The reference", maps.shape[1])
        self._votes = Votes.from_maps(maps, second, share)
        self._translated = translate_votes(
            self._votes,
            self._name_domains(maps, reference),
            self.map_weights_,
            doubt=self._doubt,
            fixed=is_given,
            max_iter=self.max_iter,
            tol=self.tol,
        )
        self._conclude(is_given)
        return self

    @property
    def similarities_(self):
        """numpy.ndarray, shape (n_maps, n_maps): Computed when it is asked for."""
        return overlap.compare_maps(self._votes.first.T)

    @property
    def overlap_(self):
        """numpy.ndarray, shape (n_positions,): Computed when it is asked for."""
        return overlap.overlap_confidence(self._votes.first.T)

    def agreement_of(self, which, labels=None):
        """Tell how far some of the maps support the consensus.

        Parameters
        ----------
        which : array_like of int or bool
            Maps: their indices, or a mask.
        labels : array_like of int, shape (n_positions,), optional
            Columns of the posterior to ask for, instead of the consensus; -1 for none.

        Returns
        -------
        numpy.ndarray of float32, shape (n_positions,)
            Mean, over these maps, of the probability that they give to the consensus in
            their own words; a map that leaves a position unassigned counts 0.

        Raises
        ------
        ValueError
            If no map is chosen, or labels are not of this map.
        IndexError
            If there is no such map.

        Examples
        --------
        >>> from hyperspy_4dphase.estimators import MapConsensus
        >>> maps = [[0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 1]]
        >>> MapConsensus(prior=0.5).fit(maps).agreement_of([2])
        array([1., 1., 0., 1., 1., 1.], dtype=float32)
        """
        check_is_fitted(self)
        which = np.arange(self.map_weights_.size)[np.asarray(which)].reshape(-1)
        if not which.size:
            raise ValueError("No map is chosen; expected at least one.")
        labels = self.consensus_ if labels is None else np.asarray(labels)
        n, n_domains = self.posterior_.shape
        if labels.shape != (n,) or labels.max() >= n_domains:
            raise ValueError(
                f"The labels have shape {labels.shape} and go to {labels.max()}; "
                f"expected shape {(n,)}, and numbers below {n_domains}."
            )
        labels = np.where(labels < 0, -1, self._order[labels])
        found = self._translated[:3]
        return measure_support(self._votes, which, *found, self._doubt, labels)

    def _check_parameters(self, n_maps):
        check_number("threshold", self.threshold, 0, 1)
        check_number("tol", self.tol, 0)
        if self.prior is not None:
            check_number("prior", self.prior, 0, above=True)
        if self.n_independent is not None:
            check_number("n_independent", self.n_independent, 1, n_maps)
        check_integer("max_iter", self.max_iter, 1)

    def _name_domains(self, maps, reference):
        """Weigh maps, and number the domains of the partition that names them."""
        n, self.reference_index_ = len(maps), None
        if self.n_independent is None or reference is None:
            similarities = overlap.compare_maps(maps)
        if self.n_independent is None:
            weighed = overlap.weigh_maps(similarities)
        else:
            n_independent = float(self.n_independent)
            weighed = overlap.MapWeights(np.full(n, 1 / n), n_independent, np.eye(n))
        self.map_weights_, self.n_effective_, alike = weighed
        self._doubt = _VOTES_OF_SIZES / self.n_effective_
        if reference is not None:
            return numbering.number_labels(reference)
        # What a map's copies say about it is no agreement of others.
        weights = self.map_weights_ * (1 - alike)
        self.reference_index_ = overlap.find_medoid(maps, similarities, weights)
        labels = numbering.number_by_appearance(maps[self.reference_index_])
        return numbering.renumber(labels, numbering.order_by_size(labels))

    def _conclude(self, is_given):
        winners, n_domains = self._translated.winners, self._translated.sizes.size
        self._order = np.arange(n_domains)
        if not is_given:
            self._order = numbering.order_by_size(winners, n_domains)
        fractions = self._translated.fractions[:, self._order]
        n_votes = self.n_effective_ * (self._votes.first >= 0) @ self.map_weights_
        if self.prior is None:
            self.prior_ = find_prior(fractions, n_votes, self.n_effective_)
        else:
            self.prior_ = float(self.prior)
        n_votes = n_votes.astype(np.float32)[:, np.newaxis]
        posterior = n_votes * fractions + np.float32(self.prior_ / n_domains)
        posterior /= posterior.sum(axis=1, keepdims=True)
        self.posterior_, self.n_domains_ = posterior, n_domains
        self.consensus_ = numbering.renumber(winners, self._order)
        chosen = posterior[np.arange(len(posterior)), self.consensus_]
        self.confidence_ = np.where(self.consensus_ < 0, np.float32(0), chosen)
        sure = self.confidence_ >= self.threshold
        self.labels_ = np.where(sure, self.consensus_, np.int32(-1))
        self.n_iter_ = self._translated.n_iter
