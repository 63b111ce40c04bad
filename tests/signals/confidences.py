"""Confidences of planted scans, as an ensemble of maps would leave them."""

from types import SimpleNamespace

import numpy as np

from hyperspy_4dphase import DomainConfidence
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators.domains._tree_edits import flat_tree

from .domains import N_DOMAINS, planted

THRESHOLD = 0.6


def voted(labels, seed=0):
    """What a fitted ensemble has learned of patterns with these labels."""
    rng = np.random.default_rng(seed)
    confidence = rng.choice([0.3, 0.55, 0.75, 0.98], labels.size).astype(np.float32)
    rest = (1 - confidence[:, np.newaxis]) / (N_DOMAINS - 1)
    posterior = np.repeat(rest, N_DOMAINS, axis=1)
    posterior[np.arange(labels.size), labels] = confidence
    return SimpleNamespace(
        confidence_=confidence,
        consensus_=labels.astype(np.int32),
        posterior_=posterior,
        overlap_=rng.random(labels.size),
        doubts_={
            "boundary": rng.random(labels.size).astype(np.float32),
            "noise": rng.random(labels.size).astype(np.float32),
        },
        n_effective_=7.25,
        n_domains_=N_DOMAINS,
    )


def confident(form="2-D navigation", masks=True, embedding=None):
    """The confidence of a planted scan, the scan, its labels and the ensemble."""
    scan, labels, excluded, pixels = planted(form)
    if not masks:
        excluded, pixels = None, None
    kept = labels.ravel() if excluded is None else labels.ravel()[~excluded]
    ensemble = voted(kept)
    confidence = DomainConfidence.from_scan(
        Scan.from_signal(scan).replace_masks(excluded, pixels),
        ensemble,
        flat_tree(np.ones(N_DOMAINS, dtype=int)),
        threshold=THRESHOLD,
        sample_weight=0.5 + ensemble.overlap_,
        rounds={
            "mean_confidence": np.array([0.5, 0.7]),
            "unassigned": np.array([0.5, 0.25]),
            "consistent": np.array([0.4, 0.6]),
            "held_out_loss": np.array([np.nan, 2.5]),
            "best": 1,
        },
        embedding=embedding,
        provenance={"method": "planted", "random_state": 3},
    )
    if excluded is not None:
        labels = np.where(excluded.reshape(labels.shape), -1, labels)
    return confidence, scan, labels, ensemble


def spread(values, labels, fill_value=np.nan):
    """Rows of the positions that are not masked as maps, the plain way."""
    whole = np.full((labels.size, *values.shape[1:]), fill_value, values.dtype)
    whole[labels.ravel() >= 0] = values
    return whole.reshape(*labels.shape, *values.shape[1:])
