"""A confidence as it stands in the metadata of a signal, beside the map it is of."""

import numpy as np

from hyperspy_4dphase._results import axes_dictionaries, plain
from hyperspy_4dphase.signals._stored import Stored
from hyperspy_4dphase.signals._stored_model import NODE as EMBEDDING

NODE = "Domain_confidence"
VERSION = 1


def stored_confidence(ensemble, rounds, embedding, **record):
    """What the metadata of a confidence are to hold, beside the map it is of.

    Parameters
    ----------
    ensemble : MapEnsemble
        Fitted: its arrays have one row for each pattern that is not masked.
    rounds : dict of arrays and numbers
    embedding : LatentEmbedding or None
    **record
        Threshold, sample weight and provenance.

    Returns
    -------
    dict
    """
    return {
        "version": VERSION,
        "confidence": np.asarray(ensemble.confidence_, dtype=np.float32),
        "consensus": np.asarray(ensemble.consensus_, dtype=np.int32),
        "posterior": np.asarray(ensemble.posterior_, dtype=np.float32),
        "overlap": np.asarray(ensemble.overlap_, dtype=np.float64),
        "doubts": {
            str(name): np.asarray(doubt, dtype=np.float32)
            for name, doubt in ensemble.doubts_.items()
        },
        "n_effective": float(ensemble.n_effective_),
        "rounds": rounds,
        "embedding": None if embedding is None else _stored_embedding(embedding),
        **record,
    }


def sure_labels(confidence, consensus, threshold):
    """Domain of each pattern, -1 where it is not as sure as that.

    Parameters
    ----------
    confidence : numpy.ndarray of float32, shape (n_patterns,)
    consensus : numpy.ndarray of int32, shape (n_patterns,)
    threshold : float

    Returns
    -------
    numpy.ndarray of int32, shape (n_patterns,)
    """
    return np.where(confidence >= np.float32(threshold), consensus, np.int32(-1))


class StoredConfidence(Stored):
    """Reads what :func:`stored_confidence` gave."""

    NODE, VERSION, RESULT, MAKER = NODE, VERSION, "confidence", "domain_confidence"

    def labels(self, threshold):
        """Domain of each pattern at a threshold, see :func:`sure_labels`."""
        confidence = self.array("confidence", np.float32)
        return sure_labels(confidence, self.array("consensus", np.int32), threshold)

    def rounds(self):
        """dict: Arrays, one value a round, and the number of the best one."""
        rounds = self.get("rounds")
        arrays = {n: np.atleast_1d(v) for n, v in rounds.items() if n != "best"}
        return arrays | {"best": int(rounds["best"])}

    def embedding(self, axes, metadata):
        """The embedding, or None.

        Parameters
        ----------
        axes : list of dict
            Navigation axes of the scan, in array order.
        metadata : dict
            Of the scan.
        """
        from hyperspy_4dphase.signals.latent_embedding import LatentEmbedding

        own = self.get("embedding")
        if own is None:
            return None
        data = np.asarray(own["data"])
        metadata = {
            **metadata,
            "General": {**metadata.get("General", {}), "title": own["title"]},
            "Signal": {"signal_type": LatentEmbedding._signal_type},
            EMBEDDING: own["node"],
        }
        latent = own["axis"] | {"navigate": False}
        axes = [axis | {"navigate": True} for axis in axes]
        return LatentEmbedding(data, axes=[*axes, latent], metadata=metadata)


def _stored_embedding(embedding):
    return {
        "data": np.asarray(plain(embedding.data)),
        "axis": axes_dictionaries(embedding)[-1],
        "title": embedding.metadata.get_item("General.title", ""),
        "node": plain(embedding.metadata.get_item(EMBEDDING)),
    }
