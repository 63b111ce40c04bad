"""A confidence as it stands in the metadata of a signal, beside the map it is of."""

import numpy as np

from hyperspy_4dphase._results import axes_dictionaries, plain
from hyperspy_4dphase.signals._stored import Stored
from hyperspy_4dphase.signals._stored_model import StoredModel


def store_confidence(ensemble, embedding, **record):
    """Make what the metadata of a confidence are to hold, beside the map it is of.

    Parameters
    ----------
    ensemble : MapEnsemble
        Fitted: its arrays have one row for each pattern that is not masked.
    embedding : LatentEmbedding or None
    **record
        Rounds, exposures, threshold, sample weight and provenance.

    Returns
    -------
    dict
    """
    doubts = ensemble.doubts_.items()
    return {
        "version": StoredConfidence.VERSION,
        "confidence": np.asarray(ensemble.confidence_, dtype=np.float32),
        "consensus": np.asarray(ensemble.consensus_, dtype=np.int32),
        "posterior": np.asarray(ensemble.posterior_, dtype=np.float32),
        "overlap": np.asarray(ensemble.overlap_, dtype=np.float64),
        "doubts": {name: np.asarray(doubt, np.float32) for name, doubt in doubts},
        "n_effective": float(ensemble.n_effective_),
        "embedding": None if embedding is None else _store_embedding(embedding),
        **record,
    }


def label_sure(confidence, consensus, threshold):
    """Give each pattern its domain, or -1 where it is not as sure as that.

    Where nothing was resolved, and the confidence is NaN, the one domain stays.

    Parameters
    ----------
    confidence : numpy.ndarray of float32, shape (n_patterns,)
    consensus : numpy.ndarray of int32, shape (n_patterns,)
    threshold : float

    Returns
    -------
    numpy.ndarray of int32, shape (n_patterns,)
    """
    unsure = confidence < np.float32(threshold)
    return np.where(unsure, np.int32(-1), consensus)


class StoredConfidence(Stored):
    """Reads what :func:`store_confidence` gave."""

    NODE, VERSION = "Domain_confidence", 1
    RESULT, MAKER = "confidence", "domain_confidence"


def _store_embedding(embedding):
    return {
        "data": np.asarray(plain(embedding.data)),
        "axis": axes_dictionaries(embedding)[-1],
        "title": embedding.metadata.get_item("General.title", ""),
        "node": StoredModel(embedding).to_dict(),
    }
