"""What the maps of an ensemble say of each pattern, in little memory."""

import numpy as np

# Below this, a second label is not worth a vote.
_FAINT = 1e-3


class EnsembleVotes:
    """First and second labels of each map, and the probability of the first.

    Parameters
    ----------
    known : numpy.ndarray of bool, shape (n,)
        Patterns without a shape get no label.
    noise : bool
        Whether probabilities count, or only what is most probable.

    Attributes
    ----------
    sources : list of str
        Where each map came from.
    """

    def __init__(self, known, noise):
        self._known, self._noise = known, noise
        self.sources, self._first, self._second, self._share = [], [], [], []
        self._boundary = np.zeros(len(known), np.float32)
        self._unsure = np.zeros(len(known), np.float32)

    def of(self, model):
        """What a :class:`DomainModel` says; to be added."""
        probabilities, boundary = model.posterior()
        rows = np.arange(len(probabilities))
        first = probabilities.argmax(axis=1)
        share = probabilities[rows, first]
        probabilities[rows, first] = -1
        second = probabilities.argmax(axis=1)
        rest = np.maximum(probabilities[rows, second], 0)
        doubtful = (rest > _FAINT) & self._known & self._noise
        first = np.where(self._known, first, -1).astype(np.int16)
        second = np.where(doubtful, second, -1).astype(np.int16)
        # Third ones hardly ever matter; of two, shares add up to 1.
        two = share / np.maximum(share + rest, np.finfo(np.float32).tiny)
        two = np.where(doubtful, two, 1).astype(np.float32)
        doubts = (np.where(self._known, x, 0) for x in (boundary, 1 - share))
        return first, second, two, *doubts

    def add(self, source, first, second, share, boundary, unsure):
        """Take one map's vote, as :meth:`of` gives it."""
        self.sources.append(source)
        self._first.append(first)
        self._second.append(second)
        self._share.append(share)
        self._boundary += boundary
        self._unsure += unsure

    @property
    def labels(self):
        """numpy.ndarray of int16, shape (n_maps, n): What is most probable."""
        return np.stack(self._first)

    def soft(self):
        """Second labels, -1 for none, and shares of the first, both (n_maps, n)."""
        return {"second": np.stack(self._second), "share": np.stack(self._share)}

    def drawn(self, random_state):
        """Labels (n_maps, n), each drawn by its probability."""
        labels = self.labels
        for first, second, share in zip(labels, self._second, self._share, strict=True):
            other = random_state.random_sample(first.size) > share
            first[other] = second[other]
        return labels

    def from_all(self, most=1.0):
        """Mean doubt of all maps by boundaries and by noise.

        Parameters
        ----------
        most : numpy.ndarray, shape (n,), optional
            Most doubt that there is in all: that between parts of one domain, which a
            map has split, is none.

        Returns
        -------
        dict of str to numpy.ndarray of float32, shape (n,)
        """
        n = len(self.sources)
        boundary = self._boundary / n
        noise = np.clip(self._unsure / n - boundary, 0, 1)
        part = np.minimum(1, most / np.maximum(boundary + noise, 1e-30))
        doubts = {"boundary": boundary * part, "noise": noise * part}
        return {name: doubt.astype(np.float32) for name, doubt in doubts.items()}

    def by_source(self, consensus, labels):
        """What the maps of each source deny, beyond what they doubt themselves.

        Parameters
        ----------
        consensus : MapConsensus
            Of these maps.
        labels : numpy.ndarray of int, shape (n,)
            In its numbering.

        Returns
        -------
        dict of str to numpy.ndarray of float32, shape (n,)
        """
        denied = {}
        for source in dict.fromkeys(self.sources[1:]):
            which = np.array([name == source for name in self.sources])
            agreed = consensus.agreement_of(which, labels)
            own = 1 - np.mean([self._share[i] for i in np.flatnonzero(which)], axis=0)
            doubt = np.clip(1 - agreed - own, 0, 1)
            asked = self._known & (labels >= 0)
            denied[source] = np.where(asked, doubt, 0).astype(np.float32)
        return denied


def by_size(posterior, labels):
    """Columns by the size of domains, the largest first, and without empty ones.

    Parameters
    ----------
    posterior : numpy.ndarray, shape (n, n_domains)
    labels : numpy.ndarray of int, shape (n,)
        -1 for none.

    Returns
    -------
    posterior : numpy.ndarray, shape (n, n_kept)
        Its rows add up to 1.
    labels : numpy.ndarray of int, shape (n,)
    """
    sizes = np.bincount(labels[labels >= 0], minlength=posterior.shape[1])
    order = np.argsort(-sizes, kind="stable")
    order = order[sizes[order] > 0]
    new = np.full(sizes.size + 1, -1)
    new[order] = np.arange(order.size)
    kept = posterior[:, order]
    return kept / kept.sum(axis=1, keepdims=True), new[labels]
