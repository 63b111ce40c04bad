"""What is clustered: the compressed scan, an embedding, loadings or other features."""

from math import prod

import numpy as np
from hyperspy.signal import BaseSignal

from hyperspy_4dphase._results import array_shapes, map_values, plain
from hyperspy_4dphase.signals._stored_map import check_same_positions
from hyperspy_4dphase.signals._stored_model import NODE, StoredModel
from hyperspy_4dphase.signals.latent_embedding import LatentEmbedding


def source_features(scan, source):
    """Features of each probe position, from a source other than the scan itself.

    Parameters
    ----------
    scan : Scan
        Only its axes and `learning_results` are looked at.
    source : LatentEmbedding, "rnmf", BaseSignal or array-like
        See :func:`cluster_hierarchical`.

    Returns
    -------
    features : numpy.ndarray, shape (n_positions, n_features)
        NaN in rows of positions that have none.
    excluded_pixels : numpy.ndarray of bool, or None
        Flat; what the source has left out of the patterns.

    Raises
    ------
    TypeError, ValueError
        If it is nothing of this kind, or of another scan.
    """
    if isinstance(source, str):
        if source != "rnmf":
            raise ValueError(
                f"source={source!r}; expected None, 'rnmf', a LatentEmbedding, or "
                "another signal or array."
            )
        features, pixels = _shares(scan)
    elif isinstance(source, LatentEmbedding):
        features, pixels = _embedded(scan, source)
    else:
        features, pixels = _any_features(scan.navigation_shape, source), None
    n_infinite = np.isinf(features).sum()
    if n_infinite:
        raise ValueError(
            f"source holds {n_infinite} infinite values; positions to be left out are "
            "NaN."
        )
    if np.isnan(features).any(axis=1).all():
        raise ValueError("source holds NaN at every probe position.")
    return features, pixels


def check_enough(scan, n_domains=None):
    """Refuse a scan of which masks leave fewer than two positions, or than domains.

    Parameters
    ----------
    scan : Scan
    n_domains : int, optional

    Raises
    ------
    ValueError
    """
    n, n_kept = scan.n_positions, scan.shape[0]
    left = f"masks leave {n_kept} of {n}" if n_kept < n else f"there are {n}"
    if n_kept < 2:
        raise ValueError(f"At least 2 probe positions are needed, but {left}.")
    if n_domains is not None and n_domains > n_kept:
        raise ValueError(
            f"n_domains={n_domains}, but of the probe positions {left}: there cannot "
            "be more domains than these."
        )


def named(source, none="compressed patterns"):
    """What the provenance says of a source.

    Parameters
    ----------
    source : object
    none : str, optional
        What is said of None.

    Returns
    -------
    str
    """
    if source is None or isinstance(source, str):
        return source or none
    title = getattr(source, "metadata", None)
    title = title.get_item("General.title", "") if title is not None else ""
    return f"{type(source).__name__} {title!r}" if title else type(source).__name__


def _embedded(scan, embedding):
    shape = scan.navigation_shape
    check_same_positions(scan.navigation_axes, shape, "the scan", embedding, "source")
    pixels = None
    if embedding.metadata.has_item(NODE):
        pixels = StoredModel.of(embedding).excluded_pixels()
    return _rows(embedding.data, shape), _fitting(scan, pixels)


def _shares(scan):
    """What each component contributes to a pattern's counts, as shares."""
    results = scan.signal.learning_results
    loadings, factors = plain(results.loadings), plain(results.factors)
    if loadings is None or factors is None:
        raise ValueError(
            "source='rnmf' takes the loadings of a decomposition, but there is none: "
            "s.decomposition_rnmf() first."
        )
    loadings, n = _real(loadings), scan.n_positions
    if loadings.ndim != 2 or len(loadings) != n:
        raise ValueError(
            f"source='rnmf': the loadings have the shape {loadings.shape}, but this "
            f"scan has {n} probe positions: they are of another one."
        )
    weights = loadings * np.nansum(np.abs(_real(factors)), axis=0)
    totals = np.abs(weights).sum(axis=1, keepdims=True)
    # Positions without any counts have no shape.
    shares = np.divide(
        weights, totals, out=np.full_like(weights, np.nan), where=totals > 0
    )
    return shares, _fitting(scan, plain(results.signal_mask))


def _any_features(shape, source):
    if isinstance(source, BaseSignal):
        return _of_signal(shape, source)
    if not hasattr(source, "shape") and not isinstance(source, list | tuple):
        raise TypeError(
            "source must be None, 'rnmf', a LatentEmbedding, or another signal or "
            f"array, not {type(source).__name__}."
        )
    values, n_axes = _real(source), len(shape)
    if values.shape[:n_axes] != shape or values.ndim > n_axes + 1:
        raise ValueError(
            f"source has the shape {values.shape}; expected the navigation shape of "
            f"the scan in array order, {shape}, or that and one axis of features."
        )
    return _rows(values, shape)


def _of_signal(shape, source):
    manager = source.axes_manager
    found, signal_shape = array_shapes(source)
    # A map has the axes of the scan as its signal axes, of three axes the last two.
    values = map_values(source, shape)
    if found != shape and values.shape != shape:
        raise ValueError(
            "source is of another scan: its navigation shape is "
            f"{found or signal_shape} in array order, that of the scan {shape}."
        )
    if sorted(manager.navigation_indices_in_array) != list(range(len(found))):
        raise ValueError(
            "The navigation axes of source are not the first ones of its array. "
            "source.transpose() puts them there."
        )
    return _rows(values, shape)


def _rows(values, shape):
    return _real(values).reshape(prod(shape), -1)


def _fitting(scan, pixels):
    """A mask as a flat array, if it is one of these patterns and masks some."""
    if pixels is None:
        return None
    pixels = np.asarray(pixels, dtype=bool).ravel()
    fits = pixels.size == prod(scan.signal_shape)
    return pixels if fits and pixels.any() and not pixels.all() else None


def _real(values):
    values = np.asarray(plain(values))
    if values.dtype.kind not in "buif":
        raise TypeError(
            f"source holds values of type {values.dtype}; expected real numbers."
        )
    return values.astype(np.float64)
