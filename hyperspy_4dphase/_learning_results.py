"""A decomposition in HyperSpy's `learning_results`: the only place that knows of them.

HyperSpy is to change all of it. Factors and loadings become components and scores
(hyperspy#3669), files no longer hold them (hyperspy#3674), and decomposition leaves for
a package of its own (hyperspy#3673). So a decomposition is a result of its own,
``signals/pattern_decomposition.py``, and what is here fills HyperSpy's where there is
one.
"""

import json
from typing import NamedTuple

import numpy as np

from hyperspy_4dphase._results import fill_excluded, plain

_ATTRIBUTE = "learning_results"
# The new name, and the one that it replaces.
_PATTERNS = "components", "factors"
_MAPS = "scores", "loadings"


class Decomposition(NamedTuple):
    """A decomposition in plain arrays, of the whole scan.

    Attributes
    ----------
    maps : numpy.ndarray of float, shape (n_positions, n_components)
        NaN where masked.
    patterns : numpy.ndarray of float, shape (n_components, n_pixels)
        NaN where masked; ``maps @ patterns`` approximates the data.
    algorithm : str
    groups : numpy.ndarray of int, shape (n_components,), or None
    explained_variance, explained_variance_ratio : numpy.ndarray, or None
    excluded_patterns, excluded_pixels : numpy.ndarray of bool, or None
        Flat masks.
    poissonian_noise_normalized : bool
    centre : str or None
        Of which a mean was subtracted first; ``maps @ patterns`` is without it then.
    provenance : dict or None
    """

    maps: np.ndarray
    patterns: np.ndarray
    algorithm: str
    groups: np.ndarray | None = None
    explained_variance: np.ndarray | None = None
    explained_variance_ratio: np.ndarray | None = None
    excluded_patterns: np.ndarray | None = None
    excluded_pixels: np.ndarray | None = None
    poissonian_noise_normalized: bool = False
    centre: str | None = None
    provenance: dict | None = None

    @classmethod
    def from_estimator(cls, scan, W, estimator, **record):
        """Join what was fitted with the scan that it is of.

        Parameters
        ----------
        scan : Scan
        W : numpy.ndarray, shape (n_patterns, n_components)
            One row for each pattern that is not masked.
        estimator : RandomizedNMF
            Fitted, with components in data units.
        **record
            `algorithm`, `poissonian_noise_normalized` and `provenance`.

        Returns
        -------
        Decomposition
        """
        H = np.asarray(estimator.components_, dtype=float)
        ratio = estimator.explained_variance_ratio_
        return cls(
            # Double precision: blind source separation iterates to 1e-10.
            fill_excluded(np.asarray(W, dtype=float), scan.excluded_patterns),
            fill_excluded(H.T, scan.excluded_pixels).T,
            groups=np.array(estimator.groups_, dtype=int),
            explained_variance=np.array(estimator.explained_variance_, dtype=float),
            explained_variance_ratio=np.array(ratio, dtype=float),
            excluded_patterns=scan.excluded_patterns,
            excluded_pixels=scan.excluded_pixels,
            **record,
        )


def can_hold_results(signal):
    """Whether HyperSpy keeps decompositions in its signals.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal

    Returns
    -------
    bool
    """
    return getattr(signal, _ATTRIBUTE, None) is not None


def fill_results(signal, found, navigation_shape, signal_shape):
    """Fill the results of a signal, where it has any, or, on a failure, change nothing.

    What earlier runs left there goes, blind source separation and clusters included:
    it belongs to components that are no more.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
        Its data, axes and metadata are not touched.
    found : Decomposition
    navigation_shape, signal_shape : tuple of int
        In array order.

    Returns
    -------
    bool
        Whether there was something to fill.
    """
    if not can_hold_results(signal):
        return False
    old = getattr(signal, _ATTRIBUTE)
    results = type(old)()
    _set(results, _MAPS, np.array(found.maps, dtype=float))
    _set(results, _PATTERNS, np.array(found.patterns.T, dtype=float, order="C"))
    n = len(found.patterns)
    results.explained_variance = found.explained_variance
    results.explained_variance_ratio = found.explained_variance_ratio
    results.output_dimension = results.number_significant_components = n
    # An object would be dropped on saving.
    results.decomposition_algorithm = str(found.algorithm)
    results.groups = found.groups
    results.poissonian_noise_normalized = bool(found.poissonian_noise_normalized)
    results.unfolded = False
    results.navigation_mask = _reshape_mask(found.excluded_patterns, navigation_shape)
    results.signal_mask = _reshape_mask(found.excluded_pixels, signal_shape)
    results.provenance = None
    if found.provenance is not None:
        # As text: HyperSpy's ``.npz`` files of results hold no dictionaries.
        results.provenance = json.dumps(
            found.provenance, default=lambda value: value.tolist()
        )
    # One assignment, so that nothing can come in between; the object stays the same,
    # as it does in HyperSpy, for whoever holds it.
    old.__dict__ = vars(results)
    return True


def read_results(signal):
    """The decomposition that a signal holds, of whatever algorithm.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal

    Returns
    -------
    Decomposition or None
        Also after a lazy load. None if there is none, or HyperSpy holds none any more.
    """
    results = getattr(signal, _ATTRIBUTE, None)
    if results is None:
        return None
    maps, patterns = (plain(_get(results, names)) for names in (_MAPS, _PATTERNS))
    if maps is None or patterns is None:
        return None
    text = getattr(results, "provenance", None)
    return Decomposition(
        np.asarray(maps),
        np.asarray(patterns).T,
        str(results.decomposition_algorithm),
        groups=_array(getattr(results, "groups", None)),
        explained_variance=_array(results.explained_variance),
        explained_variance_ratio=_array(results.explained_variance_ratio),
        excluded_patterns=_flat_mask(results.navigation_mask),
        excluded_pixels=_flat_mask(results.signal_mask),
        poissonian_noise_normalized=bool(results.poissonian_noise_normalized),
        centre=_find_centre(results),
        provenance=None if text is None else json.loads(str(text)),
    )


def copy_all(signal):
    """All that a signal knows of its decompositions, as plain attributes.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal

    Returns
    -------
    dict
        Empty where HyperSpy keeps no such results.
    """
    return dict(getattr(getattr(signal, _ATTRIBUTE, None), "__dict__", {}))


def give_all(signal, found):
    """Give a signal what :func:`copy_all` has found, where it can hold it.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
    found : dict
    """
    if found and can_hold_results(signal):
        getattr(signal, _ATTRIBUTE).__dict__.update(found)


def map_signal(signal):
    """HyperSpy's signal of the maps of all components.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
        With a decomposition.

    Returns
    -------
    hyperspy.signal.BaseSignal
    """
    for name in _MAPS:
        method = getattr(signal, f"get_decomposition_{name}", None)
        if method is not None:
            return method()
    raise RuntimeError(
        "This version of HyperSpy gives no maps of components: "
        "decomposition_rnmf(return_result=True) does."
    )


def _find_centre(results):
    """Of what a mean was subtracted, or None where there was none."""
    if plain(getattr(results, "mean", None)) is None:
        return None
    return str(getattr(results, "centre", None) or "samples")


def _find_name(results, names):
    """The name that this HyperSpy uses: of the new ones some still warn of the old."""
    new, old = names
    return new if hasattr(results, new) else old


def _set(results, names, values):
    setattr(results, _find_name(results, names), values)


def _get(results, names):
    return getattr(results, _find_name(results, names))


def _reshape_mask(excluded, shape):
    return None if excluded is None else excluded.reshape(shape)


def _array(values):
    values = plain(values)
    return None if values is None else np.asarray(values)


def _flat_mask(mask):
    mask = _array(mask)
    return None if mask is None or not mask.ndim else mask.astype(bool).ravel()
