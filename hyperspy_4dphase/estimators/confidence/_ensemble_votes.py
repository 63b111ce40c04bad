"""What the maps of an ensemble say of each pattern, in little memory."""

from typing import NamedTuple

import numpy as np

# Probability below which a second label is not worth a vote. Historical: chosen by
# trial in 2026, not calibrated.
_MIN_SECOND = 1e-3


class MapVote(NamedTuple):
    """What one map says of each pattern.

    Parameters
    ----------
    first : numpy.ndarray of int16, shape (n,)
        The most probable label; -1 for patterns without a shape.
    second : numpy.ndarray of int16, shape (n,)
        The label after that; -1 for none.
    share : numpy.ndarray of float32, shape (n,)
        Probability of the first of the two.
    boundary : numpy.ndarray of float32, shape (n,)
        Probability that another domain is the largest part of a mixture.
    unsure : numpy.ndarray of float32, shape (n,)
        Probability of all domains but the first.
    """

    first: np.ndarray
    second: np.ndarray
    share: np.ndarray
    boundary: np.ndarray
    unsure: np.ndarray


def vote_from_model(model, known, noise):
    """Ask a model for the vote of its map.

    Parameters
    ----------
    model : DomainModel
    known : numpy.ndarray of bool, shape (n,)
        Patterns without a shape get no label.
    noise : bool
        Whether probabilities count, or only what is most probable.

    Returns
    -------
    MapVote
    """
    probabilities, boundary = model.posterior()
    rows = np.arange(len(probabilities))
    first = probabilities.argmax(axis=1)
    share = probabilities[rows, first]
    probabilities[rows, first] = -1
    second = probabilities.argmax(axis=1)
    rest = np.maximum(probabilities[rows, second], 0)
    doubtful = (rest > _MIN_SECOND) & known & noise
    # Third ones hardly ever matter; of two, shares add up to 1.
    of_two = share / np.maximum(share + rest, np.finfo(np.float32).tiny)
    return MapVote(
        np.where(known, first, -1).astype(np.int16),
        np.where(doubtful, second, -1).astype(np.int16),
        np.where(doubtful, of_two, 1).astype(np.float32),
        np.where(known, boundary, 0),
        np.where(known, 1 - share, 0),
    )


def vote_from_labels(labels):
    """Take the labels of a map for its vote.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
        -1 for none, which is no vote.

    Returns
    -------
    MapVote
    """
    ones = np.ones(len(labels), np.float32)
    nothing = np.full(len(labels), -1, np.int16)
    return MapVote(labels.astype(np.int16), nothing, ones, 0 * ones, 0 * ones)


class EnsembleVotes:
    """First and second labels of all maps, and their mean doubts.

    Attributes
    ----------
    sources : list of str
        Where each map came from.
    """

    def __init__(self):
        self.sources, self._labels = [], []
        self._boundary = self._unsure = np.float32(0)

    def add(self, source, vote):
        """Add a map's :class:`MapVote`."""
        self.sources.append(source)
        self._labels.append(vote[:3])
        self._boundary = self._boundary + vote.boundary
        self._unsure = self._unsure + vote.unsure

    def stack(self):
        """Stack the votes of all maps.

        Returns
        -------
        dict of str to numpy.ndarray, shape (n_maps, n)
            ``"maps"``: first labels; ``"second"``: second ones, -1 for none;
            ``"share"``: probability of the first. :meth:`MapConsensus.fit` takes these.
        """
        stacked = map(np.stack, zip(*self._labels, strict=True))
        return dict(zip(("maps", "second", "share"), stacked, strict=True))

    def draw_labels(self, random_state):
        """Draw labels (n_maps, n) of all maps by their probabilities."""
        maps, second, share = self.stack().values()
        for index, labels in enumerate(maps):
            other = random_state.random_sample(len(labels)) > share[index]
            labels[other] = second[index, other]
        return maps

    def average_doubts(self, most=1.0):
        """Average the doubts of all maps by boundaries and by noise.

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

    def find_denials(self, consensus, labels):
        """Find what the maps of each source deny, beyond what they doubt themselves.

        Parameters
        ----------
        consensus : MapConsensus
            Of these maps.
        labels : numpy.ndarray of int, shape (n,)
            In its numbering; -1 where nothing is asked.

        Returns
        -------
        dict of str to numpy.ndarray of float32, shape (n,)
        """
        denials = {}
        for source in dict.fromkeys(self.sources[1:]):
            which = [i for i, name in enumerate(self.sources) if name == source]
            agreed = consensus.agreement_of(which, labels)
            own = 1 - np.mean([self._labels[i][2] for i in which], axis=0)
            denied = np.clip(1 - agreed - own, 0, 1)
            denials[source] = np.where(labels < 0, 0, denied).astype(np.float32)
        return denials
