"""What is clustered: the compressed scan, an embedding, loadings or other features."""

from math import prod
from typing import NamedTuple

import numpy as np
from hyperspy.signal import BaseSignal

from hyperspy_4dphase._learning_results import read_results
from hyperspy_4dphase._masks import either_mask
from hyperspy_4dphase._results import axes_dictionaries, map_values, plain
from hyperspy_4dphase.signals._same_values import warn_of_other_values
from hyperspy_4dphase.signals._stored import check_same_positions
from hyperspy_4dphase.signals._stored_model import StoredModel
from hyperspy_4dphase.signals.latent_embedding import LatentEmbedding


class Features(NamedTuple):
    """What a source says of each probe position.

    Attributes
    ----------
    values : numpy.ndarray of float64, shape (n_positions, n_features)
        NaN in rows of positions that have none.
    excluded_pixels : numpy.ndarray of bool, or None
        Flat; what the source has left out of the patterns.
    """

    values: np.ndarray
    excluded_pixels: np.ndarray | None = None

    @property
    def missing(self):
        """numpy.ndarray of bool, shape (n_positions,): Where there are none."""
        return np.isnan(self.values).any(axis=1)


def read_features(scan, source):
    """Read features of each probe position from a source other than the scan itself.

    Parameters
    ----------
    scan : Scan
        Only its axes and its decomposition are looked at.
    source : LatentEmbedding, "rnmf", BaseSignal or array-like
        See :func:`cluster_hierarchical`.

    Returns
    -------
    Features

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
        found = _read_loadings(scan)
    elif isinstance(source, LatentEmbedding):
        found = _read_embedding(scan, source)
    else:
        values = _read_values(scan.navigation_shape, source)
        found = Features(values.reshape(scan.n_positions, -1))
    n_infinite = np.isinf(found.values).sum()
    if n_infinite:
        raise ValueError(
            f"source holds {n_infinite} infinite values; positions to be left out are "
            "NaN."
        )
    if found.missing.all():
        raise ValueError("source holds NaN at every probe position.")
    return found


def leave_out(scan, excluded_patterns, excluded_pixels, signal_mask):
    """Leave out of a scan what a source or a map has left out.

    Parameters
    ----------
    scan : Scan
    excluded_patterns, excluded_pixels : numpy.ndarray of bool, or None
        Flat masks.
    signal_mask : object
        What the user gave: it takes the place of `excluded_pixels`.

    Returns
    -------
    Scan
    """
    pixels = scan.excluded_pixels
    if pixels is None or signal_mask is None:
        pixels = either_mask(pixels, excluded_pixels)
    return scan.replace_masks(
        either_mask(scan.excluded_patterns, excluded_patterns), pixels
    )


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


def name_source(source, none="compressed patterns"):
    """Say in a few words what a source is, for the provenance.

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
    if isinstance(source, dict):
        # Options of a training.
        return "vae"
    name, title = type(source).__name__, ""
    if isinstance(source, BaseSignal):
        title = source.metadata.get_item("General.title", "")
    return f"{name} {title!r}" if title else name


def _read_embedding(scan, embedding):
    axes = axes_dictionaries(embedding)[:-1]
    check_same_positions(scan.navigation_axes, "the scan", axes, "source")
    pixels = None
    if embedding.metadata.has_item(StoredModel.NODE):
        stored = StoredModel(embedding)
        warn_of_other_values(scan.signal, stored, "source")
        pixels = stored.excluded_pixels
    values = _as_float(embedding.data).reshape(scan.n_positions, -1)
    return Features(values, _fit_mask(scan, pixels))


def _read_loadings(scan):
    """What fraction of a pattern's counts each component contributes."""
    found = read_results(scan.signal)
    if found is None:
        raise ValueError(
            "source='rnmf' takes the loadings of a decomposition, but there is none: "
            "s.decomposition_rnmf() first."
        )
    maps, n = _as_float(found.maps), scan.n_positions
    if maps.ndim != 2 or len(maps) != n:
        raise ValueError(
            f"source='rnmf': the loadings have the shape {maps.shape}, but this "
            f"scan has {n} probe positions: they are of another one."
        )
    weights = maps * np.nansum(np.abs(_as_float(found.patterns)), axis=1)
    totals = np.abs(weights).sum(axis=1, keepdims=True)
    # Positions without any counts have no shape: 0 / 0 is NaN.
    with np.errstate(invalid="ignore"):
        fractions = weights / totals
    return Features(fractions, _fit_mask(scan, found.excluded_pixels))


def _read_values(shape, source):
    if isinstance(source, BaseSignal):
        return _read_signal(shape, source)
    if not hasattr(source, "shape") and not isinstance(source, list | tuple):
        raise TypeError(
            "source must be None, 'rnmf', a LatentEmbedding, or another signal or "
            f"array, not {type(source).__name__}."
        )
    values, n_axes = _as_float(source), len(shape)
    if values.shape[:n_axes] != shape or values.ndim > n_axes + 1:
        raise ValueError(
            f"source has the shape {values.shape}; expected the navigation shape of "
            f"the scan in array order, {shape}, or that and one axis of features."
        )
    return values


def _read_signal(shape, source):
    manager = source.axes_manager
    found = manager.navigation_shape[::-1]
    # A map has the axes of the scan as its signal axes, of three axes the last two.
    values = map_values(source, shape)
    if found != shape and values.shape != shape:
        raise ValueError(
            "source is of another scan: its navigation shape is "
            f"{found or manager.signal_shape[::-1]} in array order, that of the scan "
            f"{shape}."
        )
    if sorted(manager.navigation_indices_in_array) != list(range(len(found))):
        raise ValueError(
            "The navigation axes of source are not the first ones of its array. "
            "source.transpose() puts them there."
        )
    return _as_float(values)


def _fit_mask(scan, pixels):
    """A mask as a flat array, if it is one of these patterns and masks some."""
    if pixels is None:
        return None
    pixels = np.asarray(pixels, dtype=bool).ravel()
    fits = pixels.size == prod(scan.signal_shape)
    return pixels if fits and pixels.any() and not pixels.all() else None


def _as_float(values):
    values = np.asarray(plain(values))
    if values.dtype.kind not in "buif":
        raise TypeError(
            f"source holds values of type {values.dtype}; expected real numbers."
        )
    return values.astype(np.float64)
