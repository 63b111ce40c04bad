"""A confidence as it stands in the metadata of a signal, beside the map it is of."""

import numpy as np

from hyperspy_4dphase._results import axes_dictionaries, filled, plain
from hyperspy_4dphase.signals._stored import Stored
from hyperspy_4dphase.signals._stored_model import NODE as EMBEDDING

NODE = "Domain_confidence"
_VERSION = 1


def stored(ensemble, *, threshold, sample_weight, rounds, embedding, provenance):
    """What the metadata are to hold.

    Parameters
    ----------
    ensemble : MapEnsemble
        Fitted: its arrays have one row for each pattern that is not masked.
    threshold : float
    sample_weight : numpy.ndarray, shape (n_patterns,)
    rounds : dict of arrays and numbers
    embedding : LatentEmbedding or None
    provenance : dict

    Returns
    -------
    dict
    """
    return {
        "version": _VERSION,
        "confidence": np.asarray(ensemble.confidence_, dtype=np.float32),
        "consensus": np.asarray(ensemble.consensus_, dtype=np.int32),
        "posterior": np.asarray(ensemble.posterior_, dtype=np.float32),
        "overlap": np.asarray(ensemble.overlap_, dtype=np.float64),
        "doubts": {
            str(name): np.asarray(doubt, dtype=np.float32)
            for name, doubt in ensemble.doubts_.items()
        },
        "n_effective": float(ensemble.n_effective_),
        "threshold": float(threshold),
        "sample_weight": np.asarray(sample_weight, dtype=np.float64),
        "rounds": rounds,
        "embedding": None if embedding is None else _stored_embedding(embedding),
        "provenance": provenance,
    }


class StoredConfidence(Stored):
    """Reads what :func:`stored` gave."""

    NODE, VERSION, RESULT, MAKER = NODE, _VERSION, "confidence", "domain_confidence"

    def labels(self, threshold):
        """Domain of each pattern, -1 where it is not as sure as that.

        Parameters
        ----------
        threshold : float

        Returns
        -------
        numpy.ndarray of int32, shape (n_patterns,)
        """
        sure = self.array("confidence", np.float32) >= np.float32(threshold)
        return np.where(sure, self.array("consensus", np.int32), np.int32(-1))

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


def whole(values, excluded, shape, fill_value=np.nan):
    """Rows of patterns as maps, with masked positions filled.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_patterns, ...)
    excluded : numpy.ndarray of bool, shape (n_positions,), or None
    shape : tuple of int
        Of the map.
    fill_value : scalar, default NaN

    Returns
    -------
    numpy.ndarray, shape (*shape, ...)
    """
    values = filled(values, excluded, fill_value)
    return values.reshape(*shape, *values.shape[1:])


def _stored_embedding(embedding):
    return {
        "data": np.asarray(plain(embedding.data)),
        "axis": axes_dictionaries(embedding)[-1],
        "title": embedding.metadata.get_item("General.title", ""),
        "node": plain(embedding.metadata.get_item(EMBEDDING)),
    }
