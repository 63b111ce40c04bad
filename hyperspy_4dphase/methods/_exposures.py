"""Two independent exposures of a scan, mapped and compared."""

from dataclasses import replace

import numpy as np
from hyperspy.signal import BaseSignal

from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase._thinning import split_counts
from hyperspy_4dphase.estimators.confidence import (
    RETURNED,
    compare_maps_of_exposures,
    map_exposure,
    predict_counts,
)
from hyperspy_4dphase.methods._reading import compress_scan


def check_exposures(scan, exposures):
    """Check what a user said of exposures, before anything is read.

    Parameters
    ----------
    scan : Scan
    exposures : None, 2, or sequence of two signals

    Returns
    -------
    None, 2 or tuple of Scan

    Raises
    ------
    TypeError, ValueError
        If it is none of these, if there is nothing to split, or if signals are of
        another shape.
    """
    if exposures is None:
        return None
    if isinstance(exposures, int | np.integer) and not isinstance(exposures, bool):
        if exposures != 2:
            raise ValueError(f"exposures={exposures}; expected 2, or two signals.")
        dtype = scan.signal.data.dtype
        if dtype.kind not in "iu":
            raise ValueError(_explain(f"the data are of type {dtype}"))
        return 2
    if isinstance(exposures, BaseSignal | str) or not hasattr(exposures, "__len__"):
        raise TypeError(
            f"exposures must be None, 2, or two signals, not {exposures!r}."
        )
    if len(exposures) != 2:
        raise ValueError(
            f"exposures has {len(exposures)} elements; expected two signals, as in "
            "exposures=(even, odd)."
        )
    if exposures[0] is exposures[1]:
        raise ValueError("exposures holds one signal twice; expected two exposures.")
    return tuple(_open(scan, signal) for signal in exposures)


def check_counts(exposures, compression):
    """Check that data are counts, if they are to be split, before they are mapped.

    Parameters
    ----------
    exposures : None, 2 or tuple of Scan
    compression : Compression
        Of the scan.

    Raises
    ------
    ValueError
        If they are to be split, and are none.
    """
    if exposures != 2:
        return
    detector = compression.detector
    kind, gain = detector.get("kind"), detector.get("gain", np.nan)
    # An offset is no counts, and does not split as they do.
    offset = detector.get("offset", np.nan)
    if kind != "counts" or gain != 1 or offset != 0:
        raise ValueError(
            _explain(
                f"values are taken for {kind!r}, with a gain of {gain:.3g} and an "
                f"offset of {offset:.3g}"
            )
        )


def measure_exposures(scan, exposures, labels):
    """Map both exposures, and compare the maps.

    Parameters
    ----------
    scan : Scan
        As it was mapped.
    exposures : None, 2 or tuple of Scan
        With 2, counts are split, see :func:`check_counts`.
    labels : numpy.ndarray of int, shape (n_patterns,)
        The map of the whole scan.

    Returns
    -------
    dict or None
        See :attr:`DomainConfidence.exposures`; None without exposures.
    """
    if exposures is None:
        return None
    if exposures == 2:
        n_axes = len(scan.navigation_shape)
        halves = split_counts(scan.signal.data, scan.seed, n_axes)
        exposures = [replace(scan, signal=_with_data(scan.signal, h)) for h in halves]
    random_state = scan.seed
    if not isinstance(random_state, np.random.RandomState):
        random_state = np.random.RandomState(random_state)
    found, masks = [], [scan.excluded_patterns, scan.excluded_pixels]
    scales = []
    for exposure in exposures:
        own = compress_scan(exposure)
        scales.append(_find_scale(own.detector))
        masks[0] = _join(masks[0], own.excluded_patterns)
        masks[1] = _join(masks[1], own.excluded_pixels)
        kept = exposure.replace_masks(own.excluded_patterns, own.excluded_pixels)
        maps = map_exposure(own.patterns, kept.positions, random_state)
        found.append([kept.map_of(each, -1).ravel() for each in maps])
    everywhere = scan.map_of(labels, -1).ravel()
    result = compare_maps_of_exposures(everywhere, found[0][0], found[1][0])
    used = [exposure.replace_masks(*masks) for exposure in exposures]
    gains = []
    for known, unseen in ((0, 1), (1, 0)):
        groups = [each[used[0].kept_patterns] for each in found[known]]
        with scan.progress() as progress:
            blocks = [used[k].blocks(progress) for k in (known, unseen)]
            if None in scales:
                # Without counts there is no such likelihood.
                gains.append([np.nan, np.nan])
                continue
            pair = scales[known], scales[unseen]
            gains.append(predict_counts(*blocks, groups, pair))
    domains, parts = np.mean(gains, axis=0)
    return result | {"gain": float(domains), "gain_of_parts": float(parts - domains)}


def describe_exposures(result):
    """Lines on exposures, for users to read.

    Parameters
    ----------
    result : dict
        Of :func:`measure_exposures`.

    Returns
    -------
    list of str
    """
    n_domains, (one, other) = len(result["overlap"]), result["n_domains"]
    n_returned = np.count_nonzero((result["overlap"] >= RETURNED).all(axis=1))
    lines = [
        f"  exposures: both have {one} and {other} domains, Rand index "
        f"{result['rand_index']:.3f};",
        f"    {n_returned} of {n_domains} domains come back in both.",
    ]
    if np.isfinite(result["gain"]):
        lines += [
            "    Domains of one make patterns of the other more likely by "
            f"{result['gain']:.3g} each (log),",
            f"    domains cut in two by {result['gain_of_parts']:.3g} more.",
        ]
    return lines


def _find_scale(detector):
    """Gain and offset of values that are counts, or counts times a gain; else None."""
    if detector.get("kind") not in ("counts", "gain"):
        return None
    return float(detector["gain"]), float(detector.get("offset", 0.0))


def _with_data(signal, data):
    return type(signal)(
        data,
        axes=list(signal.axes_manager.as_dictionary().values()),
        metadata=signal.metadata.as_dictionary(),
    )


def _open(scan, signal):
    """An exposure that a user gives, read as the scan is."""
    own = Scan.from_signal(
        signal,
        flat_masks=(scan.excluded_patterns, scan.excluded_pixels),
        random_state=scan.random_state,
        show_progressbar=scan.show_progressbar,
    )
    shapes = [(s.navigation_shape, s.signal_shape) for s in (own, scan)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"An exposure has the shapes {shapes[0]} (navigation, signal); expected "
            f"those of the scan, {shapes[1]}."
        )
    as_scan = {"noise": scan.noise, "keep_faulty": scan.keep_faulty}
    return replace(own, seed=scan.seed, **as_scan)


def _explain(what):
    return (
        f"exposures=2 splits counts of electrons in two halves, but {what}. Count the "
        "electrons first, with hyperspy_4dphase.count_electrons(s), or give two "
        "exposures, such as the sums of even and of odd frames: exposures=(even, odd)."
    )


def _join(one, other):
    if one is None or other is None:
        return other if one is None else one
    return one | other
