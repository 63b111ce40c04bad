"""Peers of the confidence: published, a mixture's posterior, a margin of distances."""

import numpy as np
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsClassifier

from hyperspy_4dphase.estimators.confidence._overlap import (
    compare_maps,
    find_medoid,
    overlap_confidence,
)
from hyperspy_4dphase.estimators.vae import latent_distortions
from tests.benchmarks.domain_scenes import features

_SMALLEST = 25


def peers(patterns, embedded, truth, image_shape, n_maps=25):
    """What others would take for the confidence of a map.

    Parameters
    ----------
    patterns : CompressedPatterns
    embedded : dict
        Latent means ``"features"`` and their ``"model"``.
    truth : numpy.ndarray of int, shape (n,)
        Only its number of classes is used.
    image_shape : tuple of int
        Of a pattern.
    n_maps : int, optional

    Yields
    ------
    name : str
    labels, confidence : numpy.ndarray, shape (n,)
    is_probability : bool
        Whether the confidence means to be one.
    """
    n_true = len(np.unique(truth))
    for name in ("jacobian", "ssim"):
        options = {"method": name, "image_shape": image_shape}
        found = published(embedded["features"], embedded["model"], n_maps, **options)
        yield f"as published, {name}", *found, False
    points, known = features(patterns)
    labels, confidence = np.full(len(known), -1), np.zeros(len(known))
    mixture = GaussianMixture(n_true, random_state=0).fit(points[known])
    posterior = mixture.predict_proba(points[known])
    labels[known], confidence[known] = posterior.argmax(axis=1), posterior.max(axis=1)
    yield "GaussianMixture", labels, confidence, True
    distances = KMeans(n_true, random_state=0).fit_transform(points[known])
    first, second = np.sort(distances, axis=1)[:, :2].T
    labels, confidence = labels.copy(), confidence.copy()
    labels[known], confidence[known] = distances.argmin(axis=1), 1 - first / second
    yield "k-means, margin", labels, confidence, False


def published(latent, model, n_maps, **options):
    """Medoid and overlap of HDBSCAN's maps of distorted latent spaces.

    What the medoid leaves unassigned goes to its nearest domain, with its overlap.
    """
    distorted = latent_distortions(latent, model, n_maps, random_state=0, **options)
    cluster = HDBSCAN(min_cluster_size=_SMALLEST, copy=True)
    maps = np.stack([cluster.fit_predict(points) for points in distorted])
    best = maps[find_medoid(maps, compare_maps(maps), 1 - np.eye(n_maps))]
    sure = best >= 0
    if sure.any():
        nearest = KNeighborsClassifier(1).fit(latent[sure], best[sure])
        best = nearest.predict(latent)
    return np.maximum(best, 0), overlap_confidence(maps)
